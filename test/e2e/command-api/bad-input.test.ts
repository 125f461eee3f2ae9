import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LIMITS } from '#domain/order/limits.js';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import type { Answer, Sent } from '../../support/command-api.js';
import { commandSystem } from '../../support/command-system.js';
import { mug, mugOrder } from '../../support/orders.js';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const system = commandSystem();
let watcher: DbClientEventStore;
let orderId: string;

beforeAll(async () => {
  watcher = new DbClientEventStore({ connectionString: system.eventStoreUrl });
  const placed = await system.api.send('/v1/orders', { body: mugOrder() });
  orderId = String(placed.body['orderId']);
});
afterAll(() => watcher.close());

/** Sends what must be refused, and sees that nothing was written for it. */
async function refused(path: string, sent: Sent, status: number, code: string): Promise<Answer> {
  const before = await watcher.headPosition();
  const answer = await system.api.send(path, sent);
  expect(answer).toMatchObject({ status, body: { status, code, traceId: expect.any(String) } });
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(await watcher.headPosition()).toBe(before);
  return answer;
}

const at = (route: string) => `/v1/orders/${orderId}/${route}`;
const placing = (more: object) => mugOrder(more);
const withLine = (more: object) => mugOrder({ lines: [{ ...mug(), ...more }] });
const payment = (more: object) => ({ amountMinor: 1, currency: 'EUR', providerReference: 'P', ...more });

