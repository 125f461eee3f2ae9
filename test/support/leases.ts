import type { Queryable } from '#read-models/generations.js';
import { LeasesStore, type LeaseKey, type OwnerSession } from '#read-models/stores/leases.store.js';

const AS_LONG_AS_A_TEST_MS = 3_600_000;

/**
 * Takes a lease, whoever has it, for as long as a test runs, so that the test can write to its stores.
 * @returns its token
 */
export async function takeLease(
  db: Queryable,
  key: LeaseKey,
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

/** The process that owns a projection; null: none does. @param projection a pattern of LIKE */
export async function ownerPid(db: Queryable, projection: string): Promise<number | null> {
  const { rows: there } = await db.query<{ yes: boolean }>(
    `SELECT to_regclass('orderlog.leases') IS NOT NULL AS yes`,
  );
  if (!there[0]!.yes) return null; // no projector ran yet
  const { rows } = await db.query<{ holder: string }>(
    'SELECT holder FROM orderlog.leases WHERE projection LIKE $1 AND holder IS NOT NULL AND expires_at > now()',
    [projection],
  );
  return rows[0] ? Number(rows[0].holder.split('/')[1]) : null;
}
