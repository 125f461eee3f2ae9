import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { Random } from '../../chaos/random.js';
import { ConcurrentCommands } from '../../support/concurrent-commands.js';
import { ownEventStore } from '../../support/own-event-store.js';
import { contradictions, type Exchange, type ExchangeAnswer } from '../../support/serial-order.js';
import { orderEvents } from '../../support/stored-events.js';

const LIMIT_MS = 120_000;
jest.setTimeout(LIMIT_MS);

const RUNS = 8;

const its = ownEventStore({ apis: [{}, {}], limitMs: LIMIT_MS });
const { apis } = its;

const eventsOf = async (orderId: string) => orderEvents(its.store, orderId);

async function history(seed: number) {
  const random = new Random(String(seed));
  const commands = new ConcurrentCommands(apis, {
    clients: 10,
    isEnough: (commands) => commands >= 10,
    random,
    eventsOf,
  });
  await commands.run();
  return { exchanges: commands.exchanges, events: await eventsOf(commands.orderId) };
}

describe('commands sent at the same time, through two processes,', () => {
  it('are answered, and leave what they leave, as if one had come after the other', async () => {
    const statuses: (number | undefined)[] = [];
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const { exchanges, events } = await history(seed);
        expect(contradictions(exchanges, events).slice(0, 3)).toEqual([]);
        statuses.push(...exchanges.map(({ answer }) => answer?.status));
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    // All kinds of answers were among them.
    expect([...new Set(statuses)].sort()).toEqual(expect.arrayContaining([200, 201, 404, 409, 412, 422]));
    expect(statuses).not.toContain(undefined);
  });
});

describe('what contradicts a serial order', () => {
  type Alter = (exchange: Exchange & { answer: ExchangeAnswer }) => Exchange | null;
  const isDone = ({ answer }: Exchange) =>
    answer?.status === 200 && !answer.replayed && (answer.body['events'] as unknown[]).length > 0;
  const isRefused = ({ answer }: Exchange) => answer !== null && answer.status > 400;
  const answering = (change: (answer: ExchangeAnswer) => object): Alter => {
    return (exchange) => ({ ...exchange, answer: { ...exchange.answer, ...change(exchange.answer) } });
  };
  const later = (exchange: Exchange) => {
    const atMs = performance.now() + 1_000;
    return { ...exchange, sentAtMs: atMs, answeredAtMs: atMs };
  };

  it.each<[string, RegExp, (exchange: Exchange) => boolean, Alter]>([
    [
      'an answer at another revision',
      /it left/,
      isDone,
      answering(() => ({ body: { revision: 0, events: [{ type: 'OrderConfirmed', revision: 0 }] } })),
    ],
    [
      'a refusal that never was right',
      /events it is/,
      isRefused,
      answering(() => ({ body: { code: 'order_on_hold', details: { never: 1 } } })),
    ],
    [
      'a refusal of what was done',
      /events it is|was refused/,
      isDone,
      answering(() => ({ status: 409, body: { code: 'order_on_hold' } })),
    ],
    [
      'nothing to do, where there was',
      /something to do/,
      isDone,
      answering(({ body }) => {
        const { revision, events } = body as { revision: number; events: unknown[] };
        return { body: { revision: revision - events.length, events: [] } };
      }),
    ],
    ['events that nobody asked for', /nobody asked/, isDone, () => null],
    ['a command that was done before it was sent', /when it was sent/, isDone, later],
  ])('is found: %s', async (_what, says, fits, alter) => {
    const { exchanges, events } = await history(1);
    expect(contradictions(exchanges, events)).toEqual([]);
    // One with a key: the others of its command are known by it.
    const one = exchanges.find((each) => each.commandId !== null && fits(each)) as Exchange & {
      answer: ExchangeAnswer;
    };
    const others = exchanges.filter(({ commandId }) => commandId !== one.commandId);
    const altered = alter(one);
    const found = contradictions(altered ? [...others, altered] : others, events);
    expect(found.join('\n')).toMatch(says);
  });

  it('does not include a command without a key whose answer was lost', async () => {
    const { exchanges, events } = await history(1);
    const timesSent = (id: string | null) => exchanges.filter(({ commandId }) => commandId === id).length;
    const one = exchanges.find((each) => isDone(each) && timesSent(each.commandId) === 1);
    expect(one).toBeDefined();
    const lost = { ...one!, commandId: null, answer: null };
    const altered = exchanges.map((each) => (each === one ? lost : each));
    expect(contradictions(altered, events)).toEqual([]);
  });
});
