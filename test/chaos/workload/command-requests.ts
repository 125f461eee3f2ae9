import { operations, type OperationName } from '#client/generated/operations.js';
import type { AddressCountry, AddressLines } from '#domain/order/content.js';
import type { OrderCommand, OrderCommandType } from '#domain/order/order.js';

/** A command as an HTTP request. */
export interface CommandRequest {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

type Of<T extends OrderCommandType> = Extract<OrderCommand, { type: T }>;
type Parts = readonly [path: string, body: Readonly<Record<string, unknown>>];

/** The request of each command, as the controllers read it. A new command does not compile without one. */
const requests: { readonly [T in OrderCommandType]: (command: Of<T>) => Parts } = {
  PlaceOrder: ({ data, personal }) => {
    const { orderId: _orderId, tenantId: _tenantId, shippingAddress, billingAddress, ...content } = data;
    return [
      '',
      {
        ...content,
        contact: personal.contact,
        shippingAddress: addressOf(shippingAddress, personal.shippingAddress),
        billingAddress: addressOf(billingAddress, personal.billingAddress),
      },
    ];
  },
  ConfirmOrder: () => ['/confirm', {}],
  RejectOrder: ({ data }) => ['/reject', data],
  HoldOrder: ({ data }) => ['/hold', data],
  ReleaseOrder: () => ['/release', {}],
  CancelOrder: ({ data }) => ['/cancel', data],
  CompleteOrder: () => ['/complete', {}],
  EditOrder: ({ data, personal }) => [
    '/edits',
    {
      operations: data.operations.map((operation, index) =>
        'address' in operation
          ? { ...operation, address: addressOf(operation.address, personal.addresses[index] ?? null) }
          : operation,
      ),
    },
  ],
  ChangeContact: ({ personal }) => ['/contact', personal],
  RecordStockReserved: ({ data }) => ['/stock/reserved', withoutNoLines(data)],
  RecordStockRejected: ({ data }) => ['/stock/rejected', withoutNoLines(data)],
  RecordStockReleased: ({ data }) => ['/stock/released', data],
  RecordPaymentAuthorized: ({ data }) => ['/payments/authorized', data],
  RecordPaymentCaptured: ({ data }) => ['/payments/captured', data],
  RecordPaymentFailed: ({ data }) => ['/payments/failed', data],
  RecordPaymentVoided: ({ data }) => ['/payments/voided', data],
  RecordPaymentReversed: ({ data }) => ['/payments/reversed', data],
  RequestRefund: ({ data }) => ['/refunds', data],
  RecordRefundSucceeded: ({ data: { refundId, ...body } }) => [`/refunds/${refundId}/succeeded`, body],
  RecordRefundFailed: ({ data: { refundId, ...body } }) => [`/refunds/${refundId}/failed`, body],
  CreateShipment: ({ data }) => ['/shipments', withoutNoLines(data)],
  DispatchShipment: ({ data: { shipmentId, ...body } }) => [`/shipments/${shipmentId}/dispatch`, body],
  ChangeShipmentTracking: ({ data: { shipmentId, ...body } }) => [`/shipments/${shipmentId}/tracking`, body],
  DeliverShipment: ({ data: { shipmentId } }) => [`/shipments/${shipmentId}/deliver`, {}],
  RecordShipmentLost: ({ data: { shipmentId, ...body } }) => [`/shipments/${shipmentId}/lost`, body],
  CancelShipment: ({ data: { shipmentId, ...body } }) => [`/shipments/${shipmentId}/cancel`, body],
  CancelLines: ({ data }) => ['/lines/cancel', data],
  RequestReturn: ({ data }) => ['/returns', data],
  ApproveReturn: ({ data: { returnId } }) => [`/returns/${returnId}/approve`, {}],
  DeclineReturn: ({ data: { returnId, ...body } }) => [`/returns/${returnId}/decline`, body],
  ReceiveReturn: ({ data: { returnId, ...body } }) => [`/returns/${returnId}/receive`, withoutNoLines(body)],
  CloseReturn: ({ data: { returnId } }) => [`/returns/${returnId}/close`, {}],
  AddNote: ({ personal }) => ['/notes', { text: personal.text }],
  RedactNote: ({ data: { noteId, ...body } }) => [`/notes/${noteId}/redact`, body],
  ChangeTags: ({ data }) => ['/tags', data],
  ChangeAttributes: ({ data }) => ['/attributes', data],
};

/** An empty list of lines means all lines in the domain; over HTTP the list is left out instead. */
function withoutNoLines<Body extends { readonly lines: readonly unknown[] }>(
  body: Body,
): Readonly<Record<string, unknown>> {
  const { lines, ...others } = body;
  return lines.length === 0 ? others : body;
}

/** Each command has its operation by its own name. */
function methodOf(type: OrderCommandType): 'POST' | 'PUT' {
  const name = `${type.charAt(0).toLowerCase()}${type.slice(1)}` as OperationName;
  return operations[name].method as 'POST' | 'PUT';
}

/** @param orderId of an existing order; ignored for placing */
export function requestOf(command: OrderCommand, orderId: string): CommandRequest {
  const [path, body] = (requests[command.type] as (command: OrderCommand) => Parts)(command);
  return {
    method: methodOf(command.type),
    path: command.type === 'PlaceOrder' ? '/v1/orders' : `/v1/orders/${orderId}${path}`,
    body,
  };
}

/**
 * The command as the API reads it from its request: an address that is given has all address lines, even empty
 * ones.
 */
export function asRead(command: OrderCommand, order: { tenantId: string; orderId: string }): OrderCommand {
  if (command.type === 'PlaceOrder') {
    const { shippingAddress, billingAddress } = command.data;
    const personal = {
      contact: command.personal.contact,
      shippingAddress: linesOf(shippingAddress, command.personal.shippingAddress),
      billingAddress: linesOf(billingAddress, command.personal.billingAddress),
    };
    return { ...command, data: { ...command.data, ...order }, personal };
  }
  if (command.type === 'EditOrder') {
    const addresses = command.data.operations.map((operation, index) =>
      'address' in operation ? linesOf(operation.address, command.personal.addresses[index] ?? null) : null,
    );
    return { ...command, personal: { addresses } };
  }
  return command;
}

const NO_LINES: AddressLines = {
  name: null,
  company: null,
  line1: null,
  line2: null,
  city: null,
  region: null,
  postalCode: null,
};

function linesOf(country: AddressCountry | null, lines: AddressLines | null): AddressLines | null {
  return country === null ? null : (lines ?? NO_LINES);
}

function addressOf(country: AddressCountry | null, lines: AddressLines | null) {
  return country === null ? null : { ...country, ...linesOf(country, lines) };
}
