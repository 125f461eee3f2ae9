import { randomUUID } from 'node:crypto';
import { describe, expect, it, jest } from '@jest/globals';
import { orderStream } from '#event-store/streams.js';
import { type Answer, type Sent, type TestCommandApi } from '../../support/command-api.js';
import { ownEventStore } from '../../support/own-event-store.js';
import { mugOrder } from '../../support/orders.js';
import { isReplay, seen } from '../../support/replays-of-commands.js';
import { collected } from '../../support/stored-events.js';

jest.setTimeout(60_000);

const PROCESSES = 4;
const AT_ONCE = 100;

const its = ownEventStore({ apis: Array.from({ length: PROCESSES }, () => ({})) });
const { apis } = its;

const eventsOf = async (orderId: string, tenantId = 'default') =>
  collected(its.store.readStream(orderStream(tenantId, orderId)));

const orderIdOf = ({ body }: Answer) => String(body['orderId']);

async function place(sent: Sent = {}): Promise<string> {
  const answer = await apis[0]!.send('/v1/orders', { body: mugOrder(), ...sent });
  expect(answer.status).toBe(201);
  return orderIdOf(answer);
}

/** The same request by so many clients at once, spread over all processes. */
const atOnce = (path: string, sentOf: (n: number) => Sent) =>
  Promise.all(Array.from({ length: AT_ONCE }, (_, n) => apis[n % PROCESSES]!.send(path, sentOf(n))));

describe(`${AT_ONCE} identical requests at once, over ${PROCESSES} processes`, () => {
  const capture = { amountMinor: 500, currency: 'EUR', providerReference: 'C-1' };
  const goodwill = { reason: 'goodwill', of: { kind: 'amount', amountMinor: 100 }, currency: 'EUR' };

  it.each([
    ['to place an order', null, mugOrder()],
    ['to add a note', 'notes', { text: 'once' }],
    ['to edit', 'edits', { operations: [{ op: 'addSurcharge', surcharge: { amountMinor: 5 } }] }],
    ['to record a capture', 'payments/captured', capture],
    ['to pay money back', 'refunds', goodwill],
    ['to ship everything', 'shipments', {}],
  ])('%s have one effect and one answer', async (_what, route, body) => {
    let path = '/v1/orders';
    let before = 0;
    if (route !== null) {
      const orderId = await place();
      path += `/${orderId}/${route}`;
      await apis[0]!.send(`/v1/orders/${orderId}/confirm`);
      const paid = { ...capture, providerReference: 'C-0' };
      await apis[0]!.send(`/v1/orders/${orderId}/payments/captured`, { body: paid });
      before = 3;
    }
    const key = randomUUID();
    const answers = await atOnce(path, () => ({ body, key }));
    const [answer] = answers;
    expect(answer!.status).toBe(route === null ? 201 : 200);
    expect(new Set(answers.map((each) => JSON.stringify(seen(each)))).size).toBe(1);
    expect(new Set(answers.map(({ headers }) => headers.get('order-position'))).size).toBe(1);
    expect(answers.filter((each) => !isReplay(each))).toHaveLength(1);
    expect(await eventsOf(orderIdOf(answer!))).toHaveLength(before + 1);
  });

  it('but for their body have one effect: one body wins, the others are refused', async () => {
    const key = randomUUID();
    const answers = await atOnce('/v1/orders', (n) => ({
      body: mugOrder({ reference: `R-${n % 3}` }),
      key,
    }));
    const statusesOf = (reference: number) => [
      ...new Set(answers.filter((_, n) => n % 3 === reference).map(({ status }) => status)),
    ];
    expect([0, 1, 2].flatMap(statusesOf).sort()).toEqual([201, 422, 422]);
    const done = answers.filter(({ status }) => status === 201);
    expect(done.filter((each) => !isReplay(each))).toHaveLength(1);
    expect(await eventsOf(orderIdOf(done[0]!))).toHaveLength(1);
  });
});

