import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type pg from 'pg';
import { encodeOrderPosition } from '#platform/order-position.js';
import { askForAction } from '#read-models/stores/quarantine-actions.store.js';
import { testPool } from '../../support/database.js';
import { confirm, place, tags, WrittenOrder } from '../../support/order-streams.js';
import { startTestQuerySystem, type TestQuerySystem } from '../../support/query-api.js';
import { UNKNOWN_TYPE } from '../../support/quarantine.js';
import { until } from '../../support/until.js';

// Whole systems start here, on a machine that may be busy with others.
jest.setTimeout(120_000);

const PATIENCE_MS = 60_000;

describe('an order that is parked, over HTTP,', () => {
  let system: TestQuerySystem;
  let pool: pg.Pool;
  let order: WrittenOrder;
  let fine: WrittenOrder;
  let path: string;
  let customer: string;

  beforeAll(async () => {
    system = await startTestQuerySystem();
    pool = testPool(system.postgresUrl, 1);
    system.startProjector();
    [order, fine] = [new WrittenOrder(system.eventStore), new WrittenOrder(system.eventStore)];
    path = `/v1/orders/${order.orderId}`;
    customer = await system.token({ customer: '17850' });
    await order.does(place(order), tags('before'));
    await fine.does(place(fine, 2, { reference: 'fine' }));
    await order.receives({ type: UNKNOWN_TYPE });
    await order.does(tags('after'));
  });
  afterAll(async () => {
    await pool.end();
    await system.close();
  });

  /** As a change of the order answers with. */
  const tokenOf = async ({ orderId }: WrittenOrder, revision: number) => ({
    'consistent-with': encodeOrderPosition({
      position: (await system.eventStore.headPosition())!,
      store: await system.storeMark(),
      ...{ orderId, revision },
    }),
  });

  it('is shown as far as it could be, and says that it is stale, and to staff why', async () => {
    const headers = await system.caughtUp();
    const { status, body } = await system.ask(path, { headers });
    expect(status).toBe(200);
    expect(body).toMatchObject({ revision: 1, tags: ['before'], stale: true });
    expect(body['staleReason']).toMatch(/does not know the type/);
    const own = await system.ask(path, { headers, token: customer });
    expect(own.body).toMatchObject({ revision: 1, stale: true });
    expect(own.body['staleReason']).toBe('a later change of the order cannot be shown yet');
    // Who has that revision already would not learn of it from 304.
    expect((await system.ask(path, { headers: { 'if-none-match': '"1"' } })).status).toBe(200);
    const { body: other } = await system.ask(`/v1/orders/${fine.orderId}`, { headers });
    expect(other).not.toHaveProperty('stale');
  });

  it('is named beside the list that it is in', async () => {
    const { body } = await system.ask('/v1/orders', { headers: await system.caughtUp() });
    expect(body['stale']).toEqual([order.orderId]);
    expect((body['items'] as { revision: number }[]).map(({ revision }) => revision).sort()).toEqual([0, 1]);
    const { body: others } = await system.ask('/v1/orders?status=cancelled');
    expect(others).toEqual({ items: [], nextCursor: null });
  });

  it('is named beside what a search finds, now and as of a moment', async () => {
    const headers = await system.caughtUp();
    for (const body of [{}, { asOf: new Date().toISOString() }]) {
      const found = await system.ask('/v1/orders/search', { method: 'POST', body, headers });
      expect(found.body).toMatchObject({ total: 2, stale: [order.orderId] });
    }
    const none = { filters: { status: ['cancelled'] } };
    const { body } = await system.ask('/v1/orders/search', { method: 'POST', body: none, headers });
    expect(body).toMatchObject({ total: 0 });
    expect(body).not.toHaveProperty('stale');
  });

  it('is told of beside its history, and to staff why', async () => {
    const headers = await system.caughtUp();
    const { body } = await system.ask(`${path}/history?limit=1`, { headers });
    expect(body).toMatchObject({ items: [{ revision: 0 }], stale: true });
    expect(body['staleReason']).toMatch(/does not know the type/);
    const next = await system.ask(`${path}/history?cursor=${String(body['nextCursor'])}`);
    expect(next.body).toMatchObject({ items: [{ revision: 1 }], stale: true });
    const own = await system.ask(`${path}/history`, { token: customer });
    expect(own.body).toMatchObject({
      items: [{ revision: 0 }, { revision: 1 }],
      stale: true,
      staleReason: 'a later change of the order cannot be shown yet',
    });
    const { body: other } = await system.ask(`/v1/orders/${fine.orderId}/history`, { headers });
    expect(other).not.toHaveProperty('stale');
  });

  it('is told of beside sums that count it, and no others', async () => {
    const headers = await system.caughtUp();
    const now = new Date().toISOString();
    const ofCustomer = '/v1/customers/17850/summary';
    for (const query of ['', '?by=status', `?asOf=${now}`, `?recordedAsOf=${now}&customerId=17850`])
      expect((await system.ask(`/v1/orders/totals${query}`, { headers })).body).toMatchObject({
        stale: true,
      });
    for (const asking of [{ headers }, { headers, token: customer }])
      expect((await system.ask(ofCustomer, asking)).body).toMatchObject({ orders: 2, stale: true });
    const another = new WrittenOrder(system.eventStore, 'demo');
    await another.does(place(another));
    const demo = { headers: await system.caughtUp(), token: await system.token({ tenant: 'demo' }) };
    for (const asked of ['/v1/orders/totals', ofCustomer]) {
      const { status, body } = await system.ask(asked, demo);
      expect([status, body['stale']]).toEqual([200, undefined]);
    }
    const { body: none } = await system.ask('/v1/orders/totals?status=cancelled', { headers });
    expect(none).toEqual({ items: [] });
    const { body: whole } = await system.ask('/v1/orders/totals?reference=fine', { headers });
    expect(whole['items']).toMatchObject([{ orders: 1 }]);
    expect(whole).not.toHaveProperty('stale');
  });

  it('is marked in exports, and named among what changed', async () => {
    const headers = await system.caughtUp();
    const { text } = await system.ask('/v1/exports/orders', { headers });
    const exported = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { orderId: string; stale?: true });
    expect(Object.fromEntries(exported.map(({ orderId, stale }) => [orderId, stale]))).toEqual({
      [order.orderId]: true,
      [fine.orderId]: undefined,
    });
    const csv = await system.ask('/v1/exports/orders?format=csv', { headers });
    const stale = csv.text.split('\r\n').map((line) => line.split(',').at(-1));
    expect(stale.sort()).toEqual(['', '', 'stale', 'true']);
    const period = `fromAsOf=2000-01-01T00:00:00Z&toAsOf=${new Date().toISOString()}`;
    const { body } = await system.ask(`/v1/orders/diff?${period}`, { headers });
    expect([(body['items'] as unknown[]).length, body['stale']]).toEqual([2, [order.orderId]]);
  });

  it('is named among many that are parked, and they are not where they are not shown', async () => {
    await pool.query(
      `INSERT INTO orderlog.quarantine (projection, generation, tenant_id, order_id, revision, reason)
       SELECT projection, generation, tenant_id, gen_random_uuid(), 0, 'one of many'
       FROM (SELECT * FROM orderlog.quarantine WHERE order_id = $1 LIMIT 1) one, generate_series(1, 120)`,
      [order.orderId],
    );
    try {
      const list = await system.ask('/v1/orders');
      const search = await system.ask('/v1/orders/search', { method: 'POST', body: {} });
      for (const { body } of [list, search]) expect(body['stale']).toEqual([order.orderId]);
    } finally {
      await pool.query(`DELETE FROM orderlog.quarantine WHERE reason = 'one of many'`);
    }
  });

  it('is refused to a read that must show what could not be applied, and to no other', async () => {
    const beyond = await tokenOf(order, 3);
    const pasts = [`${path}?revision=0`, `${path}/diff?from=0`];
    for (const asked of [
      path,
      '/v1/orders',
      `${path}/history`,
      '/v1/orders/totals',
      '/v1/events',
      ...pasts,
    ]) {
      const { status, body, headers } = await system.ask(asked, { headers: beyond });
      expect([asked, status, body['code']]).toEqual([asked, 503, 'order_parked']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(1);
    }
    const search = { method: 'POST', body: {}, headers: beyond };
    expect((await system.ask('/v1/orders/search', search)).body).toMatchObject({ code: 'order_parked' });
    for (const asked of [path, ...pasts])
      expect((await system.ask(asked, { headers: await tokenOf(order, 1) })).status).toBe(200);
    expect((await system.ask(path, { headers: await tokenOf(fine, 0) })).status).toBe(200);
    expect((await system.ask(`${path}?minRevision=2`)).body).toMatchObject({ code: 'order_parked' });
    expect((await system.ask(`${path}?minRevision=1`)).status).toBe(200);
  });

  it('is told of to its own customer who asks for what could not be applied, and to no other', async () => {
    const beyond = await tokenOf(order, 3);
    const another = await system.token({ customer: 'another' });
    for (const asked of [
      '/v1/orders',
      `/v1/orders/diff?fromAsOf=2000-01-01T00:00:00Z&toAsOf=${new Date().toISOString()}`,
    ]) {
      const own = await system.ask(asked, { headers: beyond, token: customer });
      expect(own.body).toMatchObject({ code: 'order_parked' });
      expect(await system.ask(asked, { headers: beyond, token: another })).toMatchObject({
        ...{ status: 200, body: { items: [] } },
      });
    }
    const { body } = await system.ask(path, { headers: beyond, token: another });
    expect(body).toMatchObject({ code: 'order_not_found' });
  });

  it('is shown as of any moment up to the end of its row, and is stale only there', async () => {
    const { body: now } = await system.ask(`${path}?asOf=${new Date().toISOString()}`);
    expect(now).toMatchObject({ revision: 1, tags: ['before'], stale: true });
    const { body: placed } = await system.ask(`${path}?revision=0`);
    expect(placed).toMatchObject({ revision: 0, tags: [] });
    expect(placed).not.toHaveProperty('stale');
    expect((await system.ask(`${path}?revision=2`)).body).toMatchObject({ code: 'order_parked' });
    const { body: diff } = await system.ask(`${path}/diff?from=0`);
    expect(diff).toMatchObject({ to: { revision: 1 }, stale: true });
    expect((await system.ask(`${path}/diff?from=0&to=0`)).body).not.toHaveProperty('stale');
    for (const period of ['from=0&to=2', 'from=2'])
      expect((await system.ask(`${path}/diff?${period}`)).body).toMatchObject({ code: 'order_parked' });
    expect((await system.ask(`${path}/diff?from=0`, { token: customer })).body['staleReason']).toBe(
      'a later change of the order cannot be shown yet',
    );
  });

  it('is not there for a customer, and parked for staff, while it has no row', async () => {
    const unplaced = new WrittenOrder(system.eventStore);
    const event = { eventId: randomUUID(), type: UNKNOWN_TYPE, data: {}, metadata: {} as never };
    await system.eventStore.append(unplaced.stream, [event], 'no_stream');
    const headers = await system.caughtUp();
    const unplacedPath = `/v1/orders/${unplaced.orderId}`;
    for (const asked of ['', '?revision=0', '/history'].map((what) => unplacedPath + what)) {
      expect((await system.ask(asked, { headers })).body).toMatchObject({ code: 'order_parked' });
      const asCustomer = await system.ask(asked, { headers, token: customer });
      expect(asCustomer.body).toMatchObject({ code: 'order_not_found' });
    }
  });

  it('is the same now and as of now once the event is skipped, which took its revision', async () => {
    await askForAction(pool, {
      ...{ projection: 'orders', generation: 1, action: 'skip', tenantId: 'default', orderId: order.orderId },
      ...{ revision: 2, reason: 'of a release that is gone', who: 'the tests' },
    });
    await until('the row goes on', async () => (await system.ask(path)).body['revision'] === 3, PATIENCE_MS);
    const { body: live } = await system.ask(path);
    expect(live).toMatchObject({ revision: 3, tags: ['after'] });
    expect(live).not.toHaveProperty('stale');
    // Rows that had the event were made anew without it, at the same revision.
    expect((await system.ask(path, { headers: { 'if-none-match': '"3"' } })).status).toBe(200);
    for (const asked of [`${path}/history`, '/v1/orders/totals', '/v1/customers/17850/summary'])
      expect((await system.ask(asked)).body).not.toHaveProperty('stale');
    const { body: now } = await system.ask(`${path}?asOf=${new Date().toISOString()}`);
    expect(now).toEqual(live);
    expect((await system.ask(`${path}?revision=2`)).body).toMatchObject({ revision: 2, tags: ['before'] });
    expect((await system.ask(`${path}/diff?from=2`)).body).toMatchObject({
      changes: [{ pointer: '/tags', by: [{ revision: 3 }] }],
    });
    await order.does(confirm);
    await system.caughtUp();
    const { body: later } = await system.ask(path, { headers: await tokenOf(order, 4) });
    expect(later).toMatchObject({ revision: 4, status: 'confirmed' });
  });
});
