import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { evolveWithin, type OrderCommandType } from '#domain/order/order.js';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { OrderCommands } from '../../../apps/command-api/src/handling/order-commands.js';
import { startTestCommandApi, type TestCommandApi } from '../../support/command-api.js';
import { tellStories, type Told } from '../../support/command-stories.js';
import { startTestEventStore } from '../../support/event-store.js';
import { mug, mugOrder } from '../../support/orders.js';
import {
  expectOtherBodiesRefused,
  expectReplay,
  isReplay,
  othersThan,
} from '../../support/replays-of-commands.js';
import { orderEvents } from '../../support/stored-events.js';

jest.setTimeout(60_000);

/** So few commands an order remembers here. */
const WINDOW = { always: 2, atMost: 2, recentMs: 0 };

/** Remembered for ever: it made the order, or what it adds has no id. */
const KEPT: ReadonlySet<OrderCommandType> = new Set(['PlaceOrder', 'ReceiveReturn'] as const);
/** They say how something is to be, and are decided anew. */
const SAY_A_STATE: ReadonlySet<OrderCommandType> = new Set([
  ...([
    'ChangeContact',
    'ChangeShipmentTracking',
    'ChangeTags',
    'ChangeAttributes',
    'HoldOrder',
    'ReleaseOrder',
  ] as const),
  ...(['RecordStockReserved', 'RecordStockRejected', 'RecordStockReleased'] as const),
]);

/** Of a refund that was given up: with the provider's reference in its body it is the provider's word, and news. */
const LEAVES_NEWS: OrderCommandType = 'RecordRefundFailed';

/** What they make gets its id from the key. */
const MAKE_AN_ID: readonly OrderCommandType[] = [
  ...(['AddNote', 'EditOrder', 'CreateShipment', 'CancelLines', 'RequestReturn', 'RequestRefund'] as const),
];
/** The very same under its id is nothing to do; anything else may not have that id. */
const HAS_ITS_ID: ReadonlySet<string> = new Set(['nothing to do', 'id_already_used']);

let server: Awaited<ReturnType<typeof startTestEventStore>>;
let store: DbClientEventStore;
let api: TestCommandApi;

/** As another process, which knows no order; in this one only one at a time can append. */
const startApi = () =>
  startTestCommandApi({
    eventStoreUrl: server.url,
    handlingOf: (eventStore) => new OrderCommands(eventStore, { evolve: evolveWithin(WINDOW) }),
  });

beforeEach(async () => {
  server = await startTestEventStore();
  store = new DbClientEventStore({ connectionString: server.url });
  api = await startApi();
}, 60_000);

afterEach(async () => {
  await api.close();
  await store.close();
  await server.close();
}, 60_000);

const orderIdOf = ({ answer }: Told) => String(answer.body['orderId']);
async function streams(stories: readonly Told[]) {
  const orderIds = [...new Set(stories.map(orderIdOf))];
  const all = orderIds.map((orderId) => orderEvents(store, orderId));
  return (await Promise.all(all)).flat();
}

/** So many other commands that the order remembers none of those before. */
async function fillWindow(orderId: string): Promise<void> {
  for (const tags of [['a'], ['b'], ['c']]) {
    const sent = { method: 'PUT', body: { tags } };
    expect((await api.send(`/v1/orders/${orderId}/tags`, sent)).status).toBe(200);
  }
}

