import { describe, expect, it } from '@jest/globals';
import { instantAt, type Instant } from '#domain/instant.js';
import type { OrderCommand } from '#domain/order/order.js';
import { eventCodec } from '#event-store/codec.js';
import { StoreUnavailable } from '#event-store/errors.js';
import { OrderLoader } from '#event-store/order-loader.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import type { EncodedEvent } from '#event-store/port.js';
import { StateCache } from '#event-store/state-cache.js';
import { MemoryEventStore } from '#test/support/memory-event-store.js';
import { placeOrder } from '#test/support/requests.js';
import { until } from '#test/support/until.js';
import type { CommandRequest } from './command-request.js';
import {
  ConflictRetriesExhausted,
  OrderRejected,
  PreconditionFailed,
  PreconditionMissing,
} from './errors.js';
import { OrderCommands } from './order-commands.js';

const orderId = '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a11';

let counter = 0;
function request(command: OrderCommand, changes: Partial<CommandRequest> = {}): CommandRequest {
  const commandId = `018f3f5e-7b1c-7a52-9c9d-${String(counter++).padStart(12, '0')}`;
  return {
    tenantId: 'default',
    orderId,
    command,
    commandId,
    fingerprint: '0'.repeat(32),
    mode: 'remembered',
    ifMatch: null,
    occurredAt: null,
    mayBackdate: false,
    ownerCustomerId: null,
    actor: { type: 'service', id: 'test' },
    correlationId: 'c',
    causationId: null,
    traceparent: null,
    ...changes,
  };
}

const place = placeOrder(orderId);
const tags = (...names: string[]): OrderCommand => ({
  type: 'ChangeTags',
  data: { tags: names },
  personal: null,
});
const confirm: OrderCommand = { type: 'ConfirmOrder', data: {}, personal: null };

function setUp(now: () => Instant = () => instantAt(Date.UTC(2026, 10, 22))) {
  const memory = new MemoryEventStore();
  const open = () => new OrderCommands(memory.port, { now, random: () => 0 });
  return { memory, open, commands: open() };
}

