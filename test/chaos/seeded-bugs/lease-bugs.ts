import type { TestedBug } from './failed-tests.js';

const STORES = 'libs/read-models/src/stores';

const leases = { project: 'integration', file: 'test/contract/projections/leases.test.ts' } as const;

/**
 * Mistakes that could be in leases. A chaos run does not find them: a former owner also loses its session, finds
 * rows ahead of its own and moves no checkpoint back, so its late writes fail in any case.
 */
export const leaseBugs: readonly TestedBug[] = [
  {
    name: 'a fence that lets the owners of before through',
    changes: [
      {
        file: `${STORES}/fence.ts`,
        from: 'AND token = ${token} AND expires_at > now()',
        to: 'AND ${token} > 0',
      },
    ],
    ...leases,
    test: 'a write of a former owner of orders and their checkpoint fails as a whole',
  },
  {
    name: 'how far the index is, told by an owner of before',
    changes: [
      {
        file: `${STORES}/search-progress.store.ts`,
        from: ') SELECT ${requireLease},\n    (SELECT pg_notify',
        to: ') SELECT (SELECT pg_notify',
      },
    ],
    ...leases,
    test: 'a write of a former owner of how far the index is fails',
  },
  {
    name: 'how far the relay is, told by an owner of before',
    changes: [
      {
        file: `${STORES}/relay.store.ts`,
        from: 'r.last_event_id)\n  ) SELECT ${requireLease}',
        to: 'r.last_event_id)\n  ) SELECT count(*) FROM held',
      },
    ],
    ...leases,
    test: 'a write of a former owner of how far the relay is fails',
  },
  {
    name: 'a projection that goes on when its lease is lost',
    changes: [
      {
        file: 'libs/projections/src/engine/projection-engine.ts',
        from: 'AbortSignal.any([signal, lost, asked])',
        to: 'AbortSignal.any([signal, asked])',
      },
    ],
    ...{ project: 'integration', file: 'test/contract/projections/projection-engine.test.ts' },
    test: 'the engine of a projection leaves what it follows when its lease is lost',
  },
];
