import { describe, expect, it } from '@jest/globals';
import { operations } from './generated/operations.js';
import { requestOf } from './request.js';

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
});
