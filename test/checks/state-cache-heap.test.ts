import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { finished, repositoryRoot } from '../support/seeded-tree.js';

const TIMEOUT_MS = 60_000;
const SCRIPT = join(repositoryRoot, 'test/support/state-cache-heap.mjs');

/**
 * Of kinds of orders: as the shop's, with many lines, handled commands, notes, long texts or units refunded, and from a
 * snapshot; `older`: kept as text.
 */
const kinds = [
  ...['histories', 'wide', 'long', 'from snapshots', 'notes', 'texts', 'listed'],
  ...['older', 'older texts'],
];

describe('the size that the state cache is bounded by', () => {
  it.each(kinds)(
    'is no less than the heap that it takes, and not many times as much: %s',
    async (kind) => {
      const { code, stdout, stderr } = await finished(process.execPath, ['--expose-gc', SCRIPT, kind]);
      if (code !== 0) throw new Error(stderr);
      const { orders, estimatedBytes, heapBytes } = JSON.parse(stdout) as Record<string, number>;
      expect(orders).toBeGreaterThan(0);
      expect(heapBytes! / estimatedBytes!).toBeLessThan(1.05);
      expect(heapBytes! / estimatedBytes!).toBeGreaterThan(0.25);
    },
    TIMEOUT_MS,
  );
});
