import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { activeGeneration, type Generation, type Queryable } from './generations.js';
import { madeFrom } from './made-from.js';
import { ORDERS_PROJECTION } from './orders.projection.js';
import { PositionWaiters } from './position-waiters.js';
import { CHECKPOINT_CHANNEL, GENERATION_CHANNEL, SHARED_SCHEMA } from './schema.js';

const RECONNECT_AFTER_MS = 250;
/** News may be lost without the connection's saying so. */
const LOOK_EVERY_MS = 2_000;
const LOOK_AGAIN_MS = 20;
const QUERY_TIMEOUT_MS = 3_000;
/** So long a generation that is active and behind what was read here is not read: then the events are fewer than before. */
const DRAWS_LEVEL_WITHIN_MS = 5_000;

/** How far a projection has come in a generation; null: it has read nothing yet. */
export async function checkpointOf(
  db: Queryable,
  generation: number,
  projection: string,
): Promise<bigint | null> {
  const { rows } = await db.query<{ position: string }>(
    `SELECT position FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = $1 AND projection = $2`,
    [generation, projection],
  );
  return rows[0] ? BigInt(rows[0].position) : null;
}

export interface CheckpointWatcherOptions {
  /** A connection of its own: LISTEN needs one that stays. */
  readonly connectionString: string;
  readonly onError?: (error: unknown) => void;
}

/**
 * Knows where the projections of the active generation are, told by NOTIFY on one connection, so that
 * a read can wait for a write without asking again and again. Survives the loss of its connection.
 */