describe('a key past the window of its order', () => {
  it('repeats nothing of any command, with the same body or another, cached or loaded', async () => {
    const stories = await tellStories(api);
    for (const orderId of new Set(stories.map(orderIdOf))) await fillWindow(orderId);
    const before = await streams(stories);
    const kept = stories.filter(({ type }) => KEPT.has(type));
    const forgotten = stories.filter(({ type }) => !KEPT.has(type) && !SAY_A_STATE.has(type));

    for (const loaded of [false, true]) {
      if (loaded) {
        await api.close();
        api = await startApi();
      }
      for (const told of forgotten) {
        const again = await api.send(told.path, told.sent);
        // It is not known any more; but what it did is there, so that there is nothing to do, or it may not be.
        expect({ type: told.type, replayed: isReplay(again) }).toEqual({ type: told.type, replayed: false });
        if (again.status === 200) expect(again.body['events']).toEqual([]);
        else expect({ type: told.type, status: again.status }).toEqual({ type: told.type, status: 409 });
        if (told.type === LEAVES_NEWS) continue;
        for (const body of othersThan(told.sent.body)) {
          const other = await api.send(told.path, { ...told.sent, body });
          if (other.status === 200) expect(other.body['events']).toEqual([]);
          else expect([409, 422]).toContain(other.status);
        }
      }
      expect(await streams(stories)).toEqual(before);
      for (const told of kept) {
        await expectReplay(api, told);
        await expectOtherBodiesRefused(api, told);
      }
      expect(await streams(stories)).toEqual(before);
    }
  });

  it('repeats nothing while the order still takes such commands: what it made has its id already', async () => {
    const refusals = new Map<string, Set<string>>();
    await tellStories(api, async (told) => {
      const orderId = orderIdOf(told);
      await fillWindow(orderId);
      if (KEPT.has(told.type) || SAY_A_STATE.has(told.type)) return;
      const before = await orderEvents(store, orderId);
      const again = await api.send(told.path, told.sent);
      expect({ type: told.type, replayed: isReplay(again) }).toEqual({ type: told.type, replayed: false });
      if (again.status === 200) expect(again.body['events']).toEqual([]);
      const how = again.status === 200 ? 'nothing to do' : String(again.body['code']);
      refusals.set(told.type, (refusals.get(told.type) ?? new Set()).add(how));
      expect(await orderEvents(store, orderId)).toEqual(before);
    });
    // Not because the order takes no such command now: it would.
    for (const type of MAKE_AN_ID) {
      const others = [...refusals.get(type)!].filter((how) => !HAS_ITS_ID.has(how));
      expect({ type, others }).toEqual({ type, others: [] });
    }
  });

  it('does not bring back what was removed since', async () => {
    const { body } = await api.send('/v1/orders', { body: mugOrder() });
    const orderId = String(body['orderId']);
    const edit = (operation: object, key: string) =>
      api.send(`/v1/orders/${orderId}/edits`, { body: { operations: [operation] }, key });
    const added = [
      [{ op: 'addLine', line: mug() }, 'removeLine', 'lineId'],
      [
        { op: 'applyDiscount', discount: { code: 'SPRING', amountMinor: 50 } },
        'removeDiscount',
        'discountId',
      ],
    ] as const;
    for (const [operation, op, name] of added) {
      const first = await edit(operation, `undone by ${op}`);
      expect([first.status, first.body['code']]).toEqual([200, undefined]);
      const [{ ids }] = first.body['events'] as [{ ids: Record<string, string> }];
      expect((await edit({ op, [name]: ids[name] }, op)).status).toBe(200);
      await fillWindow(orderId);
      const again = await edit(operation, `undone by ${op}`);
      expect([op, again.status, again.body['code']]).toEqual([op, 409, 'id_already_used']);
    }
  });

  it('repeats no part of an edit that made something: its quantity was changed since', async () => {
    const placed = await api.send('/v1/orders', { body: mugOrder() });
    const [{ ids }] = placed.body['events'] as [{ ids: { lineIds: readonly string[] } }];
    const orderId = String(placed.body['orderId']);
    const edit = (quantity: number, key: string, ...more: readonly object[]) => {
      const change = { op: 'changeLineQuantity', lineId: ids.lineIds[0], quantity };
      return api.send(`/v1/orders/${orderId}/edits`, { body: { operations: [...more, change] }, key });
    };
    const surcharge = { op: 'addSurcharge', surcharge: { code: 'GIFT', amountMinor: 50 } };
    expect((await edit(5, 'wrapped', surcharge)).status).toBe(200);
    expect((await edit(7, 'two more')).status).toBe(200);
    await fillWindow(orderId);
    const before = await orderEvents(store, orderId);
    const again = await edit(5, 'wrapped', surcharge);
    expect([again.status, again.body['code']]).toEqual([409, 'id_already_used']);
    expect(await orderEvents(store, orderId)).toEqual(before);
  });

  it('sets a quantity again, as it is a state; with If-Match, nothing', async () => {
    const placed = await api.send('/v1/orders', { body: mugOrder() });
    const [{ ids }] = placed.body['events'] as [{ ids: { lineIds: readonly string[] } }];
    const orderId = String(placed.body['orderId']);
    const path = `/v1/orders/${orderId}/edits`;
    const change = (quantity: number, key: string, ifMatch?: string) => {
      const operations = [{ op: 'changeLineQuantity', lineId: ids.lineIds[0], quantity }];
      const headers = ifMatch === undefined ? {} : { 'if-match': ifMatch };
      return api.send(path, { body: { operations }, key, headers });
    };
    const first = await change(5, 'to five', '"0"');
    expect(first.status).toBe(200);
    expect((await change(7, 'to seven')).status).toBe(200);
    await fillWindow(orderId);
    expect((await change(5, 'to five', '"0"')).status).toBe(412);
    const again = await change(5, 'to five');
    expect([again.status, isReplay(again)]).toEqual([200, false]);
    expect(again.body['events']).toMatchObject([{ type: 'LineQuantityChanged' }]);
  });

  it('is that of the command before the last two, where an order remembers two', async () => {
    const placed = await api.send('/v1/orders', { body: mugOrder() });
    const notes = ['one', 'two', 'three'].map((text) => ({ body: { text }, key: `note ${text}` }));
    const path = `/v1/orders/${String(placed.body['orderId'])}/notes`;
    for (const note of notes) await api.send(path, note);
    const again = [];
    for (const note of notes) again.push(isReplay(await api.send(path, note)));
    expect(again).toEqual([false, true, true]);
  });
});
