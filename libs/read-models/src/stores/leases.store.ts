import type { ProjectionKey } from '../projection-key.js';
import type { Queryable } from '../queryable.js';
import { LEASE_CHANNEL, SHARED_SCHEMA } from '../schema.js';

/** The session of PostgreSQL in which an owner writes. */
export interface OwnerSession {
  readonly pid: number;
  /** When the session started, in PostgreSQL's text form: a pid may be used again. */
  readonly start: string;
}

/** @param db a single connection, not a pool */
export async function sessionOf(db: Queryable): Promise<OwnerSession> {
  const { rows } = await db.query<OwnerSession>(
    'SELECT pid, backend_start::text AS start FROM pg_stat_activity WHERE pid = pg_backend_pid()',
  );
  return rows[0]!;
}

/** What an owner reports about itself with each renewal. */
export interface OwnerReport {
  readonly state: string;
  readonly restarts: number;
  readonly lastError: string | null;
}

export interface HeldLease extends ProjectionKey {
  readonly token: bigint;
}

export interface SeenLease extends HeldLease {
  /** Nobody holds the lease: it was released, it has expired, or the session of its owner is gone. */
  readonly free: boolean;
  /**
   * The process that a released lease is kept for, because it had asked for it; null: the lease is kept for
   * nobody.
   */
  readonly keptFor: string | null;
  readonly askedBy: string | null;
  /** How many leases its holder has; 0: nobody holds it. */
  readonly holderHas: number;
}

interface SeenRow {
  readonly generation: number;
  readonly projection: string;
  readonly token: string;
  readonly free: boolean;
  readonly kept: boolean;
  readonly asked_by: string | null;
  readonly holder_has: number;
}

/** How long a released lease is kept for the process that had asked for it. */
const KEPT_FOR_MS = 2_000;

const milliseconds = (parameter: string) => `${parameter}::int * interval '1 millisecond'`;
const OVER = `(l.holder IS NULL OR l.expires_at <= now() OR NOT EXISTS (SELECT FROM pg_stat_activity a
  WHERE a.pid = l.session_pid AND (a.backend_start IS NULL OR a.backend_start = l.session_start)))`;
const TELL = `pg_notify('${LEASE_CHANNEL}', generation || ':' || projection)`;

/** Whether an owner holds the lease; takes no lock. */
export async function isHeld(db: Queryable, { generation, projection }: ProjectionKey): Promise<boolean> {
  const { rows } = await db.query(
    `SELECT FROM ${SHARED_SCHEMA}.leases l WHERE l.generation = $1 AND l.projection = $2 AND NOT ${OVER}`,
    [generation, projection],
  );
  return rows.length > 0;
}

/** Whether an owner held the lease at any time in this last while. */
export async function wasHeldWithin(
  db: Queryable,
  { generation, projection }: ProjectionKey,
  whileMs: number,
): Promise<boolean> {
  // The end of a lease is moved on as long as its owner lives, and to the present when it is released.
  const { rows } = await db.query(
    `SELECT FROM ${SHARED_SCHEMA}.leases WHERE generation = $1 AND projection = $2
       AND expires_at > now() - ${milliseconds('$3')}`,
    [generation, projection, whileMs],
  );
  return rows.length > 0;
}

/** The leases as one process sees them. Times are PostgreSQL's `now()`. */
export class LeasesStore {
  readonly #db: Queryable;
  readonly #holder: string;
  readonly #leaseMs: number;

  /** @param holder a name that no other process has */
  constructor(db: Queryable, holder: string, leaseMs: number) {
    this.#db = db;
    this.#holder = holder;
    this.#leaseMs = leaseMs;
  }

