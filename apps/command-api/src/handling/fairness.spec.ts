import { describe, expect, it, jest } from '@jest/globals';
import type { EventStore } from '#event-store/port.js';
import { Random } from '#test/chaos/random.js';
import { MemoryEventStore } from '#test/support/memory-event-store.js';
import { changeTags, placeOrder, request } from '#test/support/requests.js';
import { collected } from '#test/support/stored-events.js';
import { VirtualTime } from '#test/support/virtual-time.js';
import { OrderCommands } from './order-commands.js';

jest.setTimeout(60_000); // of work, on a busy machine

const orderId = '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a11';
const PROCESSES = 4;
const WRITERS = 32;
const COMMANDS_EACH = 24;
/** Turns of each other writer while one waits. A process that always wins has 16 turns before it leaves any. */
const MOST_EACH = 6;
const SEEDS = 3;

/** The store as one process reaches it: with the same delay on the way there and on the way back. */
function away({ port }: MemoryEventStore, time: VirtualTime, wayMs: number): EventStore {
  return {
    ...port,
    append: async (...asked) => {
      await time.wait(wayMs);
      const answer = port.append(...asked);
      answer.catch(() => {}); // told after the way back
      await time.wait(wayMs);
      return answer;
    },
    async *readStream(...asked) {
      await time.wait(wayMs);
      const events = await collected(port.readStream(...asked));
      await time.wait(wayMs);
      yield* events;
    },
  };
}

/**
 * Writers of one order, spread over processes that share nothing but the store. Each writer sends its next command
 * as soon as it has an answer. @returns for each command, how many others were answered while it waited
 */
async function overtaken(wayMsOf: (process: number) => number, seed: number): Promise<number[]> {
  const time = new VirtualTime();
  const memory = new MemoryEventStore();
  const processes = Array.from({ length: PROCESSES }, (_, n) => {
    const draw = new Random(`process ${n} of ${seed}`);
    const random = () => draw.below(1_000) / 1_000;
    const clock = { elapsedMs: () => time.nowMs, wait: time.wait };
    return new OrderCommands(away(memory, time, wayMsOf(n)), { ...clock, random });
  });
  await time.until(processes[0]!.handle(request(orderId, placeOrder(orderId))));
  let answered = 0;
  const counts: number[] = [];
  const write = async (writer: number) => {
    for (let n = 0; n < COMMANDS_EACH; n++) {
      const before = answered;
      await processes[writer % PROCESSES]!.handle(request(orderId, changeTags(`${n} of ${writer}`)));
      counts.push(answered++ - before);
    }
  };
  await time.until(Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer))));
  return counts;
}

describe(`${WRITERS} writers at one order, through ${PROCESSES} processes,`, () => {
  it.each([
    ['as near to the store as each other', () => 1],
    ['each a little farther from the store', (n: number) => 1 + n / 4],
  ])('%s: none of them is starved', async (_how, wayMsOf) => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const counts = await overtaken(wayMsOf, seed);
      expect(counts).toHaveLength(WRITERS * COMMANDS_EACH);
      expect(Math.max(...counts)).toBeLessThanOrEqual(MOST_EACH * WRITERS);
    }
  });
});
