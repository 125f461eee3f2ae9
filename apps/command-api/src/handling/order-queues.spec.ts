import { describe, expect, it } from '@jest/globals';
import { changeTags, request } from '#test/support/requests.js';
import type { CommandResult } from './command-request.js';
import { OrderQueues, WaitingCommand, type OrderQueue } from './order-queues.js';

const command = (name: string) => new WaitingCommand(request('an order', changeTags(name)), 0);
const answer = {} as CommandResult;

/** Answers all commands of each turn, and tells how many there were. */
function answeringQueues(before: (queue: OrderQueue) => Promise<void> = async () => {}) {
  const turns: number[] = [];
  const queues = new OrderQueues(async (queue) => {
    const commands = queue.take();
    turns.push(commands.length);
    await before(queue);
    for (const each of commands) each.answerWith(answer);
  });
  return { queues, turns };
}

describe('the queue of an order', () => {
  it('takes the first at once, and those that come meanwhile together', async () => {
    const { queues, turns } = answeringQueues(() => Promise.resolve());
    const all = Array.from({ length: 100 }, (_, n) => command(String(n)));
    for (const each of all) queues.join('one', each);
    expect(turns).toEqual([1]);
    await Promise.all(all.map(({ result }) => result));
    expect(turns).toEqual([1, 64, 35]);
  });

  it('keeps other orders going', async () => {
    const held = new Promise<void>(() => {});
    const { queues } = answeringQueues((queue) => (queue.stream === 'one' ? held : Promise.resolve()));
    queues.join('one', command('a'));
    const other = command('b');
    queues.join('two', other);
    await expect(other.result).resolves.toBe(answer);
  });

  it('lets those that were put back in first, in their order', async () => {
    const seen: WaitingCommand[] = [];
    let turns = 0;
    const queues = new OrderQueues(async (queue) => {
      const [first, ...rest] = queue.take();
      await Promise.resolve();
      if (++turns % 2 === 1) return queue.putBack([first!, ...rest]);
      seen.push(first!);
      first!.answerWith(answer);
      queue.putBack(rest);
    });
    const all = ['a', 'b', 'c'].map(command);
    for (const each of all) queues.join('one', each);
    await Promise.all(all.map(({ result }) => result));
    expect(seen).toEqual(all);
  });

  it('takes half as many after they were too large, and more again after they were not', async () => {
    const sizes: number[] = [];
    const queues = new OrderQueues(async (queue) => {
      const commands = queue.take();
      await Promise.resolve();
      sizes.push(commands.length);
      if (commands.length > 20) {
        queue.shrinkBatch(commands.length);
        return queue.putBack(commands);
      }
      queue.growBatch();
      for (const each of commands) each.answerWith(answer);
    });
    const all = Array.from({ length: 65 }, (_, n) => command(String(n)));
    for (const each of all) queues.join('one', each);
    await Promise.all(all.map(({ result }) => result));
    expect(sizes).toEqual([1, 64, 32, 16, 32, 16, 32, 16, 16]);
  });
});