describe('the event store', () => {
  it('is asked for nothing but the append, to place an order and to change one that is cached', async () => {
    const { memory, commands } = setUp();
    await commands.handle(request(place));
    await commands.handle(request(tags('x')));
    expect(memory.asked).toEqual(['append at no_stream', 'append at 0']);
  });

  // Read from the last known event on: whether that event is still there tells if the store was restored.
  it('is asked for the tail before a rejection or a no-op decided on cached state is answered', async () => {
    const { memory, commands } = setUp();
    await commands.handle(request(place));
    await commands.handle(request(tags()));
    await expect(
      commands.handle(request({ type: 'ReleaseOrder', data: {}, personal: null })),
    ).resolves.toMatchObject({ events: [] });
    await expect(
      commands.handle(request({ type: 'CompleteOrder', data: {}, personal: null })),
    ).rejects.toBeInstanceOf(OrderRejected);
    expect(memory.asked).toEqual(['append at no_stream', 'read from 0', 'read from 0', 'read from 0']);
  });

  it('is asked for the tail, then for an append with other event ids, where others were faster', async () => {
    const { memory, commands, open } = setUp();
    await commands.handle(request(place));
    await open().handle(request(tags('other')));
    memory.asked.length = 0;
    await commands.handle(request(tags('mine')));
    expect(memory.asked).toEqual(['append at 0', 'read from 0', 'append at 1']);
  });

  it('is asked for the tail before `If-Match` is refused: others may have made that revision since', async () => {
    const { memory, commands, open } = setUp();
    await commands.handle(request(place));
    await open().handle(request(tags('other')));
    memory.asked.length = 0;
    await expect(commands.handle(request(tags('mine'), { ifMatch: 1 }))).resolves.toMatchObject({
      revision: 2,
    });
    expect(memory.asked).toEqual(['read from 0', 'append at 1']);
    await expect(commands.handle(request(tags('mine'), { ifMatch: 1 }))).rejects.toMatchObject({
      constructor: PreconditionFailed,
      actualRevision: 2,
    });
    const missing = { ifMatch: 'missing' as const };
    await expect(commands.handle(request(tags('mine'), missing))).rejects.toBeInstanceOf(PreconditionMissing);
  });

  it('is asked for the tail before a missing `If-Match` is refused: others may have handled the command', async () => {
    const { commands, open } = setUp();
    await commands.handle(request(place));
    const asked = request(tags('other'));
    await open().handle(asked);
    await expect(commands.handle({ ...asked, ifMatch: 'missing' })).resolves.toMatchObject({
      replayed: true,
      revision: 1,
    });
  });

  it('that cannot be read leaves no command without an answer', async () => {
    const { memory, commands: before } = setUp();
    await before.handle(request(place));
    let isAway = true;
    const commands = new OrderCommands({
      ...memory.port,
      readStream: (...asked) => {
        if (isAway) throw new StoreUnavailable('away');
        return memory.port.readStream(...asked);
      },
    });
    const asked = [request(tags('x')), request(confirm)];
    for (const { reason } of (await Promise.allSettled(
      asked.map((each) => commands.handle(each)),
    )) as PromiseRejectedResult[]) {
      expect(reason).toBeInstanceOf(StoreUnavailable);
    }
    isAway = false;
    await expect(commands.handle(request(confirm))).resolves.toMatchObject({ revision: 1 });
  });

  it('is asked for nothing to answer a repeated command that was handled here', async () => {
    const { memory, commands } = setUp();
    const asked = request(place);
    const first = await commands.handle(asked);
    await commands.handle(request(tags('x')));
    const again = await commands.handle(asked);
    expect(again).toEqual({ ...first, replayed: true, order: again.order });
    expect(again.order).toMatchObject({ tags: ['x'] });
    expect(memory.asked).toEqual(['append at no_stream', 'append at 0']);
  });

  it('is asked for the whole stream after `forget`: a store that is back may have lost what was answered', async () => {
    const { memory, commands } = setUp();
    const asked = request(place);
    const first = await commands.handle(asked);
    commands.forget();
    memory.asked.length = 0;
    expect(await commands.handle(asked)).toMatchObject({ replayed: true, position: first.position });
    expect(memory.asked).toEqual(['append at no_stream', 'read from 0', 'read from 0']);
  });

  it('is asked for the whole stream after `forget`, also where that came while the order was read', async () => {
    const { memory, commands: before } = setUp();
    await before.handle(request(place));
    let forgets = 1;
    const commands: OrderCommands = new OrderCommands({
      ...memory.port,
      readStream: (...asked) => {
        if (forgets-- > 0) commands.forget();
        return memory.port.readStream(...asked);
      },
    });
    await commands.handle(request(tags('x')));
    memory.asked.length = 0;
    await commands.handle(request(tags('y')));
    expect(memory.asked).toEqual(['read from 0', 'append at 1']);
  });

  it('is asked for the whole stream where the events of a handled command are gone: the store was restored', async () => {
    const { memory, commands, open } = setUp();
    const asked = request(confirm);
    await commands.handle(request(place));
    await commands.handle(asked);
    const other = open();
    await other.handle(request({ type: 'ReleaseOrder', data: {}, personal: null }));
    memory.events.pop();
    memory.asked.length = 0;
    expect(await other.handle(asked)).toMatchObject({ replayed: false, revision: 1 });
    expect(memory.asked).toEqual(['read from 1', 'read from 0', 'append at 0']);
    expect(memory.events.map(({ type }) => type)).toEqual(['OrderPlaced', 'OrderConfirmed']);
  });

  it('is asked once for the events of a command that was handled elsewhere, to answer it again', async () => {
    const { memory, commands, open } = setUp();
    const asked = request(confirm);
    await commands.handle(request(place));
    const first = await commands.handle(asked);
    const other = open();
    memory.asked.length = 0;
    for (let again = 0; again < 2; again++) {
      const answer = await other.handle(asked);
      expect(answer).toEqual({ ...first, replayed: true, order: answer.order });
    }
    expect(memory.asked).toEqual(['read from 0', 'read from 1']);
  });

  it('tells all events of a command that was handled elsewhere, and its own revision, not a later one', async () => {
    const { commands, open } = setUp();
    const line = { sku: 'MUG', name: 'A mug', quantity: 1, unitPriceMinor: 450, tax: null };
    const operations = Array.from({ length: 3 }, () => ({ op: 'addLine' as const, line }));
    const asked = request({ type: 'EditOrder', data: { operations }, personal: { addresses: [] } });
    await commands.handle(request(place));
    const first = await commands.handle(asked);
    expect(first).toMatchObject({ revision: 3, events: [{ revision: 1 }, { revision: 2 }, { revision: 3 }] });
    await commands.handle(request(tags('later')));
    const answer = await open().handle(asked);
    expect(answer).toEqual({ ...first, replayed: true, order: answer.order });
  });
});

describe('an order that the cache has no room for', () => {
  it('is kept for as long as commands for it are under way, and no longer', async () => {
    const memory = new MemoryEventStore();
    const cache = new StateCache({ maxSizeBytes: 0 });
    const loader = new OrderLoader({ eventStore: memory.port, codec: eventCodec(plainPersonal), cache });
    const commands = new OrderCommands(memory.port, { loader });
    const release = memory.hold();
    const placing = commands.handle(request(place));
    await until('it is under way', () => memory.sizes.length === 1);
    const changing = commands.handle(request(tags('x')));
    release();
    await Promise.all([placing, changing]);
    expect(memory.asked).toEqual(['append at no_stream', 'append at 0']);
    memory.asked.length = 0;
    await commands.handle(request(tags('y')));
    expect(memory.asked).toEqual(['read from 0', 'append at 1']);
  });
});

/**
 * Makes another process change the order just before each append, which takes a while. @returns how often it did
 */
function alwaysFaster(memory: MemoryEventStore, takes: () => void): () => number {
  let n = 0;
  memory.beforeAppend = () => {
    const [first] = memory.events;
    const metadata = { ...(first!.metadata as EncodedEvent['metadata']), commandId: `other ${n}` };
    const data = { ...(first!.data as object), data: { tags: [`other ${n++}`] }, personal: null };
    memory.add(first!.stream, [{ eventId: `other ${n}`, type: 'TagsChanged', data, metadata }], n - 1);
    takes();
  };
  return () => n;
}

