import { pongoSingleStreamProjection } from '@event-driven-io/emmett-postgresql';
import type { PongoDb } from '@event-driven-io/pongo';
import { totalOf, type Line, type OrderEvent } from './order.js';

// An interface would lack the index signature that the library asks for.
export type OrderDetails = {
  reference: string;
  customerId: string;
  currency: string;
  status: 'placed' | 'confirmed';
  country: string;
  countryName: string;
  totalMinor: number;
  paidMinor: number;
  lines: Line[];
  payments: { paymentId: string; amountMinor: number; providerReference: string }[];
  shipments: { shipmentId: string; createdAt: string }[];
};

const collectionName = 'order_details';

const evolve = (order: OrderDetails | null, { type, data }: OrderEvent): OrderDetails | null => {
  if (type === 'OrderPlaced') {
    const { orderId: _, placedAt: __, ...placed } = data;
    return {
      ...placed,
      status: 'placed',
      totalMinor: totalOf(data.lines),
      paidMinor: 0,
      payments: [],
      shipments: [],
    };
  }
  if (order === null) return null;
  switch (type) {
    case 'OrderConfirmed':
      return { ...order, status: 'confirmed' };
    case 'PaymentCaptured': {
      const { paymentId, amountMinor, providerReference } = data;
      return {
        ...order,
        paidMinor: order.paidMinor + amountMinor,
        payments: [...order.payments, { paymentId, amountMinor, providerReference }],
      };
    }
    case 'ShipmentCreated': {
      const { shipmentId, createdAt } = data;
      return { ...order, shipments: [...order.shipments, { shipmentId, createdAt }] };
    }
  }
};

export const orderDetailsProjection = pongoSingleStreamProjection({
  collectionName,
  evolve,
  canHandle: ['OrderPlaced', 'OrderConfirmed', 'PaymentCaptured', 'ShipmentCreated'],
});

export const getDetails = (db: PongoDb, streamName: string) =>
  db.collection<OrderDetails>(collectionName).findOne({ _id: streamName });
