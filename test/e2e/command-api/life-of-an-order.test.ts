import { describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { decodeOrderPosition } from '#platform/order-position.js';
import { QUERY_BASE_URL, type Sent } from '../../support/command-api.js';
import { commandSystem } from '../../support/command-system.js';
import { mug, mugOrder } from '../../support/orders.js';

interface CommandAnswer {
  orderId: string;
  revision: number;
  events: { type: string; revision: number; ids: Record<string, string> & { lineIds: string[] } }[];
}

const system = commandSystem();
/** Every route that did something, as `POST /v1/orders/{}/confirm`. */
const done = new Set<string>();

async function ok(path: string, body: object = {}, sent: Sent = {}): Promise<CommandAnswer> {
  const { status, headers, body: answer } = await system.api.send(path, { body, ...sent });
  if (status >= 300) throw new Error(`${path}: ${JSON.stringify(answer)}`);
  const result = answer as unknown as CommandAnswer;
  expect(status).toBe(path === '/v1/orders' ? 201 : 200);
  const revision = path.endsWith('?dryRun=true') ? result.revision - result.events.length : result.revision;
  expect(headers.get('etag')).toBe(revision === -1 ? null : `"${revision}"`);
  const route = path.split('?', 1)[0]!.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{}');
  done.add(`${sent.method ?? 'POST'} ${route}`);
  return result;
}

const types = ({ events }: CommandAnswer) => events.map(({ type }) => type);

/** A new order; `at` makes the addresses of its routes. */
async function place(body: object = mugOrder()) {
  const placed = await ok('/v1/orders', body);
  const at = (route: string) => `/v1/orders/${placed.orderId}/${route}`;
  return { placed, at, lineIds: placed.events[0]!.ids.lineIds };
}

async function shipped(body: object = mugOrder()) {
  const order = await place(body);
  await ok(order.at('confirm'));
  const created = await ok(order.at('shipments'), { carrier: 'DHL' });
  const { shipmentId } = created.events[0]!.ids;
  await ok(order.at(`shipments/${shipmentId}/dispatch`), { trackingNumber: 'JD1' });
  await ok(order.at(`shipments/${shipmentId}/deliver`));
  return order;
}

const captured = (providerReference: string, amountMinor: number) => ({
  amountMinor,
  currency: 'EUR',
  providerReference,
});

describe('an order', () => {
  it('is placed, paid, shipped and completed', async () => {
    const response = await system.api.send('/v1/orders', {
      body: mugOrder({ reference: 'WEB-1', tags: ['gift'] }),
    });
    const { orderId, revision, events } = response.body as unknown as CommandAnswer;
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(`${QUERY_BASE_URL}/v1/orders/${orderId}`);
    expect({ revision, events }).toEqual({
      revision: 0,
      events: [{ type: 'OrderPlaced', revision: 0, ids: { lineIds: [expect.any(String)] } }],
    });
    const position = decodeOrderPosition(response.headers.get('order-position')!);
    expect(position).toMatchObject({ orderId, revision: 0 });

    const at = (route: string) => `/v1/orders/${orderId}/${route}`;
    await ok(at('stock/reserved'), { reference: 'RES-1' });
    await ok(at('confirm'));
    const authorized = await ok(at('payments/authorized'), captured('A-1', 2_000));
    const { paymentId: authorizationId } = authorized.events[0]!.ids;
    await ok(at('payments/captured'), { ...captured('C-1', 2_000), authorizationId });
    const created = await ok(at('shipments'), { carrier: 'DHL' });
    const { shipmentId } = created.events[0]!.ids;
    await ok(at(`shipments/${shipmentId}/dispatch`), { trackingNumber: 'JD1' });
    await ok(at(`shipments/${shipmentId}/deliver`));
    const completed = await ok(at('complete'));
    expect(completed).toMatchObject({ revision: 8, events: [{ type: 'OrderCompleted', revision: 8 }] });
  });

  it('is tried out: what it comes to, what a refund gives, what a cancellation leaves', async () => {
    const dryRun = (path: string, body: object = {}) => ok(`${path}?dryRun=true`, body, { key: null });
    const quote = await dryRun('/v1/orders', mugOrder());
    expect(quote).toMatchObject({ dryRun: true, revision: 0, order: { status: 'placed' } });
    expect(types(quote)).toEqual(['OrderPlaced']);
    expect((await system.api.send(`/v1/orders/${quote.orderId}/confirm`)).status).toBe(404);

    const { at, lineIds } = await place();
    await ok(at('payments/captured'), captured('C-TRIED', 2_000));
    const units = { kind: 'lines', lines: [{ lineId: lineIds[0], quantity: 1 }] };
    const asked = { reason: 'goodwill', currency: 'EUR', of: units };
    const refund = await dryRun(at('refunds'), asked);
    const cancelled = await dryRun(at('cancel'), { reason: 'changed their mind' });
    expect(cancelled).toMatchObject({ revision: 2, order: { status: 'cancelled' } });
    const requested = await ok(at('refunds'), asked);
    expect(requested).toMatchObject({ revision: refund.revision, events: [{ type: 'RefundRequested' }] });
    const tooMuch = { ...asked, of: { kind: 'amount', amountMinor: 9_999_999 } };
    expect(await system.api.send(at('refunds?dryRun=true'), { key: null, body: tooMuch })).toMatchObject({
      status: 422,
      body: { code: 'refund_exceeds_captured' },
    });
  });

  it('is edited, with a dry run before', async () => {
    const { at, lineIds } = await place({
      ...mugOrder(),
      shippingAddress: { country: 'DE', name: 'Ada Example' },
      discounts: [{ amountMinor: 100, lineIndex: 0 }],
    });
    const operations = [
      {
        op: 'addLine',
        line: { ...mug(), sku: 'MUG-BLUE', tax: { rateBasisPoints: 1_900, inclusive: true } },
      },
      { op: 'changeLineQuantity', lineId: lineIds[0], quantity: 5 },
      { op: 'applyDiscount', discount: { code: 'SPRING', amountMinor: 50 } },
      { op: 'addSurcharge', surcharge: { code: 'GIFT', amountMinor: 300 } },
      { op: 'changeShippingAddress', address: { country: 'FR', name: 'Ada Example' } },
      { op: 'changeBillingAddress', address: { countryName: 'Channel Islands' } },
    ];
    const preview = await ok(at('edits?dryRun=true'), { operations }, { key: null });
    expect(preview).toMatchObject({
      dryRun: true,
      revision: 6,
      order: { shippingAddress: { country: 'FR' }, totals: { orderedTotalMinor: 7_150 } },
    });
    expect(JSON.stringify(preview)).not.toContain('Ada');

    const edited = await ok(at('edits'), { operations });
    expect(types(edited)).toEqual(types(preview));
    const [added] = edited.events;
    const undone = await ok(at('edits'), {
      operations: [
        { op: 'removeLine', lineId: added!.ids['lineId'] },
        { op: 'removeDiscount', discountId: edited.events[2]!.ids['discountId'] },
      ],
    });
    expect(types(undone)).toEqual(['LineRemoved', 'DiscountRemoved']);
  });

  it('is held, released, cut down and cancelled', async () => {
    const { at, lineIds } = await place();
    await ok(at('hold'), { reason: 'address looks wrong' });
    await ok(at('release'));
    await ok(at('stock/rejected'), { reason: 'one broke', lines: [{ lineId: lineIds[0], quantity: 1 }] });
    await ok(at('stock/reserved'), { lines: [{ lineId: lineIds[0], quantity: 1 }] });
    await ok(at('stock/released'), { reason: 'not needed' });
    await ok(at('lines/cancel'), { lines: [{ lineId: lineIds[0], quantity: 1 }] });
    await ok(at('cancel'), { reason: 'changed their mind' });
    const again = await ok(at('cancel'));
    expect(again).toMatchObject({ revision: 7, events: [] });
  });

  it('gets another contact and attributes, and a parcel is lost and sent again', async () => {
    const { at } = await place();
    const contact = { name: 'Ada Example', email: 'ada@example.com' };
    const changed = await ok(at('contact'), { contact }, { method: 'PUT', key: null });
    expect(changed).toMatchObject({ revision: 1, events: [{ type: 'ContactChanged', ids: {} }] });
    const same = await ok(
      at('contact'),
      { contact: { ...contact, phone: null } },
      { method: 'PUT', key: null },
    );
    expect(same).toMatchObject({ revision: 1, events: [] });
    await ok(at('attributes'), { attributes: { erpId: '4711' } }, { method: 'PUT', key: null });
    await ok(at('confirm'));
    const { shipmentId } = (await ok(at('shipments'))).events[0]!.ids;
    const tracking = { carrier: 'DHL', trackingNumber: 'JD2' };
    await ok(at(`shipments/${String(shipmentId)}/tracking`), tracking, { method: 'PUT', key: null });
    await ok(at(`shipments/${String(shipmentId)}/dispatch`));
    const lost = await ok(at(`shipments/${String(shipmentId)}/lost`), { reason: 'not found' });
    expect(lost).toMatchObject({ events: [{ type: 'ShipmentLost', ids: { shipmentId } }] });
    expect(types(await ok(at('shipments')))).toEqual(['ShipmentCreated']);
  });

  it('is rejected', async () => {
    const { at } = await place();
    await ok(at('reject'), { reason: 'fraud' });
    const { status, body } = await system.api.send(at('confirm'));
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'not_allowed_in_state', details: { status: 'rejected' } });
    expect(body['allowedCommands']).toContain('AddNote');
  });

  it('is paid at the second attempt', async () => {
    const { at } = await place();
    await ok(at('payments/failed'), { amountMinor: 2_000, currency: 'EUR', reason: 'card_declined' });
    const authorized = await ok(at('payments/authorized'), captured('A-2', 2_000));
    const { paymentId: authorizationId } = authorized.events[0]!.ids;
    await ok(at('payments/voided'), { authorizationId, providerReference: 'V-2' });
    await ok(at('payments/captured'), captured('C-2', 2_000));
  });

  it('is paid by direct debit, which the bank takes back', async () => {
    const { at } = await place();
    const first = await ok(at('payments/captured'), captured('C-4', 2_000));
    const { paymentId: captureId } = first.events[0]!.ids;
    const returned = { ...captured('D-4', 2_000), captureId, reason: 'no funds' };
    await ok(at('payments/reversed'), returned);
    const again = await ok(at('payments/reversed'), returned);
    expect(again).toMatchObject({ revision: 2, events: [] });
    await ok(at('payments/captured'), captured('C-5', 2_000));
  });

  it('comes back in part and is paid back', async () => {
    const { at, lineIds } = await shipped();
    await ok(at('payments/captured'), captured('C-3', 2_000));
    const lines = [{ lineId: lineIds[0], quantity: 1 }];
    const declined = await ok(at('returns'), { lines, reason: 'too red' });
    await ok(at(`returns/${declined.events[0]!.ids['returnId']}/decline`), { reason: 'it is red' });

    const requested = await ok(at('returns'), { lines });
    const { returnId } = requested.events[0]!.ids;
    await ok(at(`returns/${returnId}/approve`));
    await ok(at(`returns/${returnId}/receive`));
    const refund = { reason: 'return', currency: 'EUR', returnId, of: { kind: 'lines', lines } };
    const first = await ok(at('refunds'), refund);
    await ok(at(`refunds/${first.events[0]!.ids['refundId']}/failed`), { reason: 'account closed' });
    const second = await ok(at('refunds'), refund);
    await ok(at(`refunds/${second.events[0]!.ids['refundId']}/succeeded`), { providerReference: 'R-3' });
    expect(types(await ok(at(`returns/${returnId}/close`)))).toEqual(['ReturnClosed']);
  });

  it('is packed again after a parcel was taken back', async () => {
    const { at } = await place();
    await ok(at('confirm'));
    const created = await ok(at('shipments'));
    await ok(at(`shipments/${created.events[0]!.ids['shipmentId']}/cancel`), { reason: 'wrong box' });
    expect(types(await ok(at('shipments')))).toEqual(['ShipmentCreated']);
  });

  it('has notes and tags', async () => {
    const { at } = await place();
    const added = await ok(at('notes'), { text: 'Leave it at the door.' });
    await ok(at(`notes/${added.events[0]!.ids['noteId']}/redact`), { reason: 'names a neighbour' });
    await ok(at('tags'), { tags: ['vip', 'gift'] }, { method: 'PUT', key: null });
    const again = await ok(at('tags'), { tags: ['vip', 'gift'] }, { method: 'PUT', key: null });
    expect(again.events).toEqual([]);
  });

  it('was changed through every route that there is', async () => {
    const { paths } = (await (await fetch(`${system.api.url}/docs-json`)).json()) as OpenAPIObject;
    const routes = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/\{\w+\}/g, '{}')}`),
    );
    expect(routes.filter((route) => !done.has(route))).toEqual([]);
  });
});
