import { describe, expect, it } from '@jest/globals';
import { interleave, percentile, runLane } from './measure.js';

describe('percentile', () => {
  it('is the smallest value that the given share of the values does not exceed', () => {
    expect(percentile([4, 1, 3, 2], 0.5)).toBe(2);
    expect(percentile([4, 1, 3, 2], 0.99)).toBe(4);
    expect(percentile([7], 0.5)).toBe(7);
  });
});

describe('runLane', () => {
  it('runs every operation once and never more than allowed at a time', async () => {
    let open = 0;
    let most = 0;
    const seen: number[] = [];
    const lane = await runLane(50, 4, async (index) => {
      most = Math.max(most, ++open);
      await Promise.resolve();
      seen.push(index);
      open--;
    });
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(most).toBe(4);
    expect(lane.latenciesMs).toHaveLength(50);
  });
});

describe('interleave', () => {
  it('compares each repetition of ours with the raw one beside it', async () => {
    const lane = (perSecond: number) => ({ perSecond, cpuMicrosPerOp: 10, latenciesMs: [1, 2] });
    const row = await interleave(
      { name: 'x', target: 0.5 },
      { ours: async (i) => lane(10 * (i + 1)), raw: async (i) => lane(20 * (i + 1)) },
    );
    expect(row.ratios).toEqual([0.5, 0.5, 0.5, 0.5, 0.5]);
    expect(row).toMatchObject({ ratio: 0.5, perSecond: 30, rawPerSecond: 60, cpuMicrosPerOp: 10, p99Ms: 2 });
  });
});
