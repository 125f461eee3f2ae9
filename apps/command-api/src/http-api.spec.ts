import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { rejectionCodes, type RejectionCode } from '#domain/order/rejections.js';
import { lamp, noteAdded, orderPlaced } from '#domain/testing/events.js';
import { given } from '#domain/testing/given.js';
import { AppendOutcomeUnknown, StoreUnavailable, StreamDeleted } from '#event-store/errors.js';
import type { Principal } from '#platform/auth/principal.js';
import type { HttpApp } from '#platform/http/http-app.js';
import { createLogger } from '#platform/logging.js';
import { decodeOrderPosition } from '#platform/order-position.js';
import { rejectionsOfCommands } from './dispatch/rejections-of-commands.js';
import type { CommandRequest, CommandResult } from './handling/command-request.js';
import {
  ConflictRetriesExhausted,
  IdempotencyKeyReused,
  OrderRejected,
  OrderTooLarge,
  PreconditionFailed,
  PreconditionMissing,
} from './handling/errors.js';
import { createCommandHttpApp } from './http-api.js';

const ORDER = '0b9e7c52-6f0a-4b7e-9c3d-2f1a8d4e6b70';
const principals: Readonly<Record<string, Partial<Principal>>> = {
  staff: { scopes: new Set(['orders:write']) },
  manager: { scopes: new Set(['orders:read', 'orders:write']) },
  admin: { scopes: new Set(['orders:write', 'orders:admin', 'orders:refund']), subject: 'backoffice' },
  customer: { scopes: new Set(['orders:read', 'orders:write']), customerId: 'c-1', subject: 'c-1' },
  reader: { scopes: new Set(['orders:read']) },
};
const principalOf = (token: string): Principal =>
  ({
    tenantId: 'default',
    subject: 'ada',
    clientId: 'backoffice',
    customerId: null,
    ...principals[token],
  }) as Principal;

const done = { orderId: ORDER, revision: 4, position: 17n, events: [], replayed: false };
let answer: Partial<CommandResult> | Error;
let handled: CommandRequest | null;
const handling = {
  handle: async (request: CommandRequest) => {
    handled = request;
    if (answer instanceof Error) throw answer;
    return { ...done, ...answer } as CommandResult;
  },
};
const start = (requireIfMatch: boolean) =>
  createCommandHttpApp(handling, {
    logger: createLogger('command-api', 'silent'),
    verifier: { known: principalOf, verify: async (token) => principalOf(token) },
    checkEventStore: async () => undefined,
    queryBaseUrl: 'https://query.example',
    requireIfMatch,
    storeMark: async () => '018f3f5e7b1c',
  });

let app: HttpApp;
beforeAll(async () => {
  app = await start(false);
});
afterAll(() => app.close());
beforeEach(() => {
  answer = {};
  handled = null;
});

interface Sent {
  as?: string;
  method?: 'POST' | 'PUT';
  key?: string | null;
  headers?: Record<string, string>;
  body?: object;
}
async function send(url: string, { as = 'staff', method = 'POST', key = 'k-1', headers, body }: Sent = {}) {
  const response = await app.fastify.inject({
    method,
    url,
    headers: {
      authorization: `Bearer ${as}`,
      ...(key === null ? {} : { 'idempotency-key': key }),
      ...headers,
    },
    payload: body ?? {},
  });
  return {
    status: response.statusCode,
    headers: response.headers,
    body: response.json<Record<string, unknown>>(),
  };
}
const confirm = (sent: Sent = {}) => send(`/v1/orders/${ORDER}/confirm`, sent);
const order = { currency: 'EUR', lines: [{ sku: 'MUG', name: 'Mug', quantity: 1, unitPriceMinor: 500 }] };

