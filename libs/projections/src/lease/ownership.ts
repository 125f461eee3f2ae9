import pg from 'pg';
import {
  connectionWith,
  endConnection,
  endsWithItsClient,
  isWithoutAnswer,
  KEPT_ALIVE,
} from '#platform/postgres.js';
import type { ProjectionKey } from '#read-models/projection-key.js';
import { sessionOf, type OwnerReport } from '#read-models/stores/leases.store.js';
import { OwnershipLost } from '../engine/interruptions.js';
import type { Lease } from './lease.js';
import type { Leases } from './leases.js';

export interface OwnershipOptions {
  readonly connectionString: string;
  readonly leases: Leases;
  readonly lease: ProjectionKey;
  readonly signal: AbortSignal;
  readonly report: () => OwnerReport;
  /** Called when another projector owns the projection, so that this one waits. */
  readonly onStandby: () => void;
  /** How long to wait for an answer from PostgreSQL. */
  readonly answerLimitMs?: number;
}

const CONNECT_TIMEOUT_MS = 3_000;
/** A batch takes less than a second, unless it waits for a lock. An answer that the network swallows never comes. */
export const ANSWER_LIMIT_MS = 60_000;

// The owner only looks rows up by their keys and inserts. A plan made while a table was small must not turn into a
// scan of the whole table once it has grown. And the timeouts keep a stalled owner from blocking its successor.
const SESSION = `
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;
SET idle_in_transaction_session_timeout = '10 s';`;

/**
 * The right to write one projection of one generation, and the PostgreSQL session to write it in. The right is a
 * lease, whose token every write checks in its own transaction. When the session ends, other processes see it at
 * once. (The session must not be shared, so there must be no pooler in between that shares sessions.)
 */
export class Ownership {
  readonly db: pg.Client;
  readonly #leases: Leases;
  readonly #lost = new AbortController();
  #lease: Lease | null = null;

  private constructor(db: pg.Client, leases: Leases) {
    this.db = db;
    this.#leases = leases;
    db.on('error', (error) => this.#lose(error));
    db.on('end', () => this.#lose(new Error('the connection of the owner ended')));
    this.#endWithoutAnswer();
  }

  get token(): bigint {
    return this.#lease!.token;
  }

  /** Aborts when the ownership is gone, with OwnershipLost. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Aborts when another projector, which has fewer projections, asks for this one. */
  get asked(): AbortSignal {
    return this.#lease!.asked;
  }

  /** Waits until no other projector owns it. @throws when PostgreSQL cannot be reached, or the signal aborts */
  static async acquire(options: OwnershipOptions): Promise<Ownership> {
    const { connectionString, leases, lease: key, signal, report, onStandby } = options;
    const { answerLimitMs = ANSWER_LIMIT_MS } = options;
    const db = new pg.Client({
      ...connectionWith(connectionString),
      application_name: `orderlog projector ${key.projection}`,
      ...KEPT_ALIVE,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: answerLimitMs,
    });
    const ownership = new Ownership(db, leases);
    try {
      await db.connect();
      const session = await sessionOf(db);
      const waiting = AbortSignal.any([signal, ownership.lost]);
      const lease = await leases.acquire({ ...key, session, signal: waiting, report, onStandby });
      ownership.#lease = lease;
      if (lease.lost.aborted) ownership.#lose(lease.lost.reason as Error);
      lease.lost.addEventListener('abort', () => ownership.#lose(lease.lost.reason as Error), { once: true });
      await db.query(SESSION);
      await endsWithItsClient(db); // or every new owner adds another statement that waits
      return ownership;
    } catch (error) {
      await ownership.release();
      throw error;
    }
  }

  /** To be called when no write is under way any more. A standby takes over at once. */
  async release(): Promise<void> {
    if (this.#lease !== null) await this.#leases.release(this.#lease);
    await endConnection(this.db);
  }

  /**
   * An owner remembers what it wrote. Of a statement without an answer, nobody knows whether it was written:
   * node-postgres gives up on it, PostgreSQL carries on. So the session ends, and the next one, with another
   * token, begins with what is stored. That statement was committed before the new token was taken, or it finds
   * its own token gone.
   */
  #endWithoutAnswer(): void {
    const query = this.db.query.bind(this.db) as (...asked: unknown[]) => unknown;
    const ending = (...asked: unknown[]) => {
      const answer = query(...asked);
      if (!(answer instanceof Promise)) return answer; // a COPY out, which writes nothing
      return answer.catch((error: unknown) => {
        if (isWithoutAnswer(error)) {
          this.#lose(error as Error);
          void endConnection(this.db);
        }
        throw error;
      });
    };
    this.db.query = ending as pg.Client['query'];
  }

  #lose(why: Error): void {
    this.#lost.abort(new OwnershipLost(why));
  }
}
