import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Reporter } from '../chaos/reporter.js';
import type { RoundResult } from '../chaos/round.js';

const counts = {
  ...{ done: 1, answered: 1, obliged: 1 },
  ...{ 'history rows': 1, 'told in the feed': 1, 'ledger entries': 1 },
};
const fine: RoundResult = { unsettled: null, violations: [], faults: new Map(), deaths: [], counts };

describe('A round of the chaos run', () => {
  let folder: string;
  let printed: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orderlog-reporter-'));
    printed = '';
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((printed += String(text))));
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await rm(folder, { recursive: true });
  });

  const isFine = (result: Partial<RoundResult>) =>
    new Reporter({ seed: 's', engines: false, roundSeconds: '1' }).round('s.1', folder, async () => ({
      ...fine,
      ...result,
    }));

  it('is fine where nothing is wrong', async () => {
    expect(await isFine({})).toBe(true);
    expect(printed).toContain('round s.1: ok');
  });

  it.each<[string, Partial<RoundResult>, string]>([
    ['something did not settle', { unsettled: 'orders is behind' }, 'orders is behind'],
    [
      'an app ended by itself',
      { deaths: ['projector-1: exit code 1'] },
      'ended by itself and was started again: projector-1',
    ],
    ['nothing was done', { counts: { ...counts, done: 0 } }, 'there was nothing to check of: done'],
    [
      'an invariant is broken',
      { violations: [{ invariant: 'I1', about: 'a', what: 'is there twice' }] },
      'a: is there twice',
    ],
  ])('is not where %s', async (_what, result, says) => {
    expect(await isFine(result)).toBe(false);
    expect(printed).toContain('round s.1: FAILED');
    expect(printed).toContain(says);
  });
});