describe('what a request says about its command', () => {
  it('names an order that it places after the command, and where to read it', async () => {
    const first = await send('/v1/orders', { body: order });
    expect(first.status).toBe(201);
    expect(handled).toMatchObject({ mode: 'remembered', ifMatch: null, mayBackdate: false });
    const { orderId } = handled!;
    expect(first.headers['location']).toBe(`https://query.example/v1/orders/${orderId}`);
    await send('/v1/orders', { body: order });
    expect(handled!.orderId).toBe(orderId);
    await send('/v1/orders', { body: order, key: 'k-2' });
    expect(handled!.orderId).not.toBe(orderId);
  });

  it('answers revision, position and whether it is a replay in headers', async () => {
    answer = { replayed: true };
    const { status, headers, body } = await confirm();
    expect(status).toBe(200);
    expect(body).toEqual({ orderId: ORDER, revision: 4, events: [] });
    expect(headers).toMatchObject({ etag: '"4"', 'idempotent-replayed': 'true' });
    const position = decodeOrderPosition(String(headers['order-position']));
    expect(position).toEqual({ position: 17n, store: '018f3f5e7b1c', orderId: ORDER, revision: 4 });
  });

  it('is the same command under the same key, however the address and the body are written', async () => {
    await confirm({ body: { occurredAt: null } });
    const first = handled!;
    await send(`/v1/orders/${ORDER.toUpperCase()}/confirm`);
    expect(handled!.orderId).toBe(ORDER);
    expect(handled!.commandId).toBe(first.commandId);
    expect(handled!.fingerprint).toBe(first.fingerprint);
  });

  it('says who asks, for what and in which trace', async () => {
    const traceparent = '00-5f0c6d1e2b7a4c8f9d3e1a2b4c6d8e0f-1a2b3c4d5e6f7a8b-01';
    await confirm({ headers: { traceparent, 'x-causation-id': 'msg-7' } });
    expect(handled).toMatchObject({
      actor: { type: 'user', id: 'ada' },
      correlationId: '5f0c6d1e2b7a4c8f9d3e1a2b4c6d8e0f',
      causationId: 'msg-7',
      traceparent,
    });
    await confirm({ as: 'admin', headers: { 'x-correlation-id': 'checkout-1' } });
    expect(handled).toMatchObject({
      actor: { type: 'service', id: 'backoffice' },
      correlationId: 'checkout-1',
      mayBackdate: true,
    });
  });

  it('needs a key for a POST, not for a PUT or a dry run', async () => {
    expect((await confirm({ key: null })).body).toMatchObject({
      status: 400,
      code: 'idempotency_key_missing',
    });
    expect((await confirm({ key: 'ü' })).body).toMatchObject({
      status: 400,
      code: 'idempotency_key_invalid',
    });
    const tags = await send(`/v1/orders/${ORDER}/tags`, {
      method: 'PUT',
      key: null,
      body: { tags: ['vip'] },
    });
    expect(tags.status).toBe(200);
    expect(handled!.mode).toBe('unremembered');
    await send(`/v1/orders/${ORDER}/tags`, { method: 'PUT', body: { tags: ['vip'] } });
    expect(handled!.mode).toBe('remembered');
  });

  it('takes If-Match for changes, not for placing', async () => {
    await confirm({ headers: { 'if-match': '"3"' } });
    expect(handled!.ifMatch).toBe(3);
    await confirm({ headers: { 'if-match': '*' } });
    expect(handled!.ifMatch).toBeNull();
    expect((await confirm({ headers: { 'if-match': '3' } })).status).toBe(400);
    expect((await send('/v1/orders', { body: order, headers: { 'if-match': '*' } })).status).toBe(400);
  });

  it('must have If-Match where the deployment says so', async () => {
    const strict = await start(true);
    try {
      const headers = { authorization: 'Bearer staff', 'idempotency-key': 'k' };
      const url = `/v1/orders/${ORDER}/confirm`;
      await strict.fastify.inject({ method: 'POST', url, headers });
      expect(handled!.ifMatch).toBe('missing');
      const matching = { ...headers, 'if-match': '*' };
      await strict.fastify.inject({ method: 'POST', url, headers: matching });
      expect(handled!.ifMatch).toBeNull();
      const placing = { method: 'POST', url: '/v1/orders', headers, payload: order } as const;
      await strict.fastify.inject(placing);
      expect(handled!.ifMatch).toBeNull();
    } finally {
      await strict.close();
    }
  });
});

