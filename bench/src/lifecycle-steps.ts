import type { OrderCommand } from '#domain/order/order.js';
import type { Order } from '#domain/order/state.js';

/** A step in the life of a placed order, as an HTTP request and as the command that the request becomes. */
export interface Step {
  readonly path: (orderId: string, shipmentId: string) => string;
  readonly body: (totalMinor: number) => unknown;
  readonly command: (order: Order, totalMinor: number) => OrderCommand;
}

const nothing = () => ({});

export const steps: readonly Step[] = [
  {
    path: (id) => `/v1/orders/${id}/confirm`,
    body: nothing,
    command: () => ({ type: 'ConfirmOrder', data: {}, personal: null }),
  },
  {
    path: (id) => `/v1/orders/${id}/payments/captured`,
    body: (totalMinor) => ({ amountMinor: totalMinor, currency: 'GBP', providerReference: 'pay-1' }),
    command: (_order, totalMinor) => ({
      type: 'RecordPaymentCaptured',
      data: {
        amountMinor: totalMinor,
        currency: 'GBP',
        providerReference: 'pay-1',
        method: null,
        authorizationId: null,
      },
      personal: null,
    }),
  },
  {
    path: (id) => `/v1/orders/${id}/notes`,
    body: () => ({ text: 'Leave it with the neighbour at number 7.' }),
    command: () => ({
      type: 'AddNote',
      data: {},
      personal: { text: 'Leave it with the neighbour at number 7.' },
    }),
  },
  {
    path: (id) => `/v1/orders/${id}/shipments`,
    body: nothing,
    command: () => ({ type: 'CreateShipment', data: { carrier: null, lines: [] }, personal: null }),
  },
  {
    path: (id, shipmentId) => `/v1/orders/${id}/shipments/${shipmentId}/dispatch`,
    body: () => ({ trackingNumber: 'TRACK-1' }),
    command: (order) => ({
      type: 'DispatchShipment',
      data: { shipmentId: order.shipments[0]!.shipmentId, carrier: null, trackingNumber: 'TRACK-1' },
      personal: null,
    }),
  },
  {
    path: (id, shipmentId) => `/v1/orders/${id}/shipments/${shipmentId}/deliver`,
    body: nothing,
    command: (order) => ({
      type: 'DeliverShipment',
      data: { shipmentId: order.shipments[0]!.shipmentId },
      personal: null,
    }),
  },
  {
    path: (id) => `/v1/orders/${id}/complete`,
    body: nothing,
    command: () => ({ type: 'CompleteOrder', data: {}, personal: null }),
  },
];
