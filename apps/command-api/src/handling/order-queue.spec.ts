import { describe, expect, it } from '@jest/globals';
import { OrderQueue } from './order-queue.js';

describe('the queue of an order', () => {
  it('lets one after another in, in the order they came, whatever became of the one before', async () => {
    const queue = new OrderQueue();
    const seen: string[] = [];
    let inside = 0;
    const work = (name: string, fails = false) =>
      queue.inTurn('one', async () => {
        expect(++inside).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
        seen.push(name);
        if (fails) throw new Error(name);
        return name;
      });
    const results = await Promise.allSettled([work('a'), work('b', true), work('c')]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('keeps other orders going', async () => {
    const queue = new OrderQueue();
    let release = () => {};
    const held = queue.inTurn('one', () => new Promise<void>((resolve) => (release = resolve)));
    await expect(queue.inTurn('two', async () => 'done')).resolves.toBe('done');
    release();
    await held;
  });
});
