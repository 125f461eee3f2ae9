import { expect, it } from '@jest/globals';
import { generationLines, type DescribedGeneration } from './describe-generations.js';

const generation = (one: Partial<DescribedGeneration>): DescribedGeneration => ({
  ...{ generation: 1, role: null, state: 'ready', ofThisRelease: true, madeBy: 'projector', schema: 'gen_1' },
  ...{ searchIndex: null, fingerprint: 'f', position: '7', searchPosition: null, tableBytes: 0 },
  ...{ createdAt: '2026-11-22T18:00:00.000Z', verifiedAt: null, activatedAt: null, failure: null },
  ...one,
});

it.each([
  [{ role: 'active' }, 'active'],
  [{ role: 'previous' }, 'previous'],
  [{ state: 'ready' }, 'ready'],
  [{ state: 'set_aside' }, 'set aside'],
  // It answers queries until another is built in its place.
  [{ role: 'active', state: 'set_aside' }, 'active'],
  // A rollback refuses these.
  [{ role: 'previous', state: 'set_aside' }, 'set aside'],
  [{ role: 'previous', state: 'failed' }, 'failed'],
] as const)('a generation of %j is shown as %s', (one, shown) => {
  expect(generationLines([generation(one)]).split('\n')[1]).toMatch(new RegExp(`^1 +${shown} +this `));
});