describe('conflicts', () => {
  it('end after five seconds, and not before, however many there were', async () => {
    let elapsedMs = 10_000;
    const { memory, open, commands } = setUp();
    await commands.handle(request(place));
    const times = alwaysFaster(memory, () => (elapsedMs += 100));
    const impatient = new OrderCommands(memory.port, { elapsedMs: () => elapsedMs });
    await expect(impatient.handle(request(tags('mine')))).rejects.toMatchObject({
      constructor: ConflictRetriesExhausted,
      waitedMs: 5_000,
    });
    expect(times()).toBe(50);
    memory.beforeAppend = null;
    await expect(open().handle(request(confirm))).resolves.toMatchObject({ order: { status: 'confirmed' } });
  });

  it('end in a refusal of every command that waited, also of those far behind', async () => {
    let elapsedMs = 0;
    const { memory, commands: before } = setUp();
    await before.handle(request(place));
    const times = alwaysFaster(memory, () => (elapsedMs += 100));
    const commands = new OrderCommands(memory.port, { elapsedMs: () => elapsedMs });
    const asked = Array.from({ length: 5 * 64 }, (_, n) => commands.handle(request(tags(`number ${n}`))));
    for (const ended of await Promise.allSettled(asked)) {
      expect(ended).toMatchObject({ reason: { constructor: ConflictRetriesExhausted } });
    }
    expect(memory.events).toHaveLength(1 + times());
  });
});

describe('commands behind one that the store does not answer', () => {
  it('are refused with it once they have waited five seconds; younger ones have their turn', async () => {
    let elapsedMs = 0;
    const { memory, commands: before } = setUp();
    await before.handle(request(place));
    const commands = new OrderCommands(memory.port, { elapsedMs: () => elapsedMs, resendAfterMs: [] });
    const release = memory.hold();
    const first = commands.handle(request(tags('first')));
    await until('it is under way', () => memory.asked.at(-1)?.startsWith('append') === true);
    const behind = Array.from({ length: 200 }, () => commands.handle(request(tags('behind'))));
    elapsedMs += 5_001;
    const younger = commands.handle(request(tags('younger')));
    memory.beforeAppend = () => {
      memory.beforeAppend = null;
      throw new StoreUnavailable('silent');
    };
    const ended = Promise.allSettled([first, ...behind]);
    release();
    for (const { status } of await ended) expect(status).toBe('rejected');
    await expect(younger).resolves.toMatchObject({ order: { tags: ['younger'] } });
    await expect(behind[199]).rejects.toBeInstanceOf(StoreUnavailable);
  });
});

describe('commands behind others that the store takes slowly', () => {
  it('are refused once they have waited five seconds and have not the next turn; nothing of theirs is stored', async () => {
    let elapsedMs = 0;
    const { memory, commands: before } = setUp();
    await before.handle(request(place));
    const commands = new OrderCommands(memory.port, { elapsedMs: () => elapsedMs });
    memory.beforeAppend = () => void (elapsedMs += 3_000);
    const asked = Array.from({ length: 4 * 64 }, (_, n) => commands.handle(request(tags(`number ${n}`))));
    const ended = await Promise.allSettled(asked);
    const refused = ended.filter(({ status }) => status === 'rejected');
    // Three turns end after three, six and nine seconds; the other commands would have to wait for twelve.
    expect(ended.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 3 * 64 }, () => 'fulfilled'),
      ...Array.from({ length: 64 }, () => 'rejected'),
    ]);
    for (const { reason } of refused as PromiseRejectedResult[])
      expect(reason).toBeInstanceOf(StoreUnavailable);
    expect(memory.events).toHaveLength(1 + 3 * 64);
    await expect(commands.handle(request(tags('later')))).resolves.toMatchObject({
      order: { tags: ['later'] },
    });
  });
});

describe('recordedAt', () => {
  it('never goes back within an order, whatever the clock does', async () => {
    const times = ['12:00:05', '12:00:01', '12:00:03', '12:00:09'];
    const { memory, commands } = setUp(() => `2026-11-22T${times.shift()!}.000Z` as Instant);
    await commands.handle(request(place));
    for (const name of ['a', 'b', 'c']) await commands.handle(request(tags(name)));
    const recorded = memory.events.map(({ metadata }) =>
      (metadata as { recordedAt: string }).recordedAt.slice(11, 19),
    );
    expect(recorded).toEqual(['12:00:05', '12:00:05', '12:00:05', '12:00:09']);
  });
});

describe('ids', () => {
  it('of what a command creates follow from the command alone', async () => {
    const asked = request(place);
    const [one, other] = await Promise.all([setUp().commands.handle(asked), setUp().commands.handle(asked)]);
    expect(one.events).toEqual(other.events);
    const another = await setUp().commands.handle(request(place));
    expect(another.events[0]!.ids).not.toEqual(one.events[0]!.ids);
  });
});
