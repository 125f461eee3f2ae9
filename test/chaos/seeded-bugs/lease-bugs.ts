import type { TestedBug } from './failed-tests.js';

const leases = { project: 'engines', file: 'test/contract/projections/leases.test.ts' } as const;

/**
 * Something that could be wrong with leases. A chaos run does not see them: an owner that is one no longer also loses
 * its session, finds rows further than its own, and moves no checkpoint back, so its late writes fail all the same.
 */
export const leaseBugs: readonly TestedBug[] = [
  {
    name: 'a fence that lets the owners of before through',
    changes: [
      {
        file: 'libs/read-models/src/stores/fence.ts',
        from: 'AND token = ${token} AND expires_at > now()',
        to: 'AND ${token} > 0',
      },
    ],
    ...leases,
    test: 'a write of an owner that is one no longer of orders and their checkpoint fails as a whole',
  },
];
