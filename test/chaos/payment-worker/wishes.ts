import { percentOf, type ProviderRequest } from '../provider/payment-provider.js';

/** An event of the feed of query-api, as far as it matters here. */
export interface FeedEvent {
  readonly type: string;
  readonly orderId: string;
  readonly revision: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Events after which the shop wants something of the provider. */
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
  /** Whether it is of the order's authorization. */
  readonly ofAuthorization: boolean;
};

/**
 * What the shop wants of the provider for an event; null: nothing. It follows from the event alone, so that whoever
 * reads the feed again asks for the same. Amounts have little to do with the order's: some orders are paid in part,
 * some too much, and the last capture is often above what is left of the authorization.
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
