import { IllegalStateError, type Event } from '@event-driven-io/emmett';

export interface Line {
  sku: string;
  name: string;
  quantity: number;
  unitPriceMinor: number;
}

export type OrderPlaced = Event<
  'OrderPlaced',
  {
    orderId: string;
    reference: string;
    customerId: string;
    currency: string;
    country: string;
    countryName: string;
    lines: Line[];
    placedAt: string;
  }
>;
export type OrderConfirmed = Event<'OrderConfirmed', { orderId: string; confirmedAt: string }>;
export type PaymentCaptured = Event<
  'PaymentCaptured',
  {
    orderId: string;
    paymentId: string;
    amountMinor: number;
    currency: string;
    providerReference: string;
    capturedAt: string;
  }
>;
export type ShipmentCreated = Event<
  'ShipmentCreated',
  { orderId: string; shipmentId: string; createdAt: string }
>;

export type OrderEvent = OrderPlaced | OrderConfirmed | PaymentCaptured | ShipmentCreated;

export type Order =
  | { status: 'none' }
  | { status: 'placed' | 'confirmed'; currency: string; totalMinor: number; paidMinor: number };

export const initialState = (): Order => ({ status: 'none' });

export const totalOf = (lines: readonly Line[]): number =>
  lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);

export const evolve = (order: Order, { type, data }: OrderEvent): Order => {
  switch (type) {
    case 'OrderPlaced':
      return { status: 'placed', currency: data.currency, totalMinor: totalOf(data.lines), paidMinor: 0 };
    case 'OrderConfirmed':
      return order.status === 'none' ? order : { ...order, status: 'confirmed' };
    case 'PaymentCaptured':
      return order.status === 'none' ? order : { ...order, paidMinor: order.paidMinor + data.amountMinor };
    case 'ShipmentCreated':
      return order;
  }
};

const now = () => new Date().toISOString();

export const place = (data: Omit<OrderPlaced['data'], 'placedAt'>, order: Order): OrderPlaced => {
  if (order.status !== 'none') throw new IllegalStateError('The order is placed already');
  return { type: 'OrderPlaced', data: { ...data, placedAt: now() } };
};

export const confirm = (orderId: string, order: Order): OrderConfirmed => {
  if (order.status !== 'placed') throw new IllegalStateError(`The order is ${order.status}`);
  return { type: 'OrderConfirmed', data: { orderId, confirmedAt: now() } };
};

export const capture = (data: Omit<PaymentCaptured['data'], 'capturedAt'>, order: Order): PaymentCaptured => {
  if (order.status === 'none') throw new IllegalStateError('There is no such order');
  if (data.currency !== order.currency) throw new IllegalStateError('Another currency than the order has');
  return { type: 'PaymentCaptured', data: { ...data, capturedAt: now() } };
};

export const ship = (orderId: string, shipmentId: string, order: Order): ShipmentCreated => {
  if (order.status !== 'confirmed') throw new IllegalStateError(`The order is ${order.status}`);
  return { type: 'ShipmentCreated', data: { orderId, shipmentId, createdAt: now() } };
};
