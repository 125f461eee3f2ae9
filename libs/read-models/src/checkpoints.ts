import pg from 'pg';
import { activeGeneration, type Generation, type Queryable } from './generations.js';
import { madeFrom } from './made-from.js';
import { ORDERS_PROJECTION } from './orders.projection.js';
import { CHECKPOINT_CHANNEL, GENERATION_CHANNEL, SHARED_SCHEMA } from './schema.js';

const RECONNECT_AFTER_MS = 250;

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

interface Waiter {
  readonly projection: string;
  readonly position: bigint;
  readonly done: (reached: boolean) => void;
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
  readonly #waiters = new Set<Waiter>();
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

  /** Tries once to connect; when that fails it goes on trying by itself. */
  async start(): Promise<void> {
    await this.#connect();
  }

  /** Where the projection is in the active generation, as far as this process was told; null: not now. */
  position(projection: string): bigint | null {
    return this.#positions.get(`${this.#generation?.id}:${projection}`) ?? null;
  }

  /** Resolves with true once the projection has reached the position, with false when the time is over. */
  reached(projection: string, position: bigint, timeoutMs: number): Promise<boolean> {
    if ((this.position(projection) ?? -1n) >= position) return Promise.resolve(true);
    if (timeoutMs <= 0 || this.#closed) return Promise.resolve(false);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        projection,
        position,
        done: (reached) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve(reached);
        },
      };
      const timer = setTimeout(() => waiter.done(false), timeoutMs);
      this.#waiters.add(waiter);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    for (const waiter of [...this.#waiters]) waiter.done(false);
    await this.#client?.end();
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#options.connectionString,
      application_name: 'orderlog checkpoint watcher',
      keepAlive: true,
    });
    client.on('error', (error) => this.#lost(client, error));
    client.on('end', () => this.#lost(client, new Error('the connection ended')));
    client.on('notification', ({ channel, payload }) => this.#heard(client, channel, payload ?? ''));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHECKPOINT_CHANNEL}; LISTEN ${GENERATION_CHANNEL}`);
      this.#client = client;
      await this.#readAll(client); // after LISTEN, so that nothing falls between
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
    // The very first generation announces itself by its first checkpoint; and a position means something only
    // together with the store that it is of.
    if (channel === GENERATION_CHANNEL || this.#generation === null || this.#storeId === null) {
      this.#readAll(client).catch((error: unknown) => this.#lost(client, error));
      return;
    }
    const [generation, projection, position] = payload.split(':');
    this.#advance(`${generation}:${projection}`, BigInt(position!));
    this.#wake();
  }

  async #readAll(client: pg.Client): Promise<void> {
    const active = await activeGeneration(client);
    if (active === null) return; // one that this release can't read: keep the one it had
    const { rows } = await client.query<{ projection: string; position: string }>(
      `SELECT projection, position FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = $1`,
      [active.id],
    );
    const storeId = await madeFrom(client, { generation: active.id, projection: ORDERS_PROJECTION });
    this.#generation = active;
    this.#storeId = storeId;
    for (const { projection, position } of rows)
      this.#advance(`${active.id}:${projection}`, BigInt(position));
    this.#wake();
  }

  #advance(key: string, position: bigint): void {
    if ((this.#positions.get(key) ?? -1n) < position) this.#positions.set(key, position);
  }

  #wake(): void {
    for (const waiter of this.#waiters) {
      if ((this.position(waiter.projection) ?? -1n) >= waiter.position) waiter.done(true);
    }
  }
}