describe('a body that cannot be taken', () => {
  it.each<[string, string]>([
    ['cut off', '{"currency":"EUR","lines":['],
    ['not JSON', 'currency=EUR'],
    ['with __proto__', '{"currency":"EUR","__proto__":{"a":1}}'],
    ['NaN', '{"currency":"EUR","lines":NaN}'],
    ['two of them', '{}{}'],
  ])('is refused as malformed JSON: %s', async (_what, body) => {
    await refused('/v1/orders', { body }, 400, 'malformed_json');
  });

  it.each<[string, unknown]>([
    ['a list', [mugOrder()]],
    ['a text', '"order"'],
    ['null', 'null'],
    ['a number', 1],
    ['lists in lists', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['objects in objects', `{"lines":[${'{"tax":'.repeat(100_000)}null${'}'.repeat(100_000)}]}`],
  ])('is refused as invalid: %s', async (_what, body) => {
    await refused('/v1/orders', { body }, 400, 'validation_failed');
  });

  it('is refused in another content type or encoding', async () => {
    const headers = { 'content-type': 'text/plain' };
    await refused('/v1/orders', { headers }, 415, 'unsupported_media_type');
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    await refused('/v1/orders', { headers: form, body: 'a=1' }, 415, 'unsupported_media_type');
    const latin1 = Buffer.from('{"currency":"é"}', 'latin1');
    await refused('/v1/orders', { body: latin1 }, 400, 'malformed_json');
  });

  it('is refused when it is larger than 2 MiB', async () => {
    const body = placing({ reference: 'x'.repeat(2 * 1024 * 1024) });
    await refused('/v1/orders', { body }, 413, 'payload_too_large');
  });
});

describe('a field that is not what it must be', () => {
  it.each<[string, object, string]>([
    ['unknown', placing({ colour: 'red' }), '/colour'],
    ['unknown, deep down', withLine({ colour: 'red' }), '/lines/0/colour'],
    ['status', placing({ status: 'completed' }), '/status'],
    ['missing', { lines: [mug()] }, '/currency'],
    ['null though needed', placing({ currency: null }), '/currency'],
    ['number for text', withLine({ sku: 7 }), '/lines/0/sku'],
    ['text for number', withLine({ quantity: '2' }), '/lines/0/quantity'],
    ['text for flag', withLine({ tax: { rateBasisPoints: 1, inclusive: 'true' } }), '/lines/0/tax/inclusive'],
    ['object for list', placing({ lines: { 0: mug() } }), '/lines'],
    ['list for object', placing({ contact: [] }), '/contact'],
    ['null in a list', placing({ lines: [null] }), '/lines/0'],
    ['no lines', placing({ lines: [] }), '/lines'],
    ['no units', withLine({ quantity: 0 }), '/lines/0/quantity'],
    ['half a unit', withLine({ quantity: 1.5 }), '/lines/0/quantity'],
    ['negative price', withLine({ unitPriceMinor: -1 }), '/lines/0/unitPriceMinor'],
    ['price in euros', withLine({ unitPriceMinor: 9.99 }), '/lines/0/unitPriceMinor'],
    ['price over the limit', withLine({ unitPriceMinor: LIMITS.amountMinor + 1 }), '/lines/0/unitPriceMinor'],
    ['price beyond 2^53', withLine({ unitPriceMinor: 2 ** 53 }), '/lines/0/unitPriceMinor'],
    ['negative discount', placing({ discounts: [{ amountMinor: -5 }] }), '/discounts/0/amountMinor'],
    ['long sku', withLine({ sku: 'x'.repeat(LIMITS.skuCharacters + 1) }), '/lines/0/sku'],
    ['NUL', withLine({ name: 'a\0b' }), '/lines/0/name'],
    ['half a character', withLine({ name: 'a\ud800b' }), '/lines/0/name'],
    ['no currency code', placing({ currency: 'euro' }), '/currency'],
    ['country that is none', placing({ shippingAddress: { country: 'XX' } }), '/shippingAddress/country'],
    ['no e-mail', placing({ contact: { email: 'nobody' } }), '/contact/email'],
    ['too many tags', placing({ tags: Array.from({ length: 51 }, (_, i) => `t${i}`) }), '/tags'],
    ['attribute that is no text', placing({ attributes: { a: 1 } }), '/attributes/a'],
    ['day that is none', placing({ occurredAt: '2026-02-30T12:00:00Z' }), '/occurredAt'],
    ['time without offset', placing({ occurredAt: '2026-02-20T12:00:00' }), '/occurredAt'],
    ['time as number', placing({ occurredAt: 1_700_000_000 }), '/occurredAt'],
  ])('is named in the refusal: %s', async (_what, body, pointer) => {
    const { body: problem } = await refused('/v1/orders', { body }, 400, 'validation_failed');
    expect(problem['errors']).toContainEqual(expect.objectContaining({ pointer }));
  });

  it.each<[string, string, object, string]>([
    ['negative payment', 'payments/captured', payment({ amountMinor: -1 }), '/amountMinor'],
    ['no amount', 'payments/captured', payment({ amountMinor: 0 }), '/amountMinor'],
    ['empty reference', 'payments/captured', payment({ providerReference: '' }), '/providerReference'],
    [
      'id that is none',
      'payments/voided',
      { authorizationId: '1', providerReference: 'V' },
      '/authorizationId',
    ],
    [
      'reversal of nothing',
      'payments/reversed',
      { amountMinor: 1, currency: 'EUR', providerReference: 'D' },
      '/captureId',
    ],
    [
      'no kind of refund',
      'refunds',
      { reason: 'goodwill', currency: 'EUR', of: { kind: 'all' } },
      '/of/kind',
    ],
    ['no reason', 'refunds', { reason: 'why', currency: 'EUR', of: { kind: 'shipping' } }, '/reason'],
    ['shipment of nothing', 'shipments', { lines: [] }, '/lines'],
    ['nothing reserved', 'stock/reserved', { lines: [] }, '/lines'],
    ['no operation', 'edits', { operations: [] }, '/operations'],
    ['unknown operation', 'edits', { operations: [{ op: 'explode' }] }, '/operations/0/op'],
    [
      '501 operations',
      'edits',
      { operations: Array(501).fill({ op: 'removeLine', lineId: UNKNOWN }) },
      '/operations',
    ],
    ['long note', 'notes', { text: 'x'.repeat(LIMITS.noteCharacters + 1) }, '/text'],
  ])('is named in the refusal of other commands, too: %s', async (_what, route, body, pointer) => {
    const { body: problem } = await refused(at(route), { body }, 400, 'validation_failed');
    expect(problem['errors']).toContainEqual(expect.objectContaining({ pointer }));
  });

  it('is named with all others, up to fifty', async () => {
    const lines = Array.from({ length: 80 }, () => ({ ...mug(), quantity: -1 }));
    const { body } = await refused('/v1/orders', { body: placing({ lines }) }, 400, 'validation_failed');
    expect(body['errors']).toHaveLength(50);
  });

  it('is refused in the path and in the query, too', async () => {
    await refused('/v1/orders/17/confirm', {}, 400, 'validation_failed');
    await refused(at('refunds/17/succeeded'), { body: { providerReference: 'R' } }, 400, 'validation_failed');
    const edit = { body: { operations: [{ op: 'removeLine', lineId: UNKNOWN }] } };
    await refused(at('edits?dryRun=maybe'), edit, 400, 'validation_failed');
    await refused(at('edits?dryrun=true'), edit, 400, 'validation_failed');
    await refused('/v1/orders?dryRun=1', { body: mugOrder() }, 400, 'validation_failed');
    await refused(at('cancel?DryRun=true'), {}, 400, 'validation_failed');
  });
});

describe('what looks odd and is fine', () => {
  it('is taken as it is', async () => {
    const attributes = { constructor: 'x', toString: 'y', 'a/b~c': '', ключ: '\u{1f4e6}' };
    const body = placing({ attributes, tags: ['a', 'a'], contact: {}, reference: "Robert'); DROP TABLE--" });
    expect((await system.api.send('/v1/orders', { body })).status).toBe(201);
    expect((await system.api.send(at('notes'), { body: { text: '\n\t "quoted" \\ \u2028' } })).status).toBe(
      200,
    );
  });
});

describe('a header that is not what it must be', () => {
  it.each<[string, Sent, string]>([
    ['no key', { key: null }, 'idempotency_key_missing'],
    ['an empty key', { key: '' }, 'idempotency_key_invalid'],
    ['a long key', { key: 'k'.repeat(256) }, 'idempotency_key_invalid'],
    ['If-Match without quotes', { headers: { 'if-match': '0' } }, 'malformed_request'],
    ['a weak If-Match', { headers: { 'if-match': 'W/"0"' } }, 'malformed_request'],
    ['a long correlation id', { headers: { 'x-correlation-id': 'c'.repeat(201) } }, 'malformed_request'],
  ])('is refused: %s', async (_what, sent, code) => {
    await refused(at('confirm'), sent, 400, code);
  });

  it('is said to be no fault of the HTTP', async () => {
    const sent = { headers: { 'if-match': '0' } };
    const { body } = await refused(at('confirm'), sent, 400, 'malformed_request');
    expect(body['title']).toBe('The address or a header of the request is not valid');
  });

  it('is refused: If-Match for an order that does not exist yet', async () => {
    const sent = { body: mugOrder(), headers: { 'if-match': '*' } };
    await refused('/v1/orders', sent, 400, 'malformed_request');
  });
});

describe('what is too large', () => {
  const lines = (count: number, name: string) => Array.from({ length: count }, () => ({ ...mug(), name }));

  it('is refused: more than 2,000 lines, at once or by an edit', async () => {
    await refused('/v1/orders', { body: placing({ lines: lines(2_001, 'Mug') }) }, 400, 'validation_failed');
    const full = await system.api.send('/v1/orders', { body: placing({ lines: lines(2_000, 'Mug') }) });
    expect(full.status).toBe(201);
    const path = `/v1/orders/${String(full.body['orderId'])}/edits`;
    await refused(path, { body: { operations: [{ op: 'addLine', line: mug() }] } }, 422, 'too_many_lines');
  });

  it('is refused: an order that does not fit into one append', async () => {
    const body = placing({ lines: lines(2_000, 'ü'.repeat(LIMITS.nameCharacters)) });
    const { body: problem } = await refused('/v1/orders', { body }, 422, 'order_too_large');
    expect(problem['details']).toMatchObject({ limitBytes: 1_000_000 });
  });

  it('is refused: money whose total is out of range', async () => {
    const dear = Array.from({ length: 3 }, () => mug(1_000_000, LIMITS.amountMinor));
    await refused('/v1/orders', { body: placing({ lines: dear }) }, 422, 'total_out_of_range');
    const surcharges = [{ amountMinor: LIMITS.amountMinor }];
    await refused('/v1/orders', { body: placing({ surcharges }) }, 422, 'total_out_of_range');
  });
});

describe('what the order does not know or allow', () => {
  it.each<[string, object, string]>([
    ['shipments', { lines: [{ lineId: UNKNOWN, quantity: 1 }] }, 'not_allowed_in_state'],
    ['lines/cancel', { lines: [{ lineId: UNKNOWN, quantity: 1 }] }, 'line_not_found'],
    [`shipments/${UNKNOWN}/dispatch`, {}, 'shipment_not_found'],
    [`returns/${UNKNOWN}/approve`, {}, 'return_not_found'],
    [`refunds/${UNKNOWN}/failed`, {}, 'refund_not_found'],
    [`notes/${UNKNOWN}/redact`, {}, 'note_not_found'],
    ['payments/captured', payment({ authorizationId: UNKNOWN }), 'payment_not_found'],
    ['payments/captured', payment({ currency: 'USD' }), 'currency_mismatch'],
    [
      'refunds',
      { reason: 'goodwill', currency: 'EUR', of: { kind: 'amount', amountMinor: 1 } },
      'refund_exceeds_captured',
    ],
    ['confirm', { occurredAt: '2020-01-01T00:00:00Z' }, 'occurred_at_before_last_event'],
    ['confirm', { occurredAt: '2999-01-01T00:00:00Z' }, 'occurred_at_in_future'],
  ])('is refused: %s %j', async (route, body, code) => {
    const status = code.endsWith('_not_found') ? 404 : code === 'not_allowed_in_state' ? 409 : 422;
    await refused(at(route), { body }, status, code);
  });

  it('is refused: a currency that does not exist, a discount that is too high', async () => {
    await refused('/v1/orders', { body: placing({ currency: 'XQX' }) }, 422, 'invalid_currency');
    const discounts = [{ amountMinor: 2_001 }];
    await refused('/v1/orders', { body: placing({ discounts }) }, 422, 'discount_exceeds_lines');
    const nowhere = [{ amountMinor: 1, lineIndex: 1 }];
    const { body } = await refused(
      '/v1/orders',
      { body: placing({ discounts: nowhere }) },
      422,
      'line_index_out_of_range',
    );
    expect(body['details']).toEqual({ field: 'discounts/0/lineIndex', limit: 0 });
  });

  it('is refused: a command to an order that does not exist', async () => {
    await refused(`/v1/orders/${UNKNOWN}/confirm`, {}, 404, 'order_not_found');
    await refused(
      `/v1/orders/${UNKNOWN}/confirm`,
      { headers: { 'if-match': '"0"' } },
      404,
      'order_not_found',
    );
  });

  it('is refused: a whole edit of which one operation is wrong', async () => {
    const operations = [
      { op: 'addLine', line: mug() },
      { op: 'removeLine', lineId: UNKNOWN },
    ];
    const { body } = await refused(at('edits'), { body: { operations } }, 404, 'line_not_found');
    expect(body['details']).toMatchObject({ operation: 1 });
  });
});

describe('an address or a method that there is not', () => {
  it('is 404 or 405', async () => {
    await refused('/v1/nothing', {}, 404, 'not_found');
    await refused(`/v1/orders/${'x'.repeat(2_000)}/confirm`, {}, 414, 'uri_too_long');
    await refused('/v1/orders/%zz/confirm', {}, 400, 'malformed_request');
    const answer = await refused(at('confirm'), { method: 'DELETE' }, 405, 'method_not_allowed');
    expect(answer.headers.get('allow')).toContain('POST');
  });

  it('is 400 where it is no HTTP at all', async () => {
    const { hostname, port } = new URL(system.api.url);
    const socket = connect(Number(port), hostname);
    socket.end('orders please\r\n\r\n');
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 400[^]*malformed_request/);
  });
});
