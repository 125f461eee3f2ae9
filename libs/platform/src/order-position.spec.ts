import { describe, expect, it } from '@jest/globals';
import { decodeOrderPosition, encodeOrderPosition } from './order-position.js';

const orderId = '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a11';

describe('Order-Position', () => {
  it.each([
    { position: 0n, store: null, orderId: null, revision: null },
    { position: 9_223_372_036_854_775_807n, store: '018f3f5e7b1c', orderId: null, revision: null },
    { position: 12n, store: '018f3f5e7b1c', orderId, revision: 7 },
  ])('comes back as it was: %j', (content) => {
    const token = encodeOrderPosition(content);
    expect(token).toMatch(/^[\w-]+$/);
    expect(decodeOrderPosition(token)).toEqual(content);
  });

  it.each([
    ['', ''],
    ['no base64', '%%%'],
    ['no JSON', Buffer.from('{').toString('base64url')],
    ['a number', Buffer.from('7').toString('base64url')],
    ['a negative position', Buffer.from('{"p":"-1"}').toString('base64url')],
    ['a position past 64 bits of digits', Buffer.from(`{"p":"${'9'.repeat(40)}"}`).toString('base64url')],
    ['no order id', Buffer.from('{"p":"1","r":1}').toString('base64url')],
    ['a bad revision', Buffer.from(`{"p":"1","o":"${orderId}","r":1.5}`).toString('base64url')],
    ['no mark of a store', Buffer.from('{"p":"1","s":"x"}').toString('base64url')],
    ['a long text', 'a'.repeat(301)],
  ])('is null for what we did not make: %s', (_what, token) => {
    expect(decodeOrderPosition(token)).toBeNull();
  });
});
