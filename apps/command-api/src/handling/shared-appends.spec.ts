import { describe, expect, it } from '@jest/globals';
import { eventCodec } from '#event-store/codec.js';
import { AppendOutcomeUnknown, AppendTooLarge, StoreUnavailable } from '#event-store/errors.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import type { EncodedEvent } from '#event-store/port.js';
import { MemoryEventStore } from '#test/support/memory-event-store.js';
import {
  addNote,
  cancelOrder,
  changeTags,
  confirmOrder,
  placeOrder,
  request,
  someFingerprint,
} from '#test/support/requests.js';
import type { OrderCommand } from '#domain/order/order.js';
import { until } from '#test/support/until.js';
import type { CommandRequest } from './command-request.js';
import { IdempotencyKeyReused, OrderRejected, OrderTooLarge, PreconditionFailed } from './errors.js';
import { OrderCommands } from './order-commands.js';

const orderId = '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a11';
const holdOrder: OrderCommand = { type: 'HoldOrder', data: { reason: null }, personal: null };
const asked = (command: OrderCommand, changes: Partial<CommandRequest> = {}) =>
  request(orderId, command, changes);

function addLines(count: number): OrderCommand {
  const line = { sku: 'MUG', name: 'A mug', quantity: 1, unitPriceMinor: 450, tax: null };
  const operations = Array.from({ length: count }, () => ({ op: 'addLine' as const, line }));
  return { type: 'EditOrder', data: { operations }, personal: { addresses: [] } };
}

/** An order, and commands that arrive while an append is under way, so that they share the next append. */
async function sharing(
  requests: readonly CommandRequest[],
  { memory = new MemoryEventStore(), commands = new OrderCommands(memory.port) } = {},
) {
  await commands.handle(asked(placeOrder(orderId, { customerId: 'alice' })));
  memory.sizes.length = 0;
  memory.asked.length = 0;
  const release = memory.hold();
  const first = commands.handle(asked(changeTags('first')));
  await until('it is under way', () => memory.sizes.length === 1);
  const results = Promise.allSettled(requests.map((each) => commands.handle(each)));
  release();
  await first;
  return { memory, commands, results: await results };
}

const commandIds = ({ events }: MemoryEventStore) =>
  events.map(({ metadata }) => (metadata as EncodedEvent['metadata']).commandId);

