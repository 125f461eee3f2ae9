import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import pg from 'pg';
import { connectionWith, endConnection, KEPT_ALIVE } from '#platform/postgres.js';
import type { ProjectionKey } from '#read-models/projection-key.js';
import { LEASE_CHANNEL } from '#read-models/schema.js';
import {
  LeasesStore,
  type OwnerReport,
  type OwnerSession,
  type SeenLease,
} from '#read-models/stores/leases.store.js';
import { Lease } from './lease.js';
import { Wakeup } from '../engine/wakeup.js';

export interface LeaseRequest extends ProjectionKey {
  /** The session in which the owner writes; when it is gone, other processes see the lease as free. */
  readonly session: OwnerSession;
  readonly signal: AbortSignal;
  /** What the owner says of itself, asked for with every renewal. */
  readonly report: () => OwnerReport;
  /** Called when another process has the lease, so that this one waits. */
  readonly onStandby: () => void;
}

interface Waiting {
  readonly request: LeaseRequest;
  readonly taken: (lease: Lease) => void;
  readonly failed: (error: Error) => void;
}

/** Longer than a busy machine delays an owner. A dead owner is found sooner, by the end of its session. */
export const LEASE_MS = 3_000;
const RENEW_EVERY_MS = 1_000;
/** A release is announced; looking finds leases that ended without an announcement. */
const LOOK_EVERY_MS = 250;
const CONNECT_TIMEOUT_MS = 3_000;

/**
 * The leases of one process: it renews those held and waits for those requested. All use one connection that
 * serves nothing else, so that no long write delays a renewal. When that connection is lost, so are all leases.
 *
 * Processes share projections evenly: a process that waits for a lease asks its owner to hand it over when the
 * owner has at least two leases more.
 */
export class Leases {
  /** This process, as others see it. */
  readonly holder = `${hostname()}/${process.pid}/${randomBytes(3).toString('hex')}`;
  readonly #connectionString: string;
  readonly #held = new Set<Lease>();
  readonly #waiting = new Set<Waiting>();
  readonly #wakeup = new Wakeup();
  /** A notification came: a lease was released, or asked for. */
  #told = false;
  #running = false;
  #db: pg.Client | null = null;

  constructor(connectionString: string) {
    this.#connectionString = connectionString;
  }

  /** Waits until no other process has the lease. @throws when PostgreSQL cannot be reached, or the signal aborts */
  async acquire(request: LeaseRequest): Promise<Lease> {
    const { signal } = request;
    signal.throwIfAborted();
    return new Promise((taken, failed) => {
      const abort = () => {
        this.#waiting.delete(waiting);
        failed(signal.reason as Error);
      };
      const over = () => signal.removeEventListener('abort', abort);
      const waiting: Waiting = {
        request,
        taken: (lease) => (over(), taken(lease)),
        failed: (error) => (over(), failed(error)),
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.add(waiting);
      this.#wakeup.wake();
      if (!this.#running) void this.#run();
    });
  }

  /** To be called when no write under the lease is under way any more. Other processes are told at once. */
  async release(lease: Lease): Promise<void> {
    if (!this.#held.delete(lease) || this.#db === null) return;
    // If this fails, the lease still ends soon: with the owner's session, or when it expires.
    await this.#store(this.#db)
      .release(lease.report())
      .catch((error: unknown) => this.#fail(error));
    this.#wakeup.wake();
  }

  async #run(): Promise<void> {
    this.#running = true;
    let overdue: NodeJS.Timeout | undefined;
    try {
      const db = await this.#connect();
      const store = this.#store(db);
      let renewedMs = -Infinity;
      const late = () => this.#fail(new Error(`no lease was renewed in ${LEASE_MS} ms`));
      while (this.#held.size + this.#waiting.size > 0) {
        const startedMs = performance.now();
        if (startedMs - renewedMs >= RENEW_EVERY_MS || this.#told) {
          this.#told = false;
          await this.#renew(store);
          clearTimeout(overdue);
          overdue = setTimeout(late, startedMs + LEASE_MS - performance.now());
          renewedMs = startedMs;
        }
        await this.#look(store);
        const waitMs =
          this.#waiting.size > 0 ? LOOK_EVERY_MS : renewedMs + RENEW_EVERY_MS - performance.now();
        await this.#wakeup.wait(Math.max(0, waitMs));
        if (this.#db !== db) return;
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      clearTimeout(overdue);
      this.#running = false;
      this.#disconnect();
      if (this.#waiting.size > 0) void this.#run();
    }
  }

  async #renew(store: LeasesStore): Promise<void> {
    const held = [...this.#held];
    if (held.length === 0) return;
    const renewed = await store.renew(held.map((lease) => lease.report()));
    for (const lease of held) {
      const { generation, projection } = lease;
      const still = renewed.find((one) => one.generation === generation && one.projection === projection);
      if (still === undefined) {
        if (this.#held.delete(lease)) lease.lose(new Error('another projector took the projection over'));
      } else if (still.askedBy !== null) lease.handOver();
    }
  }

  async #look(store: LeasesStore): Promise<void> {
    const waiting = [...this.#waiting];
    if (waiting.length === 0) return;
    const seen = await store.look(waiting.map(({ request }) => request));
    let asked = seen.some(({ askedBy, free }) => askedBy === this.holder && !free);
    for (const one of waiting) {
      const { generation, projection, onStandby } = one.request;
      const found = seen.find((lease) => lease.generation === generation && lease.projection === projection);
      const mine = found?.keptFor === this.holder;
      if (found === undefined || (found.free && (found.keptFor === null || mine))) {
        if (!(await this.#take(store, one, found ?? null))) onStandby();
        continue;
      }
      onStandby();
      if (!asked && found.askedBy === null && found.holderHas >= this.#held.size + 2) {
        await store.ask(found);
        asked = true;
      }
    }
  }

  async #take(store: LeasesStore, waiting: Waiting, seen: SeenLease | null): Promise<boolean> {
    const { request, taken } = waiting;
    const token = await store.take(request, seen, request.session);
    if (token === null) {
      if (seen !== null) await store.endSession(seen);
      return false;
    }
    const lease = new Lease(request, token, request.report);
    this.#held.add(lease);
    if (this.#waiting.delete(waiting)) taken(lease);
    else await this.release(lease); // nobody waits for it any more
    return true;
  }

  #fail(error: unknown): void {
    const why = error instanceof Error ? error : new Error(String(error));
    for (const lease of this.#held) lease.lose(why);
    this.#held.clear();
    for (const { failed } of this.#waiting) failed(why);
    this.#waiting.clear();
    this.#disconnect();
  }

  async #connect(): Promise<pg.Client> {
    const db = new pg.Client({
      ...connectionWith(this.#connectionString),
      application_name: 'orderlog projector leases',
      ...KEPT_ALIVE,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: LEASE_MS,
    });
    const lose = (error: Error) => {
      if (this.#db === db) this.#fail(error);
    };
    db.on('error', lose);
    db.on('end', () => lose(new Error('the connection of the leases ended')));
    db.on('notification', () => {
      this.#told = true;
      this.#wakeup.wake();
    });
    try {
      await db.connect();
      await db.query(`LISTEN ${LEASE_CHANNEL}`);
      this.#db = db;
      return db;
    } catch (error) {
      void endConnection(db);
      throw error;
    }
  }

  #disconnect(): void {
    const db = this.#db;
    this.#db = null;
    this.#wakeup.wake();
    if (db !== null) void endConnection(db);
  }

  #store(db: pg.Client): LeasesStore {
    return new LeasesStore(db, this.holder, LEASE_MS);
  }
}