describe('a query', () => {
  const edit = { operations: [{ op: 'removeLine', lineId: ORDER }] };

  it('is refused by every route if it has another parameter, and nothing is done', async () => {
    const { paths } = (await app.fastify.inject('/docs-json')).json<OpenAPIObject>();
    const unknown = { code: 'unknown_field', message: 'is not a known field' };
    for (const [path, { put }] of Object.entries(paths)) {
      const url = `${path.replace(/\{\w+\}/g, ORDER)}?dryrun=true`;
      const { status, body: problem } = await send(url, { as: 'admin', method: put ? 'PUT' : 'POST' });
      expect([path, status, problem['code']]).toEqual([path, 400, 'validation_failed']);
      expect(problem['errors']).toEqual([{ pointer: '/dryrun', ...unknown }]);
    }
    expect(handled).toBeNull();
  });

  it('without parameters is as none', async () => {
    expect((await send(`/v1/orders/${ORDER}/confirm?`)).status).toBe(200);
    expect(handled).toMatchObject({ mode: 'remembered' });
  });

  it.each([
    ['/v1/orders', { body: order }],
    [`/v1/orders/${ORDER}/confirm`, {}],
    [`/v1/orders/${ORDER}/edits`, { body: edit }],
    [`/v1/orders/${ORDER}/tags`, { method: 'PUT', body: { tags: ['vip'] } }],
  ] as const)('asks for a dry run of any command, with or without a key: %s', async (path, sent) => {
    answer = { order: given(orderPlaced({ lines: [lamp(1)] })).order };
    for (const key of ['k', null]) {
      handled = null;
      const { status, headers, body } = await send(`${path}?dryRun=true`, { ...sent, key });
      expect({ status, body, handled }).toMatchObject({
        status: 200,
        body: { dryRun: true },
        handled: { mode: 'dry_run' },
      });
      expect(headers['location'] ?? headers['order-position']).toBeUndefined();
    }
    await send(`${path}?dryRun=false`, sent);
    expect(handled).toMatchObject({ mode: 'remembered' });
  });

  it('that asks for a dry run shows a customer neither notes nor what only staff may do', async () => {
    answer = { order: given(orderPlaced({ lines: [lamp(1)] }), noteAdded('a bad payer')).order };
    const shownTo = async (as: string) => {
      const { body } = await send(`/v1/orders/${ORDER}/cancel?dryRun=true`, { as });
      return body['order'];
    };
    expect(await shownTo('customer')).toMatchObject({ notes: [], allowedCommands: ['CancelOrder'] });
    expect(await shownTo('manager')).toMatchObject({
      notes: [{ noteId: 'note' }],
      allowedCommands: expect.arrayContaining(['ConfirmOrder']),
    });
  });

  it('that asks for a dry run shows the order to nobody who may not read it, unless the order is a new one', async () => {
    answer = { order: given(orderPlaced({ lines: [lamp(1)] })).order };
    const tried = await send(`/v1/orders/${ORDER}/confirm?dryRun=true`);
    expect(tried.body).toEqual({ orderId: ORDER, revision: 4, events: [], dryRun: true });
    expect((await send('/v1/orders?dryRun=true', { body: order })).body).toMatchObject({
      order: { status: 'placed' },
    });
  });
});

describe('who may do what', () => {
  const lines = [{ lineId: ORDER, quantity: 1 }];

  it('lets a customer cancel while placed and ask for returns, on their own orders', async () => {
    await send(`/v1/orders/${ORDER}/cancel`, { as: 'customer' });
    expect(handled).toMatchObject({
      ownerCustomerId: 'c-1',
      actor: { type: 'customer', id: 'c-1' },
    });
    await send(`/v1/orders/${ORDER}/returns`, { as: 'customer', body: { lines } });
    expect(handled).toMatchObject({ ownerCustomerId: 'c-1' });
    await send(`/v1/orders/${ORDER}/cancel`);
    expect(handled).toMatchObject({ ownerCustomerId: null });
  });

  it('refuses a customer everything else, and to say when it happened', async () => {
    const occurredAt = '2026-03-01T12:00:00Z';
    const backdated = await send(`/v1/orders/${ORDER}/cancel`, { as: 'customer', body: { occurredAt } });
    expect(backdated.body).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await send('/v1/orders', { as: 'customer', body: order })).status).toBe(403);
    expect((await confirm({ as: 'customer' })).status).toBe(403);
    expect(handled).toBeNull();
  });

  it('needs orders:write, and orders:refund for refunds', async () => {
    const refund = { reason: 'goodwill', currency: 'EUR', of: { kind: 'amount', amountMinor: 5 } };
    expect((await confirm({ as: 'reader' })).status).toBe(403);
    expect((await send(`/v1/orders/${ORDER}/refunds`, { body: refund })).status).toBe(403);
    expect((await send(`/v1/orders/${ORDER}/refunds`, { as: 'admin', body: refund })).status).toBe(200);
    expect(handled!.command).toMatchObject({ data: { of: { kind: 'amount', amountMinor: 5 } } });
  });
});

