import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

export interface OwnershipOptions {
  readonly connectionString: string;
  readonly projection: string;
  readonly generation: number;
  readonly signal: AbortSignal;
  /** Another projector owns the projection: this one waits for its end. */
  readonly onStandby: () => void;
}

const TRY_AGAIN_MS = 400;
const CONNECT_TIMEOUT_MS = 3_000;

// The owner only looks rows up by their keys and inserts. A plan made while a table was small must not
// become a scan of the whole table when it no longer is.
const SESSION = `
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;`;

/**
 * The right to write one projection of one generation: a lock that PostgreSQL gives to one session and
 * takes back when the session ends, however it ends. All writes go through that session, so an owner
 * that lost the lock has lost its connection too, and with it the transaction it was in.
 * (It needs a session of its own: not through a pooler that shares sessions.)
 */
export class Ownership {
  readonly db: pg.Client;
  readonly #lost = new AbortController();

  private constructor(db: pg.Client) {
    this.db = db;
    const lose = (error?: Error) => this.#lost.abort(error ?? new Error('the connection of the owner ended'));
    db.on('error', lose);
    db.on('end', () => lose());
  }

  /** Aborts when the ownership is gone. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Waits until no other has it. @throws when PostgreSQL cannot be reached, or the signal aborts */
  static async acquire(options: OwnershipOptions): Promise<Ownership> {
    const db = new pg.Client({
      connectionString: options.connectionString,
      application_name: `orderlog projector ${options.projection}`,
      keepAlive: true,
      keepAliveInitialDelayMillis: 5_000,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    });
    const ownership = new Ownership(db);
    try {
      await db.connect();
      const key = lockKey(options.projection, options.generation);
      while (!(await tryLock(db, key))) {
        options.onStandby();
        await delay(TRY_AGAIN_MS, undefined, { signal: options.signal });
        ownership.lost.throwIfAborted();
      }
      await db.query(SESSION);
      return ownership;
    } catch (error) {
      await ownership.release();
      throw error;
    }
  }

  async release(): Promise<void> {
    await this.db.end().catch(() => {
      // Ended already: the lock is free either way.
    });
  }
}

async function tryLock(db: pg.Client, key: bigint): Promise<boolean> {
  const { rows } = await db.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1::bigint) AS locked', [
    key.toString(),
  ]);
  return rows[0]!.locked;
}

function lockKey(projection: string, generation: number): bigint {
  return createHash('sha256').update(`orderlog/${generation}/${projection}`).digest().readBigInt64BE();
}
