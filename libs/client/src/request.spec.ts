import { describe, expect, it } from '@jest/globals';
import { operations } from './generated/operations.js';
import { rawRequestOf, requestOf } from './request.js';

const ORDER = '0b9e7c52-6f0a-4b7e-9c3d-2f1a8d4e6b70';

describe('a request', () => {
  it('has each field where the operation takes it', () => {
    const input = { orderId: ORDER, shipmentId: 'a/b', trackingNumber: 'T-1', carrier: null };
    expect(requestOf(operations.dispatchShipment, input)).toEqual({
      api: 'command',
      method: 'POST',
      path: `/v1/orders/${ORDER}/shipments/a%2Fb/dispatch`,
      body: '{"trackingNumber":"T-1","carrier":null}',
      orderId: ORDER,
    });
  });

  it('repeats a list in the query, and leaves out what is null or undefined there', () => {
    const input = { status: ['placed', 'confirmed'], tag: null, from: undefined, onHold: false, limit: 5 };
    expect(requestOf(operations.listOrders, input)).toMatchObject({
      path: '/v1/orders?status=placed&status=confirmed&onHold=false&limit=5',
      body: null,
      orderId: null,
    });
  });

  it('splits query and body', () => {
    const { path, body } = requestOf(operations.editOrder, { orderId: ORDER, dryRun: true, operations: [] });
    expect([path, body]).toEqual([`/v1/orders/${ORDER}/edits?dryRun=true`, '{"operations":[]}']);
  });

  it('has a body, though an empty one, where a command takes nothing more', () => {
    expect(requestOf(operations.confirmOrder, { orderId: ORDER }).body).toBe('{}');
  });

  it('is refused without a part of its path, and with what a question does not take', () => {
    expect(() => requestOf(operations.getOrder, {})).toThrow('orderId is missing');
    expect(() => requestOf(operations.getOrder, { orderId: ORDER, limit: 5 })).toThrow('does not take limit');
  });

  it.each(['.', '..', ''])(
    'is refused where a part of its path would lead to another route: %j',
    (shipmentId) => {
      const cancelling = () => requestOf(operations.cancelShipment, { orderId: ORDER, shipmentId });
      expect(cancelling).toThrow(TypeError);
      expect(cancelling).toThrow('shipmentId');
    },
  );

  it.each(['...', '%2e%2e', '.a', '../x'])('takes any other part of its path as it is: %s', (shipmentId) => {
    const { path } = requestOf(operations.cancelShipment, { orderId: ORDER, shipmentId });
    const { pathname } = new URL(`http://one${path}`);
    expect(pathname.split('/').map(decodeURIComponent)).toEqual([
      '',
      'v1',
      'orders',
      ORDER,
      'shipments',
      shipmentId,
      'cancel',
    ]);
  });
});

describe('a request by its path', () => {
  const raw = (path: string) => () => rawRequestOf({ api: 'command', method: 'POST', path, body: {} });

  it('goes where it says', () => {
    const path = '/v1/orders?reference=/../@else.example//';
    expect(raw(path)()).toEqual({ api: 'command', method: 'POST', path, body: '{}', orderId: null });
  });

  it.each(['@else.example/x', '.else.example/x', 'v1/orders', '', '//else.example/x', '/\\else.example/x'])(
    'is refused where it may lead to another host: %j',
    (path) => expect(raw(path)).toThrow(new TypeError(`the path "${path}" does not begin with a single /`)),
  );

  it.each([
    '/v1/orders/../x',
    '/v1/orders/o/..?dryRun=true',
    '/./v1',
    '/v1/%2E%2e/x',
    '/v1/.%2e',
    '/v1\\..\\x',
  ])('is refused where it leads to another path: %j', (path) =>
    expect(raw(path)).toThrow(`the path ${path.split('?')[0]} leads to another one`),
  );
});
