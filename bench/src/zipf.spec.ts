import { describe, expect, it } from '@jest/globals';
import { seeded } from './workload.js';
import { zipf } from './zipf.js';

describe('zipf', () => {
  it('draws the second half as often as the first, the tenth a tenth as often', () => {
    const next = zipf(100, seeded(1));
    const seen = new Array<number>(100).fill(0);
    for (let n = 0; n < 100_000; n++) seen[next()]!++;
    expect(seen[1]! / seen[0]!).toBeCloseTo(1 / 2, 1);
    expect(seen[9]! / seen[0]!).toBeCloseTo(1 / 10, 1);
    expect(Math.min(...seen)).toBeGreaterThan(0);
  });
});
