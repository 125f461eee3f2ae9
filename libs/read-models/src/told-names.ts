import type { OrderEvent } from '#domain/order/order.js';

/** The names that carriers and payment providers give to parts of an order, as events tell them. */
export const toldNames = ['trackingNumber', 'providerReference'] as const;
export type ToldName = (typeof toldNames)[number];

/** The events that may tell such a name. */
type Telling<Name extends ToldName> = Extract<
  OrderEvent,
  { readonly data: { readonly [N in Name]: string | null } }
>['type'];

/** A new event that tells one does not compile until it stands here. */
const tellers: { readonly [Name in ToldName]: Readonly<Record<Telling<Name>, true>> } = {
  trackingNumber: { ShipmentDispatched: true, ShipmentTrackingChanged: true },
  providerReference: {
    PaymentAuthorized: true,
    PaymentCaptured: true,
    PaymentFailed: true,
    PaymentVoided: true,
    PaymentReversed: true,
    RefundSucceeded: true,
    RefundFailed: true,
  },
};

/** SQL of the name in the event of a history row, compared byte by byte. */
export function toldIn(name: ToldName): string {
  return `(data ->> '${name}') COLLATE "C"`;
}

/** SQL for whether the event of a history row may tell the name; an index holds only those. */
export function mayTell(name: ToldName): string {
  const types = Object.keys(tellers[name]).map((type) => `'${type}'`);
  return `type IN (${types.join(', ')})`;
}
