import type { Queryable } from '#read-models/generations.js';
import { LeasesStore, type LeaseKey, type OwnerSession } from '#read-models/stores/leases.store.js';

const AS_LONG_AS_A_TEST_MS = 3_600_000;

/** Takes a lease for as long as a test runs, whoever has it, so that its stores can be written. @returns its token */
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
