import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { instantOf } from '#domain/instant.js';
import type { OrderCommand } from '#domain/order/order.js';
import { confirm, payment, place, tags, WrittenOrder } from '../../support/order-streams.js';
import { until } from '../../support/until.js';
import { startTestQuerySystem, type QueryAnswer, type TestQuerySystem } from '../../support/query-api.js';

// Whole systems start here, on a machine that may be busy with others.
jest.setTimeout(120_000);

const at = (time: string) => instantOf(time)!;
type Item = Record<string, unknown>;
type Paid = Extract<OrderCommand, { type: 'RecordPaymentCaptured' }>;
const itemsOf = ({ body }: QueryAnswer) => body['items'] as Item[];
const references = (answer: QueryAnswer) => itemsOf(answer).map(({ reference }) => reference);

describe('many orders over HTTP', () => {
  let system: TestQuerySystem;
  const orders: WrittenOrder[] = [];

  // R0 to R5 placed on the first days of January; R0 to R2 confirmed and R0 paid on the tenth.
  beforeAll(async () => {
    system = await startTestQuerySystem();
    for (let index = 0; index < 6; index++) {
      const order = new WrittenOrder(system.eventStore);
      orders.push(order);
      const changes = {
        reference: `R${index}`,
        customerId: index % 2 === 0 ? 'c-even' : null,
        shippingAddress: { country: index < 4 ? 'GB' : 'FR', countryName: null },
      };
      await order.doesAt(place(order, index + 1, changes), at(`2026-01-0${index + 1}T10:00:00Z`));
    }
    for (const order of orders.slice(0, 3)) await order.doesAt(confirm, at('2026-01-10T00:00:00Z'));
    await orders[0]!.doesAt(payment(orders[0]!.order), at('2026-01-10T00:00:00Z'));
    const other = new WrittenOrder(system.eventStore, 'demo');
    await other.doesAt(place(other, 1, { reference: '=1+1', customerId: '@c' }), at('2025-07-01T22:30:00Z'));
    system.startProjector();
    await system.caughtUp();
  });
  afterAll(() => system.close());

  const list = (query: string, asking = {}) => system.ask(`/v1/orders?${query}`, asking);

  it('lists the latest orders first, and those that each filter asks for', async () => {
    expect(references(await list(''))).toEqual(['R5', 'R4', 'R3', 'R2', 'R1', 'R0']);
    expect(references(await list('sort=placedAt&limit=2'))).toEqual(['R0', 'R1']);
    expect(references(await list('status=confirmed&customerId=c-even'))).toEqual(['R2', 'R0']);
    expect(references(await list('status=placed,confirmed&country=FR'))).toEqual(['R5', 'R4']);
    expect(references(await list('paymentStatus=paid'))).toEqual(['R0']);
    expect(references(await list('from=2026-01-02T11:00:00%2B01:00&to=2026-01-04T10:00:00Z'))).toEqual([
      'R2',
      'R1',
    ]);
    expect(references(await list('reference=R3'))).toEqual(['R3']);
    const { number } = orders[4]!.order;
    expect(references(await list(`number=${number.toLowerCase()}`))).toEqual(['R4']);
    expect(references(await list(`number=${number.replace('-', '')}`))).toEqual(['R4']);
    expect(references(await list('currency=GBP&minTotalMinor=256'))).not.toContain('R0');
    expect(references(await list('currency=EUR'))).toEqual([]);
    const [item] = itemsOf(await list('reference=R0'));
    expect(item).toMatchObject({
      orderId: orders[0]!.orderId,
      revision: 2,
      capturedMinor: 255,
      balanceDueMinor: 0,
    });
    expect(item).not.toHaveProperty('tenantId');
  });

  it('finds orders by what a carrier or a payment provider calls them, also by what was corrected', async () => {
    const shipped = new WrittenOrder(system.eventStore, 'lookups');
    const on = (day: number) => at(`2026-03-0${day}T10:00:00Z`);
    await shipped.doesAt(place(shipped, 1, { reference: 'sent', customerId: 'c-sent' }), on(1));
    await shipped.doesAt(confirm, on(1));
    const paid = payment(shipped.order) as Paid;
    await shipped.doesAt({ ...paid, data: { ...paid.data, providerReference: 'pi_SENT' } }, on(1));
    await shipped.doesAt(
      { type: 'CreateShipment', data: { carrier: null, lines: [] }, personal: null },
      on(2),
    );
    const { shipmentId } = shipped.order.shipments[0]!;
    const sends = { shipmentId, carrier: null, trackingNumber: 'JD-WRONG' };
    await shipped.doesAt({ type: 'DispatchShipment', data: sends, personal: null }, on(3));
    const before = new Date().toISOString();
    await until('the clock goes on', () => new Date().toISOString() > before);
    const corrected = { ...sends, trackingNumber: 'JD-RIGHT' };
    await shipped.doesAt({ type: 'ChangeShipmentTracking', data: corrected, personal: null }, on(5));
    const headers = await system.caughtUp();
    const found = async (query: string, who: { customer?: string } = {}) => {
      const token = await system.token({ tenant: 'lookups', ...who });
      return references(await list(query, { headers, token }));
    };

    expect(await found('trackingNumber=JD-RIGHT')).toEqual(['sent']);
    expect(await found('trackingNumber=JD-WRONG&sort=-total&limit=1')).toEqual(['sent']);
    expect(await found('providerReference=pi_SENT&trackingNumber=JD-RIGHT')).toEqual(['sent']);
    expect(await found('providerReference=pi_SENT&status=placed')).toEqual([]);
    expect(await found('providerReference=pi_NOBODY&trackingNumber=JD-RIGHT')).toEqual([]);
    expect(await found('trackingNumber=jd-right')).toEqual([]);
    // An order of another kind of name.
    expect(await found('trackingNumber=pi_SENT')).toEqual([]);
    expect(await found('trackingNumber=JD-RIGHT', { customer: 'c-sent' })).toEqual(['sent']);
    expect(await found('trackingNumber=JD-RIGHT', { customer: 'c-even' })).toEqual([]);

    expect(await found('trackingNumber=JD-RIGHT&asOf=2026-03-05T09:00:00Z')).toEqual([]);
    expect(await found('trackingNumber=JD-WRONG&asOf=2026-03-05T09:00:00Z')).toEqual(['sent']);
    expect(await found('providerReference=pi_SENT&asOf=2026-02-01T00:00:00Z')).toEqual([]);
    expect(await found('trackingNumber=JD-RIGHT&asOf=2026-03-06T00:00:00Z&sort=number')).toEqual(['sent']);
    // All of it was recorded just now, whenever it happened.
    expect(await found(`trackingNumber=JD-RIGHT&recordedAsOf=${before}`)).toEqual([]);
    expect(await found(`trackingNumber=JD-WRONG&recordedAsOf=${before}`)).toEqual(['sent']);
    expect(await found(`trackingNumber=JD-RIGHT&recordedAsOf=${new Date().toISOString()}`)).toEqual(['sent']);
  });

  it('refuses the cursor of another look-up, and takes it for its own', async () => {
    for (const reference of ['one', 'two']) {
      const order = new WrittenOrder(system.eventStore, 'cursors');
      await order.doesAt(place(order, 1, { reference }), at('2026-03-01T10:00:00Z'));
      await order.doesAt(payment(order.order), at('2026-03-01T10:00:00Z'));
      const { method: _method, ...shared } = (payment(order.order) as Paid).data;
      const failed = { ...shared, providerReference: 'pi_BOTH', reason: null };
      const command = { type: 'RecordPaymentFailed', data: failed, personal: null } as const;
      await order.doesAt(command, at('2026-03-01T10:00:00Z'));
    }
    const headers = await system.caughtUp();
    const token = await system.token({ tenant: 'cursors' });
    const first = await list('providerReference=pi_BOTH&limit=1', { headers, token });
    const next = `limit=1&cursor=${String(first.body['nextCursor'])}`;
    const second = await list(`providerReference=pi_BOTH&${next}`, { headers, token });
    expect([...references(first), ...references(second)].sort()).toEqual(['one', 'two']);
    for (const other of ['', 'providerReference=pi_ONE&', 'trackingNumber=pi_BOTH&']) {
      const { status, body } = await list(other + next, { headers, token });
      expect({ other, status, code: body['code'] }).toEqual({ other, status: 400, code: 'invalid_cursor' });
    }
  });

  it('pages without repeating or missing, also while orders are placed', async () => {
    const first = await list('limit=4&sort=-placedAt');
    const late = new WrittenOrder(system.eventStore);
    await late.doesAt(
      place(late, 1, { reference: 'late', customerId: 'c-late' }),
      at('2026-02-01T00:00:00Z'),
    );
    const headers = await system.caughtUp();
    const second = await list(`limit=4&cursor=${String(first.body['nextCursor'])}`, { headers });
    expect([...references(first), ...references(second)]).toEqual(['R5', 'R4', 'R3', 'R2', 'R1', 'R0']);
    expect(second.body['nextCursor']).toBeNull();
  });

  it('lists, counts and sums as of a moment with the columns of today', async () => {
    const before = await list('asOf=2026-01-09T00:00:00Z&to=2026-01-31T00:00:00Z');
    expect(itemsOf(before).map(({ status }) => status)).toEqual(Array(6).fill('placed'));
    expect(references(await list('asOf=2026-01-02T10:00:00Z'))).toEqual(['R1', 'R0']);
    expect(references(await list('asOf=2026-01-11T00:00:00Z&status=confirmed'))).toEqual(['R2', 'R1', 'R0']);
    expect(references(await list('recordedAsOf=2026-01-11T00:00:00Z'))).toEqual([]);
    const now = await list('to=2026-01-31T00:00:00Z');
    const future = await list('recordedAsOf=2100-01-01T00:00:00Z&to=2026-01-31T00:00:00Z');
    expect(itemsOf(future)).toEqual(itemsOf(now));
    const then = await search({ asOf: '2026-01-09T00:00:00Z', filters: { country: ['GB'] } });
    expect(then.body).toMatchObject({ total: 4, facets: { status: [{ value: 'placed', orders: 4 }] } });
    const totals = await system.ask('/v1/orders/totals?asOf=2026-01-02T10:00:00Z');
    expect(itemsOf(totals)).toMatchObject([
      { key: null, currency: 'GBP', orders: 2, lines: 3, guestOrders: 1 },
    ]);
  });

  const search = (body: object | string, asking = {}) =>
    system.ask('/v1/orders/search', { method: 'POST', body, ...asking });

  it('gives a facet that is asked for twice once', async () => {
    const { status, body } = await search({ facets: ['status', 'status'], limit: 1 });
    expect({ status, facets: Object.keys(body['facets'] as object) }).toEqual({
      ...{ status: 200, facets: ['status'] },
    });
  });

  it('searches with facets, revisions and how far the index is', async () => {
    const { status, body } = await search({ text: 'jumbo retrospt', limit: 2 });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      total: 4,
      facets: {
        country: [
          { value: 'FR', orders: 2 },
          { value: 'GB', orders: 2 },
        ],
      },
    });
    expect((body['items'] as Item[]).map(({ reference }) => reference)).toEqual(['R2', 'R3']);
    expect(body['indexedThrough']).toMatch(/^\d+$/);
    const next = await search({ text: 'jumbo retrospt', limit: 2, cursor: body['nextCursor'] });
    expect(references(next)).toEqual(['R4', 'R5']);
    expect(
      references(await search({ email: 'ana@example.org', filters: { customerId: 'c-even' } })),
    ).toHaveLength(3);
  });

  it('searches by phrases and beginnings, and shows where it found them', async () => {
    const { body } = await search({ text: '"jumbo bag"', filters: { reference: 'R2' } });
    expect(body['items']).toMatchObject([{ reference: 'R2', highlights: [{ field: 'lineName' }] }]);
    const [{ text, ranges }] = (
      body['items'] as [{ highlights: [{ text: string; ranges: [[number, number]] }] }]
    )[0].highlights;
    expect(text.slice(...ranges[0])).toBe('Jumbo bag');
    expect(body['facets']).toMatchObject({ totalBand: [{ orders: 1 }] });
    expect(references(await search({ referencePrefix: 'R2' }))).toEqual(['R2']);
    expect(references(await search({ skuPrefix: 'no such' }))).toEqual([]);
    const live = (await search({ filters: { reference: 'R2' } })).body['items'] as [
      { orderId: string; number: string },
    ];
    const begun = live[0].number.slice(0, 9).toLowerCase();
    expect(references(await search({ numberPrefix: begun }))).toEqual(['R2']);
    expect(references(await search({ numberPrefix: begun.replace('-', '') }))).toEqual(['R2']);
    const then = await search({ asOf: '2026-01-31T00:00:00Z', filters: { reference: 'R2' } });
    expect(then.body['items']).toMatchObject([{ reference: 'R2', highlights: [] }]);
  });

  it('sums by day, month, status and country, where days begin in a time zone', async () => {
    const by = async (query: string) =>
      itemsOf(await system.ask(`/v1/orders/totals?to=2026-01-31T00:00:00Z&${query}`)).map(
        ({ key, orders: n }) => [key, n],
      );
    expect(await by('by=status')).toEqual([
      ['confirmed', 3],
      ['placed', 3],
    ]);
    expect(await by('by=country')).toEqual([
      ['FR', 2],
      ['GB', 4],
    ]);
    expect(await by('by=month')).toEqual([['2026-01', 6]]);
    expect((await by('by=day'))[0]).toEqual(['2026-01-01', 1]);
    expect((await by('by=day&timeZone=Pacific/Kiritimati'))[0]).toEqual(['2026-01-02', 1]);
    expect((await by('by=day&timeZone=cet'))[0]).toEqual(['2026-01-01', 1]);
  });

  it.each([
    ['CET', '2025-07-02'],
    ['EET', '2025-07-02'],
    ['MET', '2025-07-02'],
    ['WET', '2025-07-01'],
    ['Europe/Paris', '2025-07-02'],
    ['UTC', '2025-07-01'],
    ['GMT', '2025-07-01'],
    ['EST', '2025-07-01'],
    ['zulu', '2025-07-01'],
  ])('sums by day as clocks in the time zone %s go in summer', async (timeZone, day) => {
    const token = await system.token({ tenant: 'demo' });
    const { body } = await system.ask(`/v1/orders/totals?by=day&timeZone=${timeZone}`, { token });
    expect(body['items']).toMatchObject([{ key: day, orders: 1 }]);
  });

  it('shows which orders differ between two moments', async () => {
    const answer = await system.ask(
      '/v1/orders/diff?fromAsOf=2026-01-04T00:00:00Z&toAsOf=2026-01-10T00:00:00Z',
    );
    const changed = itemsOf(answer) as { from: Item | null; to: Item; changes: Item }[];
    expect(changed.map(({ from, to }) => [from?.['status'] ?? null, to['status'], to['reference']])).toEqual(
      expect.arrayContaining([
        ['placed', 'confirmed', 'R0'],
        ['placed', 'confirmed', 'R1'],
        ['placed', 'confirmed', 'R2'],
        [null, 'placed', 'R3'],
        [null, 'placed', 'R4'],
        [null, 'placed', 'R5'],
      ]),
    );
    expect(changed).toHaveLength(6);
    const paid = changed.find(({ to }) => to['reference'] === 'R0')!;
    expect(paid.changes).toMatchObject({ paymentStatus: { from: 'none', to: 'paid' } });
    const query = 'fromAsOf=2026-01-04T00:00:00Z&toAsOf=2026-01-10T00:00:00Z&limit=4';
    const first = await system.ask(`/v1/orders/diff?${query}`);
    const second = await system.ask(`/v1/orders/diff?${query}&cursor=${String(first.body['nextCursor'])}`);
    expect([...itemsOf(first), ...itemsOf(second)]).toEqual(changed);
    const france = await system.ask(`/v1/orders/diff?${query}&country=FR`);
    expect(itemsOf(france)).toHaveLength(2);
  });

  it('takes the largest total there can be, and the longest customer', async () => {
    const most = String(Number.MAX_SAFE_INTEGER);
    expect(references(await list(`currency=GBP&maxTotalMinor=${most}&reference=R5`))).toEqual(['R5']);
    expect((await list(`currency=GBP&minTotalMinor=${most}`)).body).toEqual({ items: [], nextCursor: null });
    const customer = '€'.repeat(200);
    const { body } = await system.ask(`/v1/customers/${encodeURIComponent(customer)}/summary`);
    expect(body).toMatchObject({
      code: 'not_found',
      detail: 'The customer has no orders that this token may see.',
    });
  });

  it('refuses what is asked behind the address of a search, where it would narrow nothing', async () => {
    const { status, body } = await system.ask('/v1/orders/search?status=paid', { method: 'POST', body: {} });
    expect({ status, errors: body['errors'] }).toMatchObject({
      ...{ status: 400, errors: [{ pointer: '/status', code: 'unknown_field' }] },
    });
  });

  it('sums up a customer', async () => {
    const { body } = await system.ask('/v1/customers/c-even/summary');
    expect(body).toMatchObject({
      customerId: 'c-even',
      orders: 3,
      firstOrderAt: '2026-01-01T10:00:00.000Z',
      lastOrderAt: '2026-01-05T10:00:00.000Z',
      byStatus: { confirmed: 2, placed: 1 },
      totals: [{ currency: 'GBP', orders: 3, capturedMinor: 255 }],
    });
    expect((await system.ask('/v1/customers/nobody/summary')).status).toBe(404);
  });

  it('exports NDJSON and CSV, in which no cell starts a formula', async () => {
    const lines = await system.ask('/v1/exports/orders?format=ndjson&to=2026-01-31T00:00:00Z');
    expect(lines.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
    const exported = lines.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Item);
    expect(exported).toEqual([...itemsOf(await list('sort=placedAt&to=2026-01-31T00:00:00Z'))]);
    const csv = await system.ask('/v1/exports/orders?format=csv', {
      token: await system.token({ tenant: 'demo' }),
    });
    expect(csv.headers.get('content-type')).toMatch(/^text\/csv/);
    const [header, row, end] = csv.text.split('\r\n');
    expect(header).toMatch(/^orderId,revision,number,reference,customerId,/);
    expect(row!.split(',').slice(3, 5)).toEqual(["'=1+1", "'@c"]);
    expect(end).toBe('');
    expect(
      (await system.ask('/v1/exports/orders?format=csv&customerId=none')).text.split('\r\n'),
    ).toHaveLength(2);
  });

  it('feeds every event once, in order, from anywhere', async () => {
    const seen: Item[] = [];
    let after = '';
    for (;;) {
      const page: QueryAnswer = await system.ask(`/v1/events?limit=4${after}`);
      seen.push(...itemsOf(page));
      after = `&after=${String(page.body['next'])}`;
      if (itemsOf(page).length === 0) break;
    }
    expect(seen).toHaveLength(11);
    const positions = seen.map(({ position }) => BigInt(position as string));
    expect([...positions].sort((a, b) => (a < b ? -1 : 1))).toEqual(positions);
    const paid = await system.ask('/v1/events?types=PaymentCaptured');
    expect(itemsOf(paid)).toMatchObject([
      { type: 'PaymentCaptured', orderId: orders[0]!.orderId, revision: 2 },
    ]);
    // It need not be asked again from the one that matched.
    expect(BigInt((paid.body['next'] as string).split('.')[0]!)).toBeGreaterThanOrEqual(positions.at(-1)!);
    await orders[5]!.does(tags('new'));
    const tail = await system.ask(`/v1/events?${after.slice(1)}`, { headers: await system.caughtUp() });
    expect(itemsOf(tail)).toMatchObject([{ type: 'TagsChanged', orderId: orders[5]!.orderId }]);
  });

  it('shows a customer its own orders in every list, and none of what is for staff', async () => {
    const token = await system.token({ customer: 'c-even' });
    const own = ['R4', 'R2', 'R0'];
    expect(references(await list('', { token }))).toEqual(own);
    expect(references(await list('asOf=2026-01-31T00:00:00Z', { token }))).toEqual(own);
    expect(references(await list('customerId=c-late', { token }))).toEqual([]);
    expect((await search({ text: 'heart' }, { token })).body).toMatchObject({ total: 3 });
    expect((await search({ asOf: '2026-01-31T00:00:00Z' }, { token })).body).toMatchObject({ total: 3 });
    const moments = 'fromAsOf=2025-01-01T00:00:00Z&toAsOf=2026-01-31T00:00:00Z';
    expect(itemsOf(await system.ask(`/v1/orders/diff?${moments}`, { token }))).toHaveLength(3);
    expect((await system.ask('/v1/customers/c-even/summary', { token })).status).toBe(200);
    expect((await system.ask('/v1/customers/c-late/summary', { token })).status).toBe(404);
    for (const path of ['/v1/orders/totals', '/v1/exports/orders', '/v1/events']) {
      expect({ path, status: (await system.ask(path, { token })).status }).toEqual({ path, status: 403 });
    }
  });

  const madeUp = Buffer.from('{"p":"orders:-placedAt","q":"x","v":[1,2]}').toString('base64url');
  it.each<[string, string]>([
    [`/v1/orders?cursor=${madeUp}`, 'invalid_cursor'],
    ['/v1/orders?cursor=%F0%9F%98%80', 'invalid_cursor'],
    ['/v1/orders?limit=0', 'validation_failed'],
    ['/v1/orders?limit=101', 'validation_failed'],
    ['/v1/orders?limit=ten', 'validation_failed'],
    ['/v1/orders?from=2026-01-01', 'validation_failed'],
    ['/v1/orders?from=2026-13-01T00:00:00Z', 'validation_failed'],
    ['/v1/orders?status=lost', 'validation_failed'],
    ['/v1/orders?sort=luck', 'validation_failed'],
    ['/v1/orders?minTotalMinor=5', 'validation_failed'],
    ['/v1/orders?minTotalMinor=99999999999999999999&currency=GBP', 'validation_failed'],
    ['/v1/orders?currency=pounds', 'validation_failed'],
    ['/v1/orders?reference=%00', 'validation_failed'],
    ['/v1/orders?reference=a&reference=b', 'validation_failed'],
    ['/v1/orders?colour=red', 'validation_failed'],
    ['/v1/orders?asOf=2026-01-01T00:00:00Z&recordedAsOf=2026-01-01T00:00:00Z', 'validation_failed'],
    ['/v1/orders/totals?by=mood', 'validation_failed'],
    ['/v1/orders/totals?by=day&timeZone=Mars/Olympus', 'validation_failed'],
    ...['PST', 'bst', 'IST', 'CST', 'AST', 'NST', 'ACT', 'ART', 'JST'].map((timeZone): [string, string] => [
      `/v1/orders/totals?by=day&timeZone=${timeZone}`,
      'validation_failed',
    ]),
    ['/v1/customers/c-even/summary?from=2026-01-01T00:00:00Z', 'validation_failed'],
    ['/v1/orders?reference=50%', 'malformed_request'],
    ['/v1/orders/diff', 'validation_failed'],
    ['/v1/orders/diff?fromAsOf=2026-01-02T00:00:00Z&toAsOf=2026-01-01T00:00:00Z', 'validation_failed'],
    [
      '/v1/orders/diff?fromAsOf=2026-01-02T00:00:00Z&toRecordedAsOf=2026-01-03T00:00:00Z',
      'validation_failed',
    ],
    ['/v1/exports/orders?format=xlsx', 'validation_failed'],
    ['/v1/events?after=-2', 'validation_failed'],
    ['/v1/events?after=9999999999999999999', 'validation_failed'],
    ['/v1/events?after=1.-1', 'validation_failed'],
    ['/v1/events?types=Nothing', 'validation_failed'],
  ])('%s: 400 %s', async (path, code) => {
    const { status, body, headers } = await system.ask(path);
    expect([status, body['code']]).toEqual([400, code]);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it.each<[string, unknown, number, string]>([
    ['malformed JSON', '{"text":', 400, 'malformed_json'],
    ['no object', '[]', 400, 'validation_failed'],
    ['a wrong type', { text: 5 }, 400, 'validation_failed'],
    ['an unknown field', { query: 'x' }, 400, 'validation_failed'],
    ['an unknown filter', { filters: { colour: 'red' } }, 400, 'validation_failed'],
    ['an unknown facet', { facets: ['colour'] }, 400, 'validation_failed'],
    ['text as of a moment', { text: 'mug', asOf: '2026-01-01T00:00:00Z' }, 400, 'validation_failed'],
    ['a SKU as of a moment', { sku: 'mug', recordedAsOf: '2026-01-01T00:00:00Z' }, 400, 'validation_failed'],
    [
      'a begun SKU as of a moment',
      { skuPrefix: 'm', asOf: '2026-01-01T00:00:00Z' },
      400,
      'validation_failed',
    ],
    ['a text too long', { text: 'x'.repeat(201) }, 400, 'validation_failed'],
    ['a cursor of another question', { cursor: madeUp }, 400, 'invalid_cursor'],
    ['a body too large', { text: 'x'.repeat(70_000) }, 413, 'payload_too_large'],
    ['signs of SQL and of tsquery', { text: "'); DROP TABLE orders; -- & | ! <-> :*" }, 200, ''],
  ])('search with %s: %i', async (_what, body, status, code) => {
    const answer = await search(body as object);
    expect([answer.status, answer.body['code'] ?? '']).toEqual([status, code]);
  });
});