describe('the same key and body', () => {
  /** Each is done, none is taken for the repetition of another; and each is known when it comes again. */
  async function neverMeet(asked: readonly { path: string; sent: Sent }[]): Promise<readonly Answer[]> {
    const send = () => Promise.all(asked.map(({ path, sent }, n) => apis[n % PROCESSES]!.send(path, sent)));
    const answers = await send();
    expect(answers.map((each) => [each.status < 300, isReplay(each)])).toEqual(
      answers.map(() => [true, false]),
    );
    const again = await send();
    expect(again.map((each) => [seen(each), isReplay(each)])).toEqual(
      answers.map((each) => [seen(each), true]),
    );
    return answers;
  }

  /** A token is good at every process only where it is checked: each has an issuer of its own. */
  const tokens = (n: number, options: Parameters<TestCommandApi['token']>[0]) =>
    apis[n % PROCESSES]!.token(options);

  it('of two clients, and of two tenants, place an order each', async () => {
    const sent = { body: mugOrder(), key: randomUUID() };
    const answers = await neverMeet([
      { path: '/v1/orders', sent },
      { path: '/v1/orders', sent: { ...sent, token: await tokens(1, { clientId: 'another-shop' }) } },
      { path: '/v1/orders', sent: { ...sent, token: await tokens(2, { tenant: 'demo' }) } },
    ]);
    expect(new Set(answers.map(orderIdOf)).size).toBe(3);
    const [own, other, demo] = answers.map(orderIdOf);
    expect([await eventsOf(own!), await eventsOf(other!)].map(({ length }) => length)).toEqual([1, 1]);
    expect(await eventsOf(demo!, 'demo')).toHaveLength(1);
  });

  it('on two orders are done on each', async () => {
    const sent = { body: { text: 'the same' }, key: randomUUID() };
    const orderIds = [await place(), await place()];
    await neverMeet(orderIds.map((orderId) => ({ path: `/v1/orders/${orderId}/notes`, sent })));
    for (const orderId of orderIds) expect(await eventsOf(orderId)).toHaveLength(2);
  });

  it('by two routes of one order are done by each', async () => {
    const sent = { body: { reason: 'the same' }, key: randomUUID() };
    const orderId = await place();
    const paths = ['hold', 'stock/rejected', 'cancel'].map((route) => `/v1/orders/${orderId}/${route}`);
    const answers: Answer[] = [];
    // One after the other: a cancelled order can be held no more.
    for (const path of paths) answers.push(...(await neverMeet([{ path, sent }])));
    expect(answers.map(({ body }) => body['revision'])).toEqual([1, 2, 3]);
  });

  it('of two customers, and of their shop, are done for each', async () => {
    const key = randomUUID();
    const customers = ['alice', 'bob'];
    const orders = await Promise.all(
      customers.map(async (customer) => ({
        customer,
        orderId: await place({ body: mugOrder({ customerId: customer }) }),
      })),
    );
    const asked = await Promise.all(
      orders.map(async ({ customer, orderId }, n) => ({
        path: `/v1/orders/${orderId}/cancel`,
        sent: { key, token: await tokens(n, { customer, scopes: ['orders:write'] }) },
      })),
    );
    await neverMeet(asked);
    // What is bob's cannot be alice's by the same key either.
    const stolen = await apis[0]!.send(asked[1]!.path, asked[0]!.sent);
    expect(stolen).toMatchObject({ status: 404, body: { code: 'order_not_found' } });
  });

  it('of a customer and of the shop, on one order, are two commands', async () => {
    const orderId = await place({ body: mugOrder({ customerId: 'carol' }) });
    const at = (route: string) => `/v1/orders/${orderId}/${route}`;
    await apis[0]!.send(at('confirm'));
    const packed = await apis[0]!.send(at('shipments'));
    const [{ ids }] = packed.body['events'] as [{ ids: { shipmentId: string } }];
    await apis[0]!.send(at(`shipments/${ids.shipmentId}/dispatch`));
    const placed = (await eventsOf(orderId))[0]!.data as { data: { lines: [{ lineId: string }] } };
    const lines = [{ lineId: placed.data.lines[0].lineId, quantity: 1 }];
    const sent = { body: { lines }, key: randomUUID() };
    const answers = await neverMeet([
      { path: at('returns'), sent },
      { path: at('returns'), sent: { ...sent, token: await tokens(1, { customer: 'carol' }) } },
    ]);
    expect(answers.map(({ body }) => body['revision']).sort()).toEqual([4, 5]);
  });
});