export class CheckpointWatcher {
  readonly #options: CheckpointWatcherOptions;
  /** By generation and projection: a generation may be told of before it is known to be active. */
  readonly #positions = new Map<string, bigint>();
  readonly #waiting = new PositionWaiters((projection) => this.position(projection));
  /** Reads that begin wait for it: the generation is being changed. */
  #changing: Promise<void> | null = null;
  /** Since when another one is active than the one that is read. */
  #behindSinceMs: number | null = null;
  #looks: NodeJS.Timeout | undefined;
  #lastLook: Promise<void> = Promise.resolve();
  #nextLook: Promise<void> | null = null;
  #generation: Generation | null = null;
  #storeId: string | null = null;
  #client: pg.Client | null = null;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: CheckpointWatcherOptions) {
    this.#options = options;
  }

  /** The generation to read from; null while there is none that this release can read. */
  get generation(): Generation | null {
    return this.#generation;
  }

  /** Identity of the event store that the active generation was made from; null: not known. */
  get storeId(): string | null {
    return this.#storeId;
  }

  /** The same once it is not being changed: for a read that begins. */
  async settled(): Promise<Generation | null> {
    while (this.#changing !== null) await this.#changing;
    return this.#generation;
  }

  /** Resolves when that generation is read, or the time is over. */
  async changedTo(id: number, timeoutMs: number): Promise<void> {
    const untilMs = performance.now() + timeoutMs;
    while (this.#generation?.id !== id && performance.now() < untilMs && !this.#closed) {
      const client = this.#client;
      if (client) await this.#look(client).catch((error: unknown) => this.#lost(client, error));
      if (this.#generation?.id !== id) await delay(LOOK_AGAIN_MS);
    }
  }

  /** Tries once to connect; when that fails it goes on trying by itself. */
  async start(): Promise<void> {
    await this.#connect();
  }

  /** Where the projection is in the active generation, as far as this process was told; null: not now. */
  position(projection: string): bigint | null {
    return this.#generation === null ? null : this.#known(this.#generation, projection);
  }

  #known({ id, rowsOf }: Generation, projection: string): bigint | null {
    return this.#positions.get(`${projection === ORDERS_PROJECTION ? rowsOf : id}:${projection}`) ?? null;
  }

  /** Resolves with true once the projection has reached the position, with false when the time is over. */
  reached(projection: string, position: bigint, timeoutMs: number): Promise<boolean> {
    if ((this.position(projection) ?? -1n) >= position) return Promise.resolve(true);
    return this.#closed ? Promise.resolve(false) : this.#waiting.reached(projection, position, timeoutMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    clearInterval(this.#looks);
    this.#waiting.end();
    await this.#client?.end();
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#options.connectionString,
      application_name: 'orderlog checkpoint watcher',
      keepAlive: true,
      query_timeout: QUERY_TIMEOUT_MS,
    });
    client.on('error', (error) => this.#lost(client, error));
    client.on('end', () => this.#lost(client, new Error('the connection ended')));
    client.on('notification', ({ channel, payload }) => this.#heard(client, channel, payload ?? ''));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHECKPOINT_CHANNEL}; LISTEN ${GENERATION_CHANNEL}`);
      this.#client = client;
      await this.#look(client); // after LISTEN, so that nothing falls between
      clearInterval(this.#looks);
      this.#looks = setInterval(() => this.#lookOn(client), LOOK_EVERY_MS).unref();
    } catch (error) {
      this.#lost(client, error);
    }
    if (this.#closed) await client.end();
  }

  #lost(client: pg.Client, error: unknown): void {
    if (this.#closed || (this.#client !== null && this.#client !== client)) return;
    this.#client = null;
    // Who answers next may be a standby that has less: reads wait until it says how far it is.
    this.#positions.clear();
    if (this.#retry) return;
    this.#options.onError?.(error);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      void this.#connect();
    }, RECONNECT_AFTER_MS);
    client.end().catch(() => {
      // It is gone: that is why we are here.
    });
  }

  #heard(client: pg.Client, channel: string, payload: string): void {
    // The very first generation announces itself by its first checkpoint; a position means something only
    // together with the store that it is of; and one that was behind may have drawn level.
    const looks = this.#generation === null || this.#storeId === null || this.#behindSinceMs !== null;
    if (channel === GENERATION_CHANNEL || looks) return this.#lookOn(client);
    const [generation, projection, position] = payload.split(':');
    this.#advance(`${generation}:${projection}`, BigInt(position!));
    this.#waiting.wake();
  }

  #lookOn(client: pg.Client): void {
    this.#look(client).catch((error: unknown) => this.#lost(client, error));
  }

  /** One after the other, and one for all who ask while another is under way. */
  #look(client: pg.Client): Promise<void> {
    if (this.#nextLook !== null) return this.#nextLook;
    const next = this.#lastLook
      .catch(() => {}) // whoever asked for it has it thrown
      .then(() => {
        this.#nextLook = null;
        return this.#lookNow(client);
      });
    this.#nextLook = this.#lastLook = next;
    return next;
  }

  async #lookNow(client: pg.Client): Promise<void> {
    const active = await this.#readAll(client);
    // One that this release can't read: keep the one it had.
    if (active === null || active.id === this.#generation?.id) this.#behindSinceMs = null;
    else {
      this.#behindSinceMs ??= performance.now();
      await this.#change(client);
    }
    this.#waiting.wake();
  }

  /**
   * From one generation to another, unless it has less than what was read here: then it is tried again with its
   * next step. Reads that begin meanwhile wait for the moment that this takes, so that none sees more of the old one.
   */
  async #change(client: pg.Client): Promise<void> {
    const changing = (async () => {
      const next = await this.#readAll(client);
      if (next === null || next.id === this.#generation?.id) return;
      const storeId = await madeFrom(client, { generation: next.rowsOf, projection: ORDERS_PROJECTION });
      if (!this.#isLevel(next, storeId)) return;
      this.#generation = next;
      this.#storeId = storeId;
      this.#behindSinceMs = null;
    })();
    this.#changing = changing.catch(() => {}); // whoever looks has it thrown
    try {
      await changing;
    } finally {
      this.#changing = null;
    }
  }

  #isLevel(next: Generation, storeId: string | null): boolean {
    if (this.#generation === null || storeId !== this.#storeId) return true;
    const seen = this.#known(this.#generation, ORDERS_PROJECTION) ?? -1n;
    if ((this.#known(next, ORDERS_PROJECTION) ?? -1n) >= seen) return true;
    return performance.now() - (this.#behindSinceMs ?? 0) > DRAWS_LEVEL_WITHIN_MS;
  }

  /** @returns the active one; null when there is none that this release can read */
  async #readAll(client: pg.Client): Promise<Generation | null> {
    const active = await activeGeneration(client);
    if (active === null) return null;
    const own = this.#generation ?? active;
    const { rows } = await client.query<{ generation: number; projection: string; position: string }>(
      `SELECT generation, projection, position FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = ANY ($1)`,
      [[active.id, active.rowsOf, own.id, own.rowsOf]],
    );
    for (const { generation, projection, position } of rows)
      this.#advance(`${generation}:${projection}`, BigInt(position));
    if (active.id === this.#generation?.id) {
      this.#generation = active; // another index may have taken the place of its own
      this.#storeId = await madeFrom(client, { generation: active.rowsOf, projection: ORDERS_PROJECTION });
    }
    return active;
  }

  #advance(key: string, position: bigint): void {
    if ((this.#positions.get(key) ?? -1n) < position) this.#positions.set(key, position);
  }
}
