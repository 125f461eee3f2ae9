import { percentOf, type ProviderRequest } from '../provider/payment-provider.js';

/** The part of an event in query-api's feed that matters here. */
export interface FeedEvent {
  readonly type: string;
  readonly orderId: string;
  readonly revision: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Events after which the shop wants something from the provider. */
export const TRIGGERS = [
  'OrderPlaced',
  'OrderConfirmed',
  'LineAdded',
  'ShipmentCreated',
  'ShipmentDispatched',
  'OrderCancelled',
  'OrderCompleted',
  'RefundRequested',
] as const;

type Wish = Pick<ProviderRequest, 'ask' | 'amountMinor' | 'refundId'> & {
  /** Whether it concerns the order's authorization. */
  readonly ofAuthorization: boolean;
};

/**
 * What the shop wants from the provider after an event; null: nothing. It depends on the event alone, so that a
 * repeated read of the feed asks for the same. The amounts are not those of the order: some orders are paid in
 * part and some too much, and the last capture often exceeds the rest of the authorization.
 */
export function wishOf({ type, orderId, revision, data }: FeedEvent): Wish | null {
  const promisedMinor = 2_000 + 300 * percentOf(orderId);
  const isAuthorized = percentOf(`authorized ${orderId}`) < 70;
  const dice = percentOf(`${orderId}@${revision}`);
  const capture = (amountMinor: number, ofAuthorization: boolean): Wish => ({
    ...{ ask: 'capture', refundId: null },
    ...{ amountMinor: Math.max(1, Math.floor(amountMinor)), ofAuthorization },
  });
  switch (type) {
    case 'OrderPlaced':
      return isAuthorized
        ? { ask: 'authorize', amountMinor: promisedMinor, refundId: null, ofAuthorization: false }
        : capture(promisedMinor / 2, false);
    case 'OrderConfirmed':
      return isAuthorized ? capture(promisedMinor / 2, true) : null;
    case 'ShipmentDispatched':
      return capture((promisedMinor * dice) / 100, isAuthorized);
    case 'LineAdded':
    case 'ShipmentCreated':
      return capture(10 * dice, false);
    case 'OrderCancelled':
    case 'OrderCompleted':
      return isAuthorized
        ? { ask: 'void', amountMinor: promisedMinor, refundId: null, ofAuthorization: true }
        : null;
    case 'RefundRequested':
      return {
        ...{ ask: 'refund', amountMinor: data['amountMinor'] as number },
        ...{ refundId: data['refundId'] as string, ofAuthorization: false },
      };
    default:
      return null;
  }
}
