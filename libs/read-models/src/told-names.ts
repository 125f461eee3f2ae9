import type { OrderEvent, OrderEventType } from '#domain/order/order.js';

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

/** The types of the events that may tell the name. */
export function tellersOf(name: ToldName): readonly string[] {
  return Object.keys(tellers[name]);
}

const nameToldBy = new Map<string, ToldName>(
  toldNames.flatMap((name) => tellersOf(name).map((type) => [type, name] as const)),
);

/** An entry of an index has room for it. The API takes names of a hundred characters. */
const MOST_BYTES = 1_024;

/** null: the event tells none, or one that no index of PostgreSQL can hold. */
export function toldNameIn(event: { readonly type: OrderEventType; readonly data: object }): string | null {
  const name = nameToldBy.get(event.type);
  if (name === undefined) return null;
  const told = (event.data as Readonly<Record<string, unknown>>)[name];
  if (typeof told !== 'string' || !told.isWellFormed() || told.includes('\0')) return null;
  return Buffer.byteLength(told) > MOST_BYTES ? null : told;
}
