import { randomUUID } from 'node:crypto';
import type { OrderCommand } from '#domain/order/order.js';
import { AppendOutcomeUnknown, StoreUnavailable } from '#event-store/errors.js';
import type { CommandRequest } from '../../apps/command-api/src/handling/command-request.js';
import type { OrderCommands } from '../../apps/command-api/src/handling/order-commands.js';
import { until } from './until.js';

export const someFingerprint = (n = 0) => n.toString(16).padStart(32, '0');

/** A request of a service, with a new key. */
export function request(
  orderId: string,
  command: OrderCommand,
  changes: Partial<CommandRequest> = {},
): CommandRequest {
  return {
    tenantId: 'default',
    orderId,
    command,
    commandId: randomUUID(),
    fingerprint: someFingerprint(),
    mode: 'remembered',
    ifMatch: null,
    occurredAt: null,
    mayBackdate: false,
    ownerCustomerId: null,
    actor: { type: 'service', id: 'test' },
    correlationId: randomUUID(),
    causationId: null,
    traceparent: null,
    ...changes,
  };
}

/** Like a client: the same request again for as long as it gets a 503. */
export async function persistently(commands: OrderCommands, asked: CommandRequest) {
  return until(
    `an answer to ${asked.command.type}`,
    () =>
      commands.handle(asked).catch((error: unknown) => {
        if (!(error instanceof StoreUnavailable || error instanceof AppendOutcomeUnknown)) throw error;
        return null;
      }),
    30_000,
  );
}

type PlaceOrder = Extract<OrderCommand, { type: 'PlaceOrder' }>;

/** An order of ten mugs at 4.50. */
export function placeOrder(
  orderId: string,
  data: Partial<PlaceOrder['data']> = {},
  personal: Partial<PlaceOrder['personal']> = {},
): PlaceOrder {
  return {
    type: 'PlaceOrder',
    data: {
      orderId,
      tenantId: 'default',
      reference: null,
      customerId: null,
      currency: 'GBP',
      lines: [{ sku: 'MUG', name: 'A mug', quantity: 10, unitPriceMinor: 450, tax: null }],
      discounts: [],
      surcharges: [],
      shipping: null,
      shippingAddress: null,
      billingAddress: null,
      attributes: {},
      tags: [],
      ...data,
    },
    personal: { contact: null, shippingAddress: null, billingAddress: null, ...personal },
  };
}

export const confirmOrder: OrderCommand = { type: 'ConfirmOrder', data: {}, personal: null };

export function changeTags(...tags: string[]): OrderCommand {
  return { type: 'ChangeTags', data: { tags }, personal: null };
}

export function addNote(text: string): OrderCommand {
  return { type: 'AddNote', data: {}, personal: { text } };
}

export function cancelOrder(reason: string | null = null): OrderCommand {
  return { type: 'CancelOrder', data: { reason }, personal: null };
}