describe('commands that wait for the same order', () => {
  it('share an append, each with its own metadata and its own answer', async () => {
    const requests = Array.from({ length: 31 }, (_, n) =>
      asked(addNote(`note ${n}`), { correlationId: `c-${n}`, actor: { type: 'user', id: `u-${n}` } }),
    );
    const { memory, results } = await sharing(requests);
    expect(memory.asked).toEqual(['append at 0', 'append at 1']);
    expect(memory.sizes).toEqual([1, 31]);
    requests.forEach(({ commandId, correlationId, actor }, n) => {
      const { metadata } = memory.events[n + 2]!;
      expect(metadata).toMatchObject({ commandId, correlationId, actor });
      expect(results[n]).toMatchObject({
        value: { revision: n + 2, replayed: false, events: [{ type: 'NoteAdded', revision: n + 2 }] },
      });
      // The store tells the position of the last event only. A read that waits for it has seen the others too.
      expect(results[n]).toMatchObject({ value: { position: 32n, order: { revision: n + 2 } } });
    });
  });

  it('are at most 64 in an append', async () => {
    const requests = Array.from({ length: 150 }, (_, n) => asked(addNote(`note ${n}`)));
    const { memory } = await sharing(requests);
    expect(memory.sizes).toEqual([1, 64, 64, 22]);
    expect(commandIds(memory).slice(2)).toEqual(requests.map(({ commandId }) => commandId));
  });

  it('are decided each on what those before it made of the order', async () => {
    const { memory, results } = await sharing([
      asked(cancelOrder()),
      asked(confirmOrder),
      asked(cancelOrder()),
      asked(changeTags('x'), { ifMatch: 2 }),
      asked(changeTags('y'), { ifMatch: 2 }),
    ]);
    expect(results).toMatchObject([
      { value: { revision: 2 } },
      { reason: { constructor: OrderRejected, rejection: { code: 'not_allowed_in_state' } } },
      { value: { revision: 2, events: [], position: 3n } },
      { value: { revision: 3 } },
      { reason: { constructor: PreconditionFailed, expectedRevision: 2, actualRevision: 3 } },
    ]);
    expect(memory.sizes).toEqual([1, 2]);
  });

  it('are one command under one id, and none with another body', async () => {
    const noting = asked(addNote('a note'));
    const other = { ...noting, fingerprint: someFingerprint(1) };
    const { memory, results } = await sharing([noting, asked(changeTags('x')), noting, other, noting]);
    const first = { revision: 2, position: 3n, events: [{ type: 'NoteAdded', revision: 2 }] };
    expect(results).toMatchObject([
      { value: { ...first, replayed: false } },
      { value: { revision: 3 } },
      { value: { ...first, replayed: true } },
      { reason: { constructor: IdempotencyKeyReused } },
      { value: { ...first, replayed: true } },
    ]);
    expect(memory.events).toHaveLength(4);
  });

  it('are answered again with what they came to, whatever else is in the append', async () => {
    const noting = asked(addNote('a note'));
    const { results } = await sharing([asked(changeTags('x')), noting, noting]);
    const first = { revision: 3, events: [{ type: 'NoteAdded', revision: 3 }] };
    expect(results).toMatchObject([
      { value: { revision: 2, events: [{ type: 'TagsChanged' }] } },
      { value: { ...first, replayed: false } },
      { value: { ...first, replayed: true } },
    ]);
  });

  it('have another turn where an append of unknown outcome had no room for them', async () => {
    const memory = new MemoryEventStore();
    memory.beforeAppend = (events) => {
      if (events.length > 1) throw new AppendOutcomeUnknown('no answer');
    };
    const commands = new OrderCommands(memory.port, { resendAfterMs: [] });
    const requests = [asked(addLines(150)), asked(addLines(150)), asked(addNote('unsent'))];
    const { results } = await sharing(requests, { memory, commands });
    expect(memory.sizes).toEqual([1, 300, 1]);
    expect(results).toMatchObject([
      { reason: { constructor: AppendOutcomeUnknown } },
      { reason: { constructor: AppendOutcomeUnknown } },
      { value: { revision: 2, events: [{ type: 'NoteAdded' }] } },
    ]);
  });

  it('wait no longer than others where an append of unknown outcome had no room for them', async () => {
    const memory = new MemoryEventStore();
    let nowMs = 0;
    memory.beforeAppend = (events) => {
      if (events.length === 1) return;
      nowMs += 6_000;
      throw new AppendOutcomeUnknown('no answer');
    };
    const commands = new OrderCommands(memory.port, { resendAfterMs: [], elapsedMs: () => nowMs });
    const requests = [asked(addLines(150)), asked(addLines(150)), asked(addNote('unsent'))];
    const { results } = await sharing(requests, { memory, commands });
    expect(memory.sizes).toEqual([1, 300]);
    expect(results[2]).toMatchObject({ reason: { constructor: StoreUnavailable } });
  });

  it('are kept apart by whose order it is', async () => {
    const notFound = { constructor: OrderRejected, rejection: { code: 'order_not_found' } };
    const { results } = await sharing([
      asked(cancelOrder(), { ownerCustomerId: 'bob' }),
      asked(changeTags('x')),
      asked(cancelOrder(), { ownerCustomerId: 'bob' }),
      asked(cancelOrder(), { ownerCustomerId: 'alice' }),
    ]);
    expect(results).toMatchObject([
      { reason: notFound },
      { value: { revision: 2 } },
      { reason: notFound },
      { value: { revision: 3 } },
    ]);
  });
});

