import { describe, expect, it } from '@jest/globals';
import { Problem, Session } from '#client/orderlog-client.js';
import { clientSystem, mugs } from '../../support/client-system.js';

const its = clientSystem();
const NOBODY = '00000000-0000-4000-8000-000000000000';

/** What a call is refused with. */
async function refused(call: Promise<unknown>): Promise<Problem> {
  const problem = await call.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(problem instanceof Problem)) throw new Error(`no problem, but ${String(problem)}`);
  return problem;
}

describe('a client', () => {
  it('reads at once what it has written, in the one order and in lists', async () => {
    const client = its.client();
    const placed = await client.placeOrder(mugs({ reference: 'C-1', customerId: 'ada' }));
    expect(placed).toMatchObject({ revision: 0, events: [{ type: 'OrderPlaced' }] });
    const { orderId } = placed;
    await client.confirmOrder({ orderId });
    const captured = { amountMinor: 900, currency: 'GBP', providerReference: 'P-1' };
    await client.recordPaymentCaptured({ orderId, ...captured });

    const order = await client.getOrder({ orderId });
    expect(order).toMatchObject({ revision: 2, status: 'confirmed', totals: { balanceDueMinor: 0 } });
    expect(order.lines.map(({ sku, quantity }) => [sku, quantity])).toEqual([['MUG', 2]]);
    const { items } = await client.listOrders({ reference: 'C-1' });
    expect(items).toMatchObject([{ orderId, revision: 2, capturedMinor: 900 }]);
    expect(await client.summarizeCustomer({ customerId: 'ada' })).toMatchObject({ orders: 1 });
  });

  it('has a session that goes on elsewhere', async () => {
    const client = its.client();
    const { orderId } = await client.placeOrder(mugs());
    const kept = client.session.token;
    const elsewhere = its.client({ session: new Session(kept) });
    expect(await elsewhere.getOrder({ orderId })).toMatchObject({ orderId });
    const another = client.withSession();
    expect([another.session.token, client.session.token]).toEqual([null, kept]);
  });

  it('makes a key for each change, and repeats one that is given', async () => {
    const client = its.client();
    const first = await client.answer('placeOrder', mugs({ reference: 'C-2' }));
    expect(first).toMatchObject({ status: 201, revision: 0, replayed: false });
    expect(first.location).toBe(`http://query.example/v1/orders/${first.body!.orderId}`);
    const again = await client.answer('placeOrder', mugs({ reference: 'C-2' }), { key: first.key! });
    expect(again).toEqual({ ...first, replayed: true });
    const other = await client.placeOrder(mugs({ reference: 'C-2' }));
    expect(other.orderId).not.toBe(first.body!.orderId);
    expect((await refused(client.placeOrder(mugs(), { key: first.key! }))).code).toBe(
      'idempotency_key_reused',
    );
  });

  it('decides on the revision that it saw', async () => {
    const client = its.client();
    const { orderId, revision } = await client.placeOrder(mugs());
    await client.confirmOrder({ orderId }, { ifMatch: revision });
    const late = await refused(client.cancelOrder({ orderId }, { ifMatch: revision }));
    expect(late).toMatchObject({ status: 412, code: 'precondition_failed', outcome: 'nothing', tries: 1 });
  });

  it('has what it has as it is, when the order has not changed', async () => {
    const client = its.client();
    const { orderId } = await client.placeOrder(mugs());
    const headers = { 'if-none-match': '"0"' };
    expect(await client.answer('getOrder', { orderId }, { headers })).toMatchObject({
      status: 304,
      body: null,
      revision: 0,
    });
    await expect(client.getOrder({ orderId }, { headers })).rejects.toThrow('call answer() instead');
  });

  it('tells what is wrong with a request as a typed problem', async () => {
    const client = its.client();
    const wrong = await refused(client.placeOrder(mugs({ currency: 'pounds' })));
    expect(wrong).toMatchObject({ status: 400, code: 'validation_failed', outcome: 'nothing' });
    expect(wrong.errors).toMatchObject([{ pointer: '/currency' }]);
    expect(wrong.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(await refused(client.getOrder({ orderId: NOBODY }))).toMatchObject({
      code: 'order_not_found',
      key: null,
    });
    const { orderId } = await client.placeOrder(mugs());
    await client.cancelOrder({ orderId });
    const no = await refused(client.confirmOrder({ orderId }));
    expect([no.code, no.document['allowedCommands']]).toEqual([
      'not_allowed_in_state',
      (await client.getOrder({ orderId })).allowedCommands,
    ]);
  });

  it('tries a change out without doing it', async () => {
    const client = its.client();
    const { orderId } = await client.placeOrder(mugs());
    const operations = [{ op: 'addSurcharge' as const, surcharge: { amountMinor: 100 } }];
    const dry = await client.editOrder({ orderId, operations, dryRun: true });
    expect(dry).toMatchObject({ dryRun: true, order: { totals: { totalMinor: 1_000 } } });
    expect(await client.getOrder({ orderId })).toMatchObject({ revision: 0, totals: { totalMinor: 900 } });

    const quote = await client.placeOrder({ ...mugs(), dryRun: true });
    expect(quote).toMatchObject({ dryRun: true, order: { totals: { totalMinor: 900 } } });
    expect(await refused(client.getOrder({ orderId: quote.orderId }))).toMatchObject({
      code: 'order_not_found',
    });
  });

  it('sends what it has no method for, with all that it does for one', async () => {
    const client = its.client();
    const { body } = await client.send({ api: 'command', method: 'POST', path: '/v1/orders', body: mugs() });
    const { orderId } = body as { orderId: string };
    expect((await client.send({ api: 'query', method: 'GET', path: `/v1/orders/${orderId}` })).body).toEqual(
      await client.getOrder({ orderId }),
    );
  });
});

describe('a token', () => {
  it('that has expired is asked for anew, once for all calls that wait for it', async () => {
    const { issueToken } = its.system;
    const tokens = [await issueToken(-60), await issueToken(60)];
    let asked = 0;
    const client = its.client({ token: () => tokens[asked++] ?? 'one too many' });
    const placed = await Promise.all([1, 2, 3].map(() => client.placeOrder(mugs())));
    expect(new Set(placed.map(({ orderId }) => orderId)).size).toBe(3);
    expect(asked).toBe(2);
  });

  it('that has expired again, or stays as it is, is a problem', async () => {
    const expired = await its.system.issueToken(-60);
    let asked = 0;
    const asking = its.client({ token: async () => (asked++, expired) });
    expect(await refused(asking.listOrders())).toMatchObject({ code: 'token_expired', tries: 2 });
    expect(asked).toBe(2);
    expect(await refused(its.client({ token: expired }).listOrders())).toMatchObject({ tries: 1 });
  });

  it('that is refused for another reason is asked for anew by the next call', async () => {
    const tokens = ['made up', its.system.token];
    const client = its.client({ token: () => tokens.shift()! });
    expect((await refused(client.listOrders())).code).toBe('unauthenticated');
    expect((await client.listOrders({ limit: 1 })).items.length).toBeLessThanOrEqual(1);
  });

  it('that cannot be had is told as it was thrown, and asked for again by the next call', async () => {
    let asked = 0;
    const client = its.client({
      token: () => {
        if (asked++ === 0) throw new Error('the issuer is away');
        return its.system.token;
      },
    });
    await expect(client.listOrders()).rejects.toThrow('the issuer is away');
    await client.listOrders();
  });
});

it('an address that was not given is named when it is needed', async () => {
  const { queryApi, token } = its.system;
  const reading = its.client({ commandUrl: [], queryUrl: `http://${queryApi}/`, token });
  await reading.listOrders();
  await expect(reading.placeOrder(mugs())).rejects.toThrow('no address of command-api');
  expect(() => its.client({ queryUrl: 'ftp://localhost' })).toThrow('not an http or https address');
});
