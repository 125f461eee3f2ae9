import { beforeAll, describe, expect, it } from '@jest/globals';
import { Session, type OrderlogClient } from '#client/orderlog-client.js';
import { clientSystem, mugs } from '../../support/client-system.js';

const its = clientSystem();
const ORDERS = 25;

let client: OrderlogClient;
let ids: string[];

beforeAll(async () => {
  client = its.client();
  ids = [];
  for (let n = 0; n < ORDERS; n++) {
    const { orderId } = await client.placeOrder(mugs({ reference: `L-${n}`, tags: ['listed'] }));
    ids.push(orderId);
  }
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const gathered: T[] = [];
  for await (const item of items) gathered.push(item);
  return gathered;
}

describe('a client', () => {
  it('goes through all orders of a list, page after page', async () => {
    const listed = await all(client.items('listOrders', { tag: 'listed', sort: 'placedAt', limit: 10 }));
    expect(listed.map(({ orderId }) => orderId)).toEqual(ids);
    const pages = await all(client.pages('listOrders', { tag: 'listed', limit: 10 }));
    expect(pages.map(({ items }) => items.length)).toEqual([10, 10, 5]);
  });

  it('goes through all orders that a search finds', async () => {
    const found = await all(client.items('searchOrders', { text: 'mug', sort: 'placedAt', limit: 10 }));
    expect(found.map(({ orderId }) => orderId)).toEqual(ids);
  });

  it('goes through the whole history of an order', async () => {
    const orderId = ids[0]!;
    for (const text of ['one', 'two', 'three']) await client.addNote({ orderId, text });
    const history = await all(client.items('getOrderHistory', { orderId, limit: 2 }));
    expect(history.map(({ revision, type }) => `${revision} ${type}`)).toEqual([
      '0 OrderPlaced',
      '1 NoteAdded',
      '2 NoteAdded',
      '3 NoteAdded',
    ]);
  });

  it('reads the feed up to its end, or follows it until its signal aborts', async () => {
    const types = ['OrderPlaced' as const];
    const told = await all(client.items('listEvents', { types, limit: 10 }));
    expect(told.map(({ orderId }) => orderId)).toEqual(ids);

    const ending = new AbortController();
    const follow = client.items(
      'listEvents',
      { types, after: told.at(-1)!.next },
      {
        pollMs: 10,
        signal: ending.signal,
      },
    );
    const next = follow.next();
    const { orderId } = await client.placeOrder(mugs());
    expect((await next).value).toMatchObject({ orderId, type: 'OrderPlaced' });
    const after = follow.next();
    ending.abort(new Error('enough'));
    await expect(after).rejects.toThrow('enough');
  });

  it('reads the feed again after a move to another event store, once its session has forgotten the old one', async () => {
    const ofOldStore = btoa(JSON.stringify({ p: '1', s: 'deadbeef0000' }));
    const moved = its.client({ session: new Session(ofOldStore) });
    const again = () => all(moved.items('listEvents', { types: ['OrderPlaced'] }));
    await expect(again()).rejects.toMatchObject({ code: 'position_of_another_store' });
    moved.session.forget();
    expect((await again()).map(({ orderId }) => orderId)).toEqual(expect.arrayContaining(ids));
    const begun = moved.withSession(new Session());
    expect((await begun.items('listEvents', {}).next()).done).toBe(false);
  });

  it('gives all orders of an export, and stops when its reader does', async () => {
    const exported = await all(client.exportOrders({ tag: 'listed' }));
    expect(exported.map(({ orderId }) => orderId).sort()).toEqual([...ids].sort());
    for await (const { orderId } of client.exportOrders({ tag: 'listed' })) {
      expect(ids).toContain(orderId); // and no more of it is read
      break;
    }
  });
});
