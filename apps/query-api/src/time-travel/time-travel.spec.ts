import { beforeEach, describe, expect, it } from '@jest/globals';
import { changeLineQuantity, editOrder } from '#domain/testing/commands.js';
import { decodeEach } from '#event-store/codec.js';
import type { RawEvent, StreamRange } from '#event-store/port.js';
import type { ParkedAt } from '#read-models/readers/parked.reader.js';
import { MemoryEventStore } from '#test/support/memory-event-store.js';
import { place, tags, WrittenOrder } from '#test/support/order-streams.js';
import { TimeTravel, type OrderAsked } from './time-travel.js';

const MANY = 1_100;

describe('the past of a long order', () => {
  let store: MemoryEventStore;
  let order: WrittenOrder;
  let timeTravel: TimeTravel;
  let sizeBytes: number;
  /** Revisions of the events as they are read. */
  let read: number[];
  /** Reads that were begun and not read to their end. */
  let reading: number;
  /** No event is read again before this resolves. */
  let again: Promise<unknown>;

  let parked: ParkedAt | null;

  beforeEach(async () => {
    parked = null;
    store = new MemoryEventStore();
    order = new WrittenOrder(store.port);
    sizeBytes = 500;
    read = [];
    reading = 0;
    again = Promise.resolve();
    await order.does(place(order, 50));
    const readStream = async function* (stream: string, range?: StreamRange): AsyncGenerator<RawEvent> {
      const events = [];
      for await (const event of store.port.readStream(stream, range)) events.push(event);
      reading += 1;
      if (range?.maxCount === order.order.revision + 1) await again;
      for (const event of events) {
        read.push(event.revision);
        yield { ...event, sizeBytes };
      }
      reading -= 1;
    };
    const leftOut = { of: async () => ({ skipped: new Set<number>(), parked }) };
    const freshness = {
      ofThisStore: async () => undefined,
      notCaughtUp: () => Promise.reject(new Error('not asked for here')),
    };
    timeTravel = new TimeTravel({ readStream }, { decodeEach }, leftOut, freshness);
  });

  const asked = (tenantId = 'default', customerId: string | null = null): OrderAsked => ({
    audience: { tenantId, customerId },
    orderId: order.orderId,
    consistentWith: null,
  });
  const changes = (count: number) => order.does(...Array.from({ length: count }, (_, at) => tags(`${at}`)));
  const diff = (tenantId?: string) => timeTravel.diff(asked(tenantId), { revision: 0 }, null);

  it('is told while others are served', async () => {
    await changes(MANY);
    let turns = 0;
    let next = setImmediate(function turn() {
      turns += 1;
      next = setImmediate(turn);
    });
    const { answer } = await diff();
    clearImmediate(next);
    const change = answer.changes.find(({ pointer }) => pointer === '/tags')!;
    expect(change.to).toEqual([`${MANY - 1}`]);
    expect(change.by.map(({ revision }) => revision)).toEqual(
      Array.from({ length: 100 }, (_, at) => MANY - 99 + at),
    );
    expect(change.earlier).toBe(MANY - 100);
    expect(turns).toBeGreaterThan(1);
  });

  it('names each event once that changed a thing, however much of it', async () => {
    const tax = { rateBasisPoints: 2_000, amountMinor: null, inclusive: false };
    const line = { sku: 'JUG', name: 'Jug', quantity: 1, unitPriceMinor: 300, tax };
    await order.does(editOrder([{ op: 'addLine', line }]));
    const { lineId } = order.order.lines.at(-1)!;
    // Each changes the quantity and the tax of the line.
    for (let quantity = 2; quantity <= 61; quantity++)
      await order.does(editOrder([changeLineQuantity(lineId, quantity)]));
    const { answer } = await diff();
    const change = answer.changes.find(({ pointer }) => pointer.startsWith('/lines/'))!;
    expect(change.by.map(({ revision }) => revision)).toEqual(Array.from({ length: 61 }, (_, at) => 1 + at));
    expect(change.earlier).toBeUndefined();
  });

  it('is the same whether its events are held or read again', async () => {
    await changes(9);
    const tell = async () => [
      (await diff()).answer,
      (await timeTravel.orderAt(asked(), { revision: 5 })).answer,
      (await timeTravel.orderAt(asked(), { revision: 9 })).answer,
    ];
    const held = await tell();
    expect(held[1]).toMatchObject({ revision: 5, tags: ['4'] });
    expect(read).toHaveLength(3 * 10);
    read = [];
    sizeBytes = 1_000_000;
    expect(await tell()).toEqual(held);
    expect(read.length).toBeGreaterThan(4 * 10);
    expect(reading).toBe(0);
  });

  it('is read no further than to its first event for another customer', async () => {
    await changes(9);
    const stranger = timeTravel.orderAt(asked('default', 'somebody else'), { revision: 0 });
    await expect(stranger).rejects.toMatchObject({ code: 'order_not_found' });
    expect(read).toEqual([0]);
    expect(reading).toBe(0);
    const owner = timeTravel.orderAt(asked('default', '17850'), { revision: 0 });
    expect((await owner).answer).toMatchObject({ revision: 0 });
  });

  it('is that of a short one where it is parked early, however many events there are', async () => {
    await changes(MANY);
    parked = { revision: 3, reason: 'of no known type' };
    const asking = Array.from({ length: 5 }, () => timeTravel.orderAt(asked(), { revision: 1 }));
    const told = await Promise.all(asking);
    expect(told.map(({ answer }) => answer.revision)).toEqual([1, 1, 1, 1, 1]);
    expect(Math.max(...read)).toBe(99);
    expect(reading).toBe(0);
  });

  it('is told twice to a tenant and three times in all at once, that of a short order any number of times', async () => {
    await changes(9);
    /** @param refusals are waited for before any of the others is told */
    const outcomes = async (tenants: readonly string[], refusals = 0) => {
      let goOn!: () => void;
      again = new Promise<void>((resolve) => (goOn = resolve));
      let refused = 0;
      const told = tenants.map((tenant) =>
        diff(tenant).then(
          () => 'told',
          ({ code }: { code: string }) => {
            if (++refused === refusals) goOn();
            return code;
          },
        ),
      );
      if (refusals === 0) goOn();
      const all = await Promise.all(told);
      expect(reading).toBe(0);
      return all;
    };
    const tenants = ['a', 'a', 'a', 'b', 'b'];
    expect(await outcomes(tenants)).toEqual(Array<string>(5).fill('told'));
    sizeBytes = 1_000_000;
    const refused = 'too_many_requests';
    expect((await outcomes(tenants, 2)).sort()).toEqual(['told', 'told', 'told', refused, refused]);
    expect((await outcomes(['a', 'a', 'a'], 1)).sort()).toEqual(['told', 'told', refused]);
    expect(await outcomes(['a', 'a'])).toEqual(['told', 'told']);
  });
});
