import { describe, expect, it } from '@jest/globals';
import { changeTags, request } from '#test/support/requests.js';
import type { CommandResult } from './command-request.js';
import { OrderQueue, WaitingCommand, type OrderLine } from './order-queue.js';

const command = (name: string) => new WaitingCommand(request('an order', changeTags(name)), 0);
const answer = {} as CommandResult;

/** Answers all that each turn takes; tells how many those were. */
function answeringQueue(before: (line: OrderLine) => Promise<void> = async () => {}) {
  const turns: number[] = [];
  const queue = new OrderQueue(async (line) => {
    const commands = line.take();
    turns.push(commands.length);
    await before(line);
    for (const each of commands) each.answerWith(answer);
  });
  return { queue, turns };
}

describe('the queue of an order', () => {
  it('takes the first at once, and those that come meanwhile together', async () => {
    const { queue, turns } = answeringQueue(() => Promise.resolve());
    const all = Array.from({ length: 100 }, (_, n) => command(String(n)));
    for (const each of all) queue.join('one', each);
    expect(turns).toEqual([1]);
    await Promise.all(all.map(({ result }) => result));
    expect(turns).toEqual([1, 64, 35]);
  });

  it('keeps other orders going', async () => {
    const held = new Promise<void>(() => {});
    const { queue } = answeringQueue((line) => (line.stream === 'one' ? held : Promise.resolve()));
    queue.join('one', command('a'));
    const other = command('b');
    queue.join('two', other);
    await expect(other.result).resolves.toBe(answer);
  });

  it('lets those that were put back in first, in their order', async () => {
    const seen: WaitingCommand[] = [];
    let turns = 0;
    const queue = new OrderQueue(async (line) => {
      const [first, ...rest] = line.take();
      await Promise.resolve();
      if (++turns % 2 === 1) return line.putBack([first!, ...rest]);
      seen.push(first!);
      first!.answerWith(answer);
      line.putBack(rest);
    });
    const all = ['a', 'b', 'c'].map(command);
    for (const each of all) queue.join('one', each);
    await Promise.all(all.map(({ result }) => result));
    expect(seen).toEqual(all);
  });

  it('takes half as many after they were too large, and more again after they were not', async () => {
    const sizes: number[] = [];
    const queue = new OrderQueue(async (line) => {
      const commands = line.take();
      await Promise.resolve();
      sizes.push(commands.length);
      if (commands.length > 20) {
        line.takeFewerThan(commands.length);
        return line.putBack(commands);
      }
      line.takeMore();
      for (const each of commands) each.answerWith(answer);
    });
    const all = Array.from({ length: 65 }, (_, n) => command(String(n)));
    for (const each of all) queue.join('one', each);
    await Promise.all(all.map(({ result }) => result));
    expect(sizes).toEqual([1, 64, 32, 16, 32, 16, 32, 16, 16]);
  });
});
