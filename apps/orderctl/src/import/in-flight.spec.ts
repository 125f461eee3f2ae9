import { expect, it } from '@jest/globals';
import { inFlight } from './in-flight.js';

it('works on as many at once as it may, and begins them in order', async () => {
  const begun: number[] = [];
  let now = 0;
  let most = 0;
  await inFlight([1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item);
    most = Math.max(most, ++now);
    await Promise.resolve();
    now--;
  });
  expect(begun).toEqual([1, 2, 3, 4, 5]);
  expect(most).toBe(2);
});

it('begins nothing new after a failure, and throws it when the rest has ended', async () => {
  const ended: number[] = [];
  const work = inFlight([1, 2, 3, 4, 5, 6], 2, async (item) => {
    if (item === 1) throw new Error('one failed');
    await new Promise((next) => setImmediate(next));
    ended.push(item);
  });
  await expect(work).rejects.toThrow('one failed');
  expect(ended).toEqual([2]);
});
