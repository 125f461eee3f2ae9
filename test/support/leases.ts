import type { ProjectionKey } from '#read-models/projection-key.js';
import type { Queryable } from '#read-models/queryable.js';
import { LeasesStore, type OwnerSession } from '#read-models/stores/leases.store.js';

const AS_LONG_AS_A_TEST_MS = 3_600_000;

/**
 * Takes a lease, whoever has it, for as long as a test runs, so that the test can write to its stores.
 * @returns its token
 */
export async function takeLease(
  db: Queryable,
  key: ProjectionKey,
  { leaseMs = AS_LONG_AS_A_TEST_MS, holder = 'a test' } = {},
): Promise<bigint> {
  const store = new LeasesStore(db, holder, leaseMs);
  const { rows } = await db.query<OwnerSession>(
    'SELECT pid, backend_start::text AS start FROM pg_stat_activity WHERE pid = pg_backend_pid()',
  );
  await db.query(
    'UPDATE orderlog.leases SET expires_at = now(), holder = NULL WHERE generation = $1 AND projection = $2',
    [key.generation, key.projection],
  );
  const [seen] = await store.look([key]);
  return (await store.take(key, seen ?? null, rows[0]!))!;
}

export interface Owner {
  readonly pid: number;
  /** When its lease ends unless it is renewed, by PostgreSQL's clock. */
  readonly leaseEndsMs: number;
}

/** The process that owns a projection; null: none does. @param projection a pattern of LIKE */
export async function ownerOf(db: Queryable, projection: string): Promise<Owner | null> {
  const { rows: there } = await db.query<{ yes: boolean }>(
    `SELECT to_regclass('orderlog.leases') IS NOT NULL AS yes`,
  );
  if (!there[0]!.yes) return null; // no projector ran yet
  const { rows } = await db.query<{ holder: string; leaseEndsMs: number }>(
    `SELECT holder, extract(epoch FROM expires_at)::float8 * 1000 AS "leaseEndsMs"
     FROM orderlog.leases WHERE projection LIKE $1 AND holder IS NOT NULL AND expires_at > now()`,
    [projection],
  );
  const [lease] = rows;
  return lease ? { pid: Number(lease.holder.split('/')[1]), leaseEndsMs: lease.leaseEndsMs } : null;
}

/** By PostgreSQL's clock. */
export async function nowMs(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ nowMs: number }>(
    `SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS "nowMs"`,
  );
  return rows[0]!.nowMs;
}