describe('what can come of a command', () => {
  const rejected = (code: RejectionCode, details = {}) => new OrderRejected({ code, details });

  it.each([
    [404, 'order_not_found', rejected('order_not_found')],
    [422, 'quantity_exceeds_unshipped', rejected('quantity_exceeds_unshipped', { lineId: ORDER })],
    [403, 'occurred_at_needs_admin', rejected('occurred_at_needs_admin')],
    [412, 'precondition_failed', new PreconditionFailed(3, 4)],
    [428, 'precondition_required', new PreconditionMissing('none')],
    [422, 'idempotency_key_reused', new IdempotencyKeyReused(ORDER)],
    [409, 'conflict_retry_exhausted', new ConflictRetriesExhausted(8)],
    [422, 'order_too_large', new OrderTooLarge(1_000_001, 1_000_000)],
    [503, 'event_store_unavailable', new StoreUnavailable('away')],
    [503, 'order_unreadable', new StreamDeleted('gone')],
    [503, 'outcome_unknown', new AppendOutcomeUnknown('no answer')],
    [500, 'internal_error', new Error('a bug')],
  ])('%i %s', async (status, code, error: Error) => {
    answer = error;
    const response = await confirm();
    expect(response.body).toMatchObject({ status, code });
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    if (status === 503) expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
    expect(JSON.stringify(response.body)).not.toMatch(/a bug|\\n *at /);
  });

  it('lists what the order allows instead', async () => {
    answer = rejected('not_allowed_in_state', { status: 'completed', allowedCommands: ['AddNote'] });
    expect((await confirm()).body).toMatchObject({
      status: 409,
      allowedCommands: ['AddNote'],
      details: { status: 'completed' },
    });
  });
});

describe('the description of the API', () => {
  it('names every reason for which an order says no, at the routes that can meet it', async () => {
    const document = (await app.fastify.inject('/docs-json')).json<OpenAPIObject>();
    const routes = JSON.stringify(document.paths);
    const missing = rejectionCodes.filter((code) => !routes.includes(`#/components/examples/${code}"`));
    expect(missing).toEqual([]);
  });

  it('names the headers of problems', async () => {
    const { paths } = (await app.fastify.inject('/docs-json')).json<OpenAPIObject>();
    const { responses } = paths['/v1/orders/{orderId}/confirm']!.post!;
    const headers = Object.entries(responses).map(([status, response]) => [
      status,
      Object.keys((response as { headers?: object }).headers ?? {}),
    ]);
    expect(Object.fromEntries(headers)).toMatchObject({
      401: ['WWW-Authenticate'],
      403: ['WWW-Authenticate'],
      404: [],
      409: ['Retry-After'],
      412: ['ETag'],
      503: ['Retry-After'],
    });
  });

  it('asks for a token and a key at every route', async () => {
    const { paths } = (await app.fastify.inject('/docs-json')).json<OpenAPIObject>();
    const operations = Object.values(paths).flatMap((path) => Object.values(path as Record<string, object>));
    expect(operations).toHaveLength(Object.keys(rejectionsOfCommands).length);
    for (const operation of operations) {
      expect(operation).toHaveProperty('security');
      expect(JSON.stringify(operation)).toContain('Idempotency-Key');
    }
  });
});
