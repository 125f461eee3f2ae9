import { describe, expect, it } from '@jest/globals';
import { commandIdOf, fingerprintOf, idempotencyKeyOf, placedOrderIdOf } from './idempotency.js';

const shop = { tenantId: 'default', customerId: null, clientId: 'shop' };
const uuidV5 = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('the id of a command', () => {
  const id = commandIdOf(shop, 'POST', '/v1/orders', 'key-1');

  it('never changes: clients send keys again after a release', () => {
    expect(id).toMatch(uuidV5);
    expect(id).toBe('ed83752a-1a83-50e9-9b08-cc6846246769');
    expect(placedOrderIdOf(id)).toBe('b6ebd51c-b1a1-53e3-87f0-cfda848a53b2');
  });

  it.each([
    ['tenant', commandIdOf({ ...shop, tenantId: 'demo' }, 'POST', '/v1/orders', 'key-1')],
    ['customer', commandIdOf({ ...shop, customerId: 'c' }, 'POST', '/v1/orders', 'key-1')],
    ['client', commandIdOf({ ...shop, clientId: 'app' }, 'POST', '/v1/orders', 'key-1')],
    ['method', commandIdOf(shop, 'PUT', '/v1/orders', 'key-1')],
    ['path', commandIdOf(shop, 'POST', '/v1/orders/x', 'key-1')],
    ['key', commandIdOf(shop, 'POST', '/v1/orders', 'key-2')],
  ])('is another one for another %s', (_what, other) => {
    expect(other).not.toBe(id);
  });
});

describe('the fingerprint of a body', () => {
  it('is 128 bits that change with the content and not with its writing', () => {
    const fingerprint = fingerprintOf({ amountMinor: 1, currency: 'EUR', method: null });
    expect(fingerprint).toMatch(/^[0-9a-f]{32}$/);
    expect(fingerprintOf({ currency: 'EUR', amountMinor: 1 })).toBe(fingerprint);
    expect(fingerprintOf({ currency: 'EUR', amountMinor: 2 })).not.toBe(fingerprint);
  });
});

describe('an Idempotency-Key', () => {
  it('is 1 to 255 printable ASCII characters', () => {
    expect(idempotencyKeyOf(undefined)).toBeNull();
    expect(idempotencyKeyOf('a key')).toBe('a key');
    expect(idempotencyKeyOf('k'.repeat(255))).toHaveLength(255);
  });

  it.each([[''], ['k'.repeat(256)], ['schlüssel'], ['a\tb'], [['a', 'b']]])('refuses %j', (header) => {
    expect(() => idempotencyKeyOf(header)).toThrow('idempotency_key_invalid');
  });
});
