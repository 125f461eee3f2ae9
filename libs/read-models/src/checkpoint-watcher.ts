import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { connectionWith, endConnection, KEPT_ALIVE } from '#platform/postgres.js';
import type { Generation } from './generations/generation.js';
import { PositionWaiters } from './position-waiters.js';
import { GenerationInUse } from './generations/generation-in-use.js';
import { CHECKPOINT_CHANNEL, GENERATION_CHANNEL } from './schema.js';

const RECONNECT_AFTER_MS = 250;
/** How often the watcher looks by itself: notifications may be lost without an error of the connection. */
const LOOK_EVERY_MS = 2_000;
const LOOK_AGAIN_MS = 20;
const CONNECT_TIMEOUT_MS = 3_000;
const QUERY_TIMEOUT_MS = 3_000;

export interface CheckpointWatcherOptions {
  /** The watcher opens a connection of its own: LISTEN needs one that stays. */
  readonly connectionString: string;
  readonly onError?: (error: unknown) => void;
}

/**
 * Knows where the projections of the active generation are, told by NOTIFY on one connection, so that
 * a read can wait for a write without asking again and again. Survives the loss of its connection.
 */
export class CheckpointWatcher {
  readonly #options: CheckpointWatcherOptions;
  readonly #inUse = new GenerationInUse();
  readonly #waiting = new PositionWaiters((projection) => this.position(projection));
  #looks: NodeJS.Timeout | undefined;
  #lastLook: Promise<void> = Promise.resolve();
  #nextLook: Promise<void> | null = null;
  /** The client that is connected or connecting; null: it was lost, and another one follows. */
  #latest: pg.Client | null = null;
  #client: pg.Client | null = null;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: CheckpointWatcherOptions) {
    this.#options = options;
  }

  /** The generation to read from; null while there is none that this release can read. */
  get generation(): Generation | null {
    return this.#inUse.generation;
  }

  /** Identity of the event store that the active generation was made from; null: not known. */
  get storeId(): string | null {
    return this.#inUse.storeId;
  }

  /** The generation to read from, once no change of it is under way: for a read that begins. */
  settled(): Promise<Generation | null> {
    return this.#inUse.settled();
  }

  /** Resolves when this process reads that generation, or when the time is over. */
  async changedTo(id: number, timeoutMs: number): Promise<void> {
    const untilMs = performance.now() + timeoutMs;
    while (this.generation?.id !== id && performance.now() < untilMs && !this.#closed) {
      const client = this.#client;
      if (client) await this.#look(client).catch((error: unknown) => this.#lost(client, error));
      if (this.generation?.id !== id) await delay(LOOK_AGAIN_MS);
    }
  }

  /** Tries once to connect; when that fails it goes on trying by itself. */
  async start(): Promise<void> {
    await this.#connect();
  }

  /** Where the projection is in the active generation, as far as this process was told; null: not known now. */
  position(projection: string): bigint | null {
    return this.#inUse.position(projection);
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
    if (this.#client !== null) await endConnection(this.#client);
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      ...connectionWith(this.#options.connectionString),
      application_name: 'orderlog checkpoint watcher',
      ...KEPT_ALIVE,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
    });
    this.#latest = client;
    client.on('error', (error) => this.#lost(client, error));
    client.on('end', () => this.#lost(client, new Error('the connection ended')));
    client.on('notification', ({ channel, payload }) => this.#heard(client, channel, payload ?? ''));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHECKPOINT_CHANNEL}; LISTEN ${GENERATION_CHANNEL}`);
      this.#client = client;
      await this.#look(client); // after LISTEN, so that no change is missed in between
      clearInterval(this.#looks);
      this.#looks = setInterval(() => this.#lookOn(client), LOOK_EVERY_MS).unref();
    } catch (error) {
      this.#lost(client, error);
    }
    if (this.#closed) await endConnection(client);
  }

  #lost(client: pg.Client, error: unknown): void {
    if (this.#closed || this.#latest !== client) return; // its loss was handled already
    this.#latest = this.#client = null;
    clearInterval(this.#looks);
    this.#inUse.forgetPositions();
    this.#options.onError?.(error);
    this.#retry = setTimeout(() => void this.#connect(), RECONNECT_AFTER_MS);
    void endConnection(client);
  }

  #heard(client: pg.Client, channel: string, payload: string): void {
    if (channel === GENERATION_CHANNEL || this.#inUse.needsFullLook) return this.#lookOn(client);
    const [generation, projection, position] = payload.split(':');
    this.#inUse.advance(`${generation}:${projection}`, BigInt(position!));
    this.#waiting.wake();
  }

  #lookOn(client: pg.Client): void {
    this.#look(client).catch((error: unknown) => this.#lost(client, error));
  }

  /** Looks run one after the other. All calls during a look share the next one. */
  #look(client: pg.Client): Promise<void> {
    if (this.#nextLook !== null) return this.#nextLook;
    const next = this.#lastLook
      .catch(() => {}) // the caller who asked for it gets the error
      .then(() => {
        this.#nextLook = null;
        return this.#inUse.look(client);
      })
      .then(() => this.#waiting.wake());
    this.#nextLook = this.#lastLook = next;
    return next;
  }
}