describe('a refusal that was decided on events not stored yet', () => {
  /** Which of the requests have an answer while the second append is under way. */
  async function whileAppending(
    requests: readonly CommandRequest[],
    then: (memory: MemoryEventStore) => void,
  ) {
    const memory = new MemoryEventStore();
    const answered = new Set<number>();
    let early: readonly number[] = [];
    memory.beforeAppend = async (events) => {
      if (events[0]!.type !== 'OrderHeld') return;
      await new Promise((resolve) => setImmediate(resolve));
      early = [...answered];
      then(memory);
    };
    const commands = new OrderCommands(memory.port);
    await commands.handle(asked(placeOrder(orderId)));
    const results = requests.map((each, n) => commands.handle(each).finally(() => answered.add(n)));
    return { memory, early: () => early, results: await Promise.allSettled(results) };
  }

  it('is not answered before they are stored', async () => {
    const { early, results } = await whileAppending([asked(holdOrder), asked(confirmOrder)], () => {});
    expect(early()).toEqual([]);
    expect(results).toMatchObject([
      { value: { revision: 1 } },
      { reason: { rejection: { code: 'order_on_hold' } } },
    ]);
  });

  it('is decided anew when they are not stored', async () => {
    const { memory, results } = await whileAppending(
      [asked(holdOrder, { ifMatch: 0 }), asked(confirmOrder)],
      ({ events }) => {
        const [placed] = events;
        const metadata = {
          ...(placed!.metadata as EncodedEvent['metadata']),
          commandId: 'of another process',
        };
        const data = { ...(placed!.data as object), data: { tags: ['other'] }, personal: null };
        const tagged = { type: 'TagsChanged', eventId: 'another', revision: 1, position: 1n };
        events.push({ ...placed!, ...tagged, metadata, data });
      },
    );
    expect(results).toMatchObject([
      { reason: { constructor: PreconditionFailed, actualRevision: 1 } },
      { value: { revision: 2, events: [{ type: 'OrderConfirmed' }] } },
    ]);
    expect(memory.events.map(({ type }) => type)).toEqual(['OrderPlaced', 'TagsChanged', 'OrderConfirmed']);
  });

  it('is not answered before they are stored, not even the key that one of them used for another body', async () => {
    const holding = asked(holdOrder);
    const other = { ...holding, fingerprint: someFingerprint(1) };
    const stored = await whileAppending([holding, other], () => {});
    expect(stored.early()).toEqual([]);
    expect(stored.results).toMatchObject([
      { value: { revision: 1 } },
      { reason: { constructor: IdempotencyKeyReused } },
    ]);
    const { results } = await whileAppending([holding, other], () => {
      throw new StoreUnavailable('it went away');
    });
    expect(results).toMatchObject([
      { reason: { constructor: StoreUnavailable } },
      { reason: { constructor: StoreUnavailable } },
    ]);
  });

  it('is not answered when nobody knows whether they are stored', async () => {
    const { results } = await whileAppending([asked(holdOrder), asked(confirmOrder)], () => {
      throw new StoreUnavailable('it went away');
    });
    expect(results).toMatchObject([
      { reason: { constructor: StoreUnavailable } },
      { reason: { constructor: StoreUnavailable } },
    ]);
  });
});

describe('a shared append', () => {
  it('whose answer is lost is sent again as it was, and answers all', async () => {
    const memory = new MemoryEventStore();
    memory.beforeAppend = (events) => {
      if (events.length > 1 && memory.sizes.length === 2) memory.answersToLose = 1;
    };
    const requests = ['a', 'b', 'c'].map((text) => asked(addNote(text)));
    const { results } = await sharing(requests, { memory });
    expect(memory.asked).toEqual(['append at 0', 'append at 1', 'append at 1']);
    expect(results).toMatchObject([
      { value: { revision: 2, replayed: false } },
      { value: { revision: 3, replayed: false } },
      { value: { revision: 4, replayed: false } },
    ]);
    expect(commandIds(memory).slice(2)).toEqual(requests.map(({ commandId }) => commandId));
  });

  it('that is too large is divided; who is too large alone is told so, and nobody else', async () => {
    const memory = new MemoryEventStore();
    const sizeOf = (events: readonly EncodedEvent[]) => JSON.stringify(events).length;
    memory.beforeAppend = (events) => {
      if (sizeOf(events) > 4_000) throw new AppendTooLarge(sizeOf(events), 4_000);
    };
    const requests = Array.from({ length: 20 }, (_, n) =>
      asked(addNote(n === 7 ? 'x'.repeat(4_000) : `note ${n}`)),
    );
    const { results } = await sharing(requests, { memory });
    results.forEach((result, n) => {
      if (n === 7)
        expect(result).toMatchObject({ reason: { constructor: OrderTooLarge, limitBytes: 4_000 } });
      else expect(result).toMatchObject({ value: { revision: n < 7 ? n + 2 : n + 1 } });
    });
    expect(memory.events).toHaveLength(21);
  });

  it('that is too large because of one command refuses that one, and none that stores nothing', async () => {
    const memory = new MemoryEventStore();
    memory.beforeAppend = (events) => {
      if (JSON.stringify(events).length > 4_000) throw new AppendTooLarge(5_000, 4_000);
    };
    const requests = [asked(addNote('x'.repeat(4_000))), asked(changeTags('first'))];
    const { results } = await sharing(requests, { memory });
    expect(results).toMatchObject([
      { reason: { constructor: OrderTooLarge } },
      { value: { revision: 1, events: [] } },
    ]);
  });

  it('goes without the command that cannot be encoded', async () => {
    const codec = eventCodec({
      ...plainPersonal,
      seal: async (owner, parts) => {
        if (JSON.stringify(parts).includes('unsealable')) throw new Error('no key');
        return plainPersonal.seal(owner, parts);
      },
    });
    const memory = new MemoryEventStore();
    const commands = new OrderCommands(memory.port, { codec });
    const requests = ['a', 'unsealable', 'c'].map((text) => asked(addNote(text)));
    const { results } = await sharing(requests, { memory, commands });
    expect(results).toMatchObject([
      { value: { revision: 2 } },
      { reason: { message: 'no key' } },
      { value: { revision: 3 } },
    ]);
    expect(memory.sizes).toEqual([1, 2]);
  });
});
