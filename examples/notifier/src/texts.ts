import type { MessageType } from './message-types.js';
import { moneyText } from './money.js';
import { NotSent } from './not-sent.js';
import type { OrderView } from './orders.js';

export const locales = ['en', 'de'] as const;
export type Locale = (typeof locales)[number];
export const DEFAULT_LOCALE: Locale = 'en';

export interface Text {
  /** The subject of an e-mail, and the whole of a text message. */
  readonly subject: string;
  readonly body: string;
}

/** The facts that the texts below contain, each as readable text. */
interface Facts {
  readonly number: string;
  /** What is sent of the order, one line of text for each of its lines; empty: all of it is cancelled. */
  readonly lines: string;
  readonly total: string;
  /** The amount of the event's payment or refund. */
  readonly amount: string;
  /** ` (Royal Mail, T1)`, as far as known. */
  readonly parcel: string;
}

type Template = (facts: Facts) => readonly [subject: string, ...paragraphs: string[]];
type Templates = Readonly<Record<MessageType, Template>>;

const english: Templates = {
  order_confirmed: ({ number, lines, total }) => [
    `Your order ${number} is confirmed`,
    ...(lines === ''
      ? [`Thank you for your order. All of it is cancelled.`]
      : [`Thank you for your order. We will send you:`, lines]),
    `Total: ${total}`,
  ],
  order_rejected: ({ number }) => [
    `We can't accept your order ${number}`,
    `We are sorry: nothing of it will be sent.`,
  ],
  order_cancelled: ({ number }) => [
    `Your order ${number} is cancelled`,
    `What has not been sent yet will not be.`,
  ],
  payment_received: ({ number, amount }) => [`We received ${amount} for your order ${number}`, `Thank you.`],
  shipment_dispatched: ({ number, parcel }) => [
    `A parcel of your order ${number} is on its way${parcel}`,
    `It has left our warehouse.`,
  ],
  shipment_delivered: ({ number }) => [
    `A parcel of your order ${number} was delivered`,
    `We hope you like what is in it.`,
  ],
  refund_paid: ({ number, amount }) => [
    `We paid back ${amount} of your order ${number}`,
    `It goes the way that you paid.`,
  ],
  return_approved: ({ number }) => [
    `You can send back what you asked for of order ${number}`,
    `We look forward to your parcel.`,
  ],
  return_declined: ({ number }) => [
    `We can't take back what you asked for of order ${number}`,
    `Please answer this message if you have questions.`,
  ],
};

const german: Templates = {
  order_confirmed: ({ number, lines, total }) => [
    `Ihre Bestellung ${number} ist bestätigt`,
    ...(lines === ''
      ? [`Danke für Ihre Bestellung. Alles davon ist storniert.`]
      : [`Danke für Ihre Bestellung. Wir senden Ihnen:`, lines]),
    `Summe: ${total}`,
  ],
  order_rejected: ({ number }) => [
    `Wir können Ihre Bestellung ${number} nicht annehmen`,
    `Das tut uns leid: Es wird nichts davon versandt.`,
  ],
  order_cancelled: ({ number }) => [
    `Ihre Bestellung ${number} ist storniert`,
    `Was noch nicht versandt ist, wird nicht versandt.`,
  ],
  payment_received: ({ number, amount }) => [
    `Wir haben ${amount} für Ihre Bestellung ${number} erhalten`,
    `Vielen Dank.`,
  ],
  shipment_dispatched: ({ number, parcel }) => [
    `Ein Paket Ihrer Bestellung ${number} ist unterwegs${parcel}`,
    `Es hat unser Lager verlassen.`,
  ],
  shipment_delivered: ({ number }) => [
    `Ein Paket Ihrer Bestellung ${number} wurde zugestellt`,
    `Wir hoffen, dass Ihnen der Inhalt gefällt.`,
  ],
  refund_paid: ({ number, amount }) => [
    `Wir haben ${amount} Ihrer Bestellung ${number} erstattet`,
    `Das Geld kommt auf dem Weg, auf dem Sie bezahlt haben.`,
  ],
  return_approved: ({ number }) => [
    `Sie können Ihre Rücksendung zu Bestellung ${number} abschicken`,
    `Wir warten auf Ihr Paket.`,
  ],
  return_declined: ({ number }) => [
    `Wir können Ihre Rücksendung zu Bestellung ${number} nicht annehmen`,
    `Bitte antworten Sie auf diese Nachricht, wenn Sie Fragen haben.`,
  ],
};

const templates: Readonly<Record<Locale, Templates>> = { en: english, de: german };
const greetings: Readonly<Record<Locale, (name: string | null) => string>> = {
  en: (name) => (name === null ? 'Hello,' : `Hello ${name},`),
  de: (name) => (name === null ? 'Guten Tag,' : `Guten Tag ${name},`),
};

export function textOf(
  type: MessageType,
  locale: Locale,
  order: OrderView,
  data: Readonly<Record<string, unknown>>,
): Text {
  const money = (minor: number) => moneyText(minor, order.currency, locale);
  const amountMinor = amountIn(data, order);
  const shipment = shipmentIn(data, order);
  const parcel = [shipment?.carrier, shipment?.trackingNumber]
    .filter((one) => typeof one === 'string')
    .join(', ');
  const [subject, ...paragraphs] = templates[locale][type]({
    number: order.number,
    lines: linesOf(order),
    total: money(order.totals.totalMinor),
    amount: amountMinor === null ? '' : money(amountMinor),
    parcel: parcel === '' ? '' : ` (${parcel})`,
  });
  const name = order.personal === 'erased' ? null : (order.personal.contact?.name ?? null);
  return { subject, body: `${[greetings[locale](name), ...paragraphs].join('\n\n')}\n` };
}

/** Nothing is promised that was cancelled, be it after the event. */
function linesOf({ status, lines }: OrderView): string {
  return lines
    .map(({ name, quantity, cancelled, dispatched }) => ({
      name,
      // An order that was cancelled before anything was dispatched counts no unit as cancelled.
      units: status === 'cancelled' ? dispatched : quantity - cancelled,
    }))
    .filter(({ units }) => units > 0)
    .map(({ name, units }) => `  ${units} × ${name}`)
    .join('\n');
}

/** As the order has it by now: its number may have been given, or corrected, since the event. */
export function shipmentIn(
  { shipmentId }: Readonly<Record<string, unknown>>,
  { shipments }: OrderView,
): OrderView['shipments'][number] | null {
  if (shipmentId === undefined) return null;
  const shipment = shipments.find((one) => one.shipmentId === shipmentId);
  if (shipment === undefined) throw new NotSent('failed', 'the order has no such shipment');
  return shipment;
}

/** A refund's event only names the refund. The order, read at that revision or a later one, has its amount. */
function amountIn(
  { refundId, amountMinor }: Readonly<Record<string, unknown>>,
  order: OrderView,
): number | null {
  if (refundId === undefined) return typeof amountMinor === 'number' ? amountMinor : null;
  const refund = order.refunds.find((one) => one.refundId === refundId);
  if (refund === undefined) throw new NotSent('failed', 'the order has no such refund');
  return refund.amountMinor;
}
