import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { openEmbeddedIssuer } from '#platform/auth/embedded-issuer.js';
import { commandSystem } from '../../support/command-system.js';
import { mugOrder } from '../../support/orders.js';

const system = commandSystem();
let orderId: string;
let lineId: string;
beforeAll(async () => {
  const { body } = await system.api.send('/v1/orders', { body: mugOrder({ customerId: 'ada' }) });
  orderId = String(body['orderId']);
  lineId = (body['events'] as { ids: { lineIds: string[] } }[])[0]!.ids.lineIds[0]!;
});

const at = (route: string) => `/v1/orders/${orderId}/${route}`;
const noteBy = async (token: string | null) =>
  system.api.send(at('notes'), { token, body: { text: 'hello' } });

describe('a token', () => {
  it('must be there', async () => {
    const answer = await noteBy(null);
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="orderlog"');
  });

  it('must not have expired', async () => {
    const token = await system.api.token({ lifetimeSeconds: -1 });
    expect(await noteBy(token)).toMatchObject({ status: 401, body: { code: 'token_expired' } });
  });

  it('must be signed by the issuer, as the issuer signs', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'orderlog-forger-'));
    try {
      const forger = await openEmbeddedIssuer(folder);
      const options = { tenant: 'default', scopes: ['orders:write'], lifetimeSeconds: 60 } as const;
      const forged = await forger.issueToken(options);
      const good = await system.api.token();
      const [header, , signature] = good.split('.');
      const claims = Buffer.from(JSON.stringify({ tenant: 'demo', sub: 'me' })).toString('base64url');
      const none = Buffer.from('{"alg":"none"}').toString('base64url');
      const bad = [forged, `${header}.${claims}.${signature}`, `${none}.${claims}.`, good.slice(0, -4), 'x'];
      for (const token of bad) {
        expect(await noteBy(token)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('must have the scopes that the command needs', async () => {
    const reader = await system.api.token({ scopes: ['orders:read'] });
    expect(await noteBy(reader)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    const token = await system.api.token({ scopes: ['orders:write'] });
    const refund = { reason: 'goodwill', currency: 'EUR', of: { kind: 'amount', amountMinor: 1 } };
    expect((await system.api.send(at('refunds'), { token, body: refund })).status).toBe(403);
    const backdated = { ...mugOrder(), occurredAt: '2020-01-01T00:00:00Z' };
    expect(await system.api.send('/v1/orders', { token, body: backdated })).toMatchObject({
      status: 403,
      body: { code: 'occurred_at_needs_admin' },
    });
    expect((await system.api.send('/v1/orders', { body: backdated })).status).toBe(201);
  });
});

describe('an order of someone else', () => {
  it('is not there for another tenant', async () => {
    const token = await system.api.token({ tenant: 'demo' });
    expect(await noteBy(token)).toMatchObject({ status: 404, body: { code: 'order_not_found' } });
  });

  it('is not there for another customer, whatever it was asked', async () => {
    const token = await system.api.token({ customer: 'bob', scopes: ['orders:write'] });
    const lines = [{ lineId, quantity: 1 }];
    const stale = { 'if-match': '"77"' };
    for (const headers of [{}, stale]) {
      const cancel = await system.api.send(at('cancel'), { token, headers });
      expect(cancel).toMatchObject({ status: 404, body: { code: 'order_not_found' } });
      expect(cancel.body).not.toHaveProperty('details');
      const returned = await system.api.send(at('returns'), { token, headers, body: { lines } });
      expect(returned).toMatchObject({ status: 404, body: { code: 'order_not_found' } });
    }
  });
});

describe("a customer's token", () => {
  const ada = () => system.api.token({ customer: 'ada', scopes: ['orders:write'] });

  it('cannot place or change an order, nor say when something happened', async () => {
    const token = await ada();
    expect((await system.api.send('/v1/orders', { token, body: mugOrder() })).status).toBe(403);
    expect((await noteBy(token)).status).toBe(403);
    expect((await system.api.send(at('tags'), { token, method: 'PUT', body: { tags: [] } })).status).toBe(
      403,
    );
    const occurredAt = new Date().toISOString();
    expect((await system.api.send(at('cancel'), { token, body: { occurredAt } })).status).toBe(403);
  });

  it('cancels while the order is placed, and only then', async () => {
    const token = await ada();
    const { body } = await system.api.send('/v1/orders', { body: mugOrder({ customerId: 'ada' }) });
    const own = `/v1/orders/${String(body['orderId'])}`;
    const early = await system.api.send(`${own}/returns`, {
      token,
      body: { lines: [{ lineId, quantity: 1 }] },
    });
    expect(early).toMatchObject({ status: 409, body: { allowedCommands: ['CancelOrder'] } });
    const cancelled = await system.api.send(`${own}/cancel`, { token });
    expect(cancelled.body).toMatchObject({ events: [{ type: 'OrderCancelled' }] });
    const again = await system.api.send(`${own}/cancel`, { token });
    expect(again).toMatchObject({ status: 200, body: { events: [] } });

    await system.api.send(at('confirm'));
    const late = await system.api.send(at('cancel'), { token });
    expect(late).toMatchObject({ status: 409, body: { code: 'not_allowed_in_state', allowedCommands: [] } });
  });

  it('asks to return what has arrived', async () => {
    const token = await ada();
    const shipment = await system.api.send(at('shipments'));
    const { shipmentId } = (shipment.body['events'] as { ids: { shipmentId: string } }[])[0]!.ids;
    await system.api.send(at(`shipments/${shipmentId}/dispatch`));
    const answer = await system.api.send(at('returns'), {
      token,
      body: { lines: [{ lineId, quantity: 1 }] },
    });
    expect(answer).toMatchObject({ status: 200, body: { events: [{ type: 'ReturnRequested' }] } });
  });
});

describe('health and documentation', () => {
  it('are there for everyone', async () => {
    for (const path of ['/health/live', '/health/ready', '/docs', '/docs-json']) {
      expect((await fetch(system.api.url + path)).status).toBe(200);
    }
  });
});