  /** Reads the leases; one that was never taken is not in the result. Takes no lock, so it never delays an owner. */
  async look(keys: readonly ProjectionKey[]): Promise<SeenLease[]> {
    const { rows } = await this.#db.query<SeenRow>({
      name: 'look_at_leases',
      text: `SELECT l.generation, l.projection, l.token, l.asked_by, ${OVER} AS free,
          l.expires_at > now() - ${milliseconds('$3')} AND l.holder IS NULL AND l.asked_by IS NOT NULL AS kept,
          (SELECT count(*)::int FROM ${SHARED_SCHEMA}.leases o
            WHERE o.holder = l.holder AND o.expires_at > now()) AS holder_has
        FROM unnest($1::int[], $2::text[]) AS k (generation, projection)
        JOIN ${SHARED_SCHEMA}.leases l USING (generation, projection)`,
      values: [...columns(keys), KEPT_FOR_MS],
    });
    return rows.map((row) => ({
      generation: row.generation,
      projection: row.projection,
      token: BigInt(row.token),
      free: row.free,
      keptFor: row.kept ? row.asked_by : null,
      askedBy: row.asked_by,
      holderHas: row.holder_has,
    }));
  }

  /**
   * Takes a free lease.
   * @param seen the lease as `look` found it, free; null: it was never taken
   * @returns the new token; null: another process was faster, or a transaction of the last owner is still open
   */
  async take(key: ProjectionKey, seen: SeenLease | null, session: OwnerSession): Promise<bigint | null> {
    const owner = [key.generation, key.projection, this.#holder, session.pid, session.start, this.#leaseMs];
    // `last_error` of the last owner stays until the first report of the new one.
    const values = `$3, $4, $5::timestamptz, now() + ${milliseconds('$6')}, NULL, 'starting', 0`;
    const into = 'holder, session_pid, session_start, expires_at, asked_by, state, restarts';
    const { rows } =
      seen === null
        ? await this.#db.query<{ token: string }>(
            `INSERT INTO ${SHARED_SCHEMA}.leases (generation, projection, token, ${into})
             VALUES ($1, $2, 1, ${values}) ON CONFLICT DO NOTHING RETURNING token`,
            owner,
          )
        : await this.#db.query<{ token: string }>(
            `WITH free AS (SELECT FROM ${SHARED_SCHEMA}.leases l WHERE l.generation = $1 AND l.projection = $2
               AND l.token = $7 AND ${OVER} FOR UPDATE SKIP LOCKED)
             UPDATE ${SHARED_SCHEMA}.leases SET token = token + 1, (${into}) = ROW (${values}) FROM free
             WHERE generation = $1 AND projection = $2 RETURNING token`,
            [...owner, seen.token.toString()],
          );
    return rows[0] ? BigInt(rows[0].token) : null;
  }

  /**
   * Ends the session of an owner whose lease has expired, unless the lease was taken over meanwhile. A hung
   * process may have left a transaction open, whose locks keep a successor from taking over.
   */
  async endSession({ generation, projection, token }: HeldLease): Promise<void> {
    await this.#db.query(
      `SELECT pg_terminate_backend(l.session_pid) FROM ${SHARED_SCHEMA}.leases l
       JOIN pg_stat_activity a ON a.pid = l.session_pid AND a.backend_start = l.session_start
       WHERE l.generation = $1 AND l.projection = $2 AND l.token = $3 AND l.expires_at <= now()`,
      [generation, projection, token.toString()],
    );
  }

  /** @returns the leases that are still held, each with the process that asked for it */
  async renew(
    leases: readonly (HeldLease & OwnerReport)[],
  ): Promise<(HeldLease & { askedBy: string | null })[]> {
    const { rows } = await this.#db.query<{
      generation: number;
      projection: string;
      token: string;
      asked_by: string | null;
    }>({
      name: 'renew_leases',
      text: `UPDATE ${SHARED_SCHEMA}.leases l SET expires_at = now() + ${milliseconds('$7')},
          state = r.state, restarts = r.restarts, last_error = r.last_error
        FROM unnest($1::int[], $2::text[], $3::bigint[], $4::text[], $5::int[], $6::text[])
          AS r (generation, projection, token, state, restarts, last_error)
        WHERE l.generation = r.generation AND l.projection = r.projection AND l.token = r.token
        RETURNING l.generation, l.projection, l.token, l.asked_by`,
      values: [
        ...columns(leases),
        leases.map(({ token }) => token.toString()),
        leases.map(({ state }) => state),
        leases.map(({ restarts }) => restarts),
        leases.map(({ lastError }) => lastError),
        this.#leaseMs,
      ],
    });
    return rows.map(({ token, asked_by: askedBy, ...key }) => ({ ...key, token: BigInt(token), askedBy }));
  }

  /** Releases the lease and notifies the processes that wait for it. */
  async release(lease: HeldLease & OwnerReport): Promise<void> {
    const { generation, projection, token, state, restarts, lastError } = lease;
    await this.#db.query(
      `WITH released AS (
         UPDATE ${SHARED_SCHEMA}.leases SET holder = NULL, session_pid = NULL, session_start = NULL,
           expires_at = now(), state = $4, restarts = $5, last_error = $6
         WHERE generation = $1 AND projection = $2 AND token = $3 RETURNING generation, projection
       ) SELECT ${TELL} FROM released`,
      [generation, projection, token.toString(), state, restarts, lastError],
    );
  }

  /** Asks the owner to hand the lease over to this process, unless another process has asked already. */
  async ask({ generation, projection, token }: HeldLease): Promise<void> {
    await this.#db.query(
      `WITH asked AS (
         UPDATE ${SHARED_SCHEMA}.leases SET asked_by = $4
         WHERE generation = $1 AND projection = $2 AND token = $3 AND asked_by IS NULL
         RETURNING generation, projection
       ) SELECT ${TELL} FROM asked`,
      [generation, projection, token.toString(), this.#holder],
    );
  }
}

function columns(keys: readonly ProjectionKey[]): [number[], string[]] {
  return [keys.map(({ generation }) => generation), keys.map(({ projection }) => projection)];
}
