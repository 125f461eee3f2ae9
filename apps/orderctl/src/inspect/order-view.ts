import type { Item, Output } from '#client/orderlog-client.js';
import { money, printable, table } from '../support/output.js';
import { wordsOf, type Wording } from './event-words.js';

/** An order as query-api answers it. */
export type ShownOrder = Output<'getOrder'>;
type HistoryEntry = Item<'getOrderHistory'>;
/** As query-api says of an order, or of a part of its story, that a later change of it cannot be shown. */
type Stale = Pick<ShownOrder, 'orderId' | 'stale' | 'staleReason'>;
type AddressCountry = ShownOrder['shippingAddress'];
type AddressLines = Exclude<ShownOrder['personal'], 'erased'>['shippingAddress'];

/** Header, lines, money and timeline, for a terminal. */
export function orderText(order: ShownOrder, history: readonly HistoryEntry[]): string {
  const blocks = [header(order), lines(order), moneyText(order), timeline(order, history)];
  return `${staleLine(order)}${blocks.join('\n\n')}`;
}

/** What has to be known before all else where the answer lacks a later change; empty where it lacks none. */
export function staleLine({ orderId, stale, staleReason }: Stale): string {
  if (!stale) return '';
  const why = printable(staleReason ?? 'no reason is known');
  return `STALE: a later change cannot be shown yet: ${why} (\`orderctl quarantine show ${orderId}\` tells more)\n`;
}

function header(order: ShownOrder): string {
  const personal = order.personal === 'erased' ? null : order.personal;
  const contact = [personal?.contact?.name, personal?.contact?.email, personal?.contact?.phone].filter(
    Boolean,
  );
  const rows: [string, string | null][] = [
    [
      'status',
      order.status +
        (order.onHold ? `, on hold${order.holdReason === null ? '' : `: ${order.holdReason}`}` : ''),
    ],
    ['payment', spaced(order.paymentStatus)],
    ['fulfilment', spaced(order.fulfilmentStatus)],
    ['returns', order.returnStatus === 'none' ? null : spaced(order.returnStatus)],
    ['customer', [order.customerId ?? 'guest', ...contact].join(' · ')],
    ['ships to', addressText(order.shippingAddress, personal?.shippingAddress ?? null)],
    ['tags', order.tags.length === 0 ? null : order.tags.join(', ')],
    ['placed', minute(order.placedAt)],
    ['last event', `${minute(order.lastOccurredAt)} (revision ${order.revision})`],
    ['id', order.orderId],
    ['personal', order.personal === 'erased' ? 'erased' : null],
  ];
  const title = `Order ${order.number}${order.reference === null ? '' : ` (${order.reference})`}`;
  const shown = rows.filter((row): row is [string, string] => row[1] !== null);
  return `${printable(title)}\n${indent(table(shown))}`;
}

function lines({ lines: all, currency }: ShownOrder): string {
  const rows = all.map((line) => [
    `${line.quantity} ×`.padStart(8),
    line.sku,
    line.name.slice(0, 50),
    money(line.unitPriceMinor, currency).padStart(14),
    fate(line),
  ]);
  return `Lines\n${indent(table(rows))}`;
}

function fate(line: ShownOrder['lines'][number]): string {
  const parts: [number, string][] = [
    [line.cancelled, 'cancelled'],
    [line.dispatched, 'sent'],
    [line.delivered, 'delivered'],
    [line.inReturns, 'in returns'],
    [line.received, 'back'],
  ];
  return parts
    .filter(([units]) => units > 0)
    .map(([units, what]) => `${units} ${what}`)
    .join(', ');
}

function moneyText({ totals, payments, currency }: ShownOrder): string {
  const reversedMinor = payments.captures.reduce((sum, capture) => sum + capture.reversedMinor, 0);
  const rows: [string, number][] = [
    ['ordered', totals.orderedTotalMinor],
    ['total', totals.totalMinor],
    ['captured', totals.capturedMinor + reversedMinor],
    ...(reversedMinor > 0 ? [['taken back', -reversedMinor] as [string, number]] : []),
    ['refunded', totals.refundedMinor],
    ['balance due', totals.balanceDueMinor],
  ];
  return `Money\n${indent(table(rows.map(([what, minor]) => [what, money(minor, currency).padStart(16)])))}`;
}

function timeline(order: ShownOrder, history: readonly HistoryEntry[]): string {
  const wording = wordingOf(order, history);
  const rows = history.map((event) => [
    `#${event.revision}`.padStart(5),
    minute(event.occurredAt),
    `${event.actor.type} ${event.actor.id}`,
    wordsOf(event, wording),
  ]);
  return `Timeline\n${indent(table(rows))}`;
}

function wordingOf(order: ShownOrder, history: readonly HistoryEntry[]): Wording {
  const skus = new Map(order.lines.map(({ lineId, sku }) => [lineId, sku]));
  for (const { data } of history) {
    // Events name lines that were removed from the order. The events that added those lines tell their SKUs.
    const { lines: placed = [], line } = data as { lines?: readonly NamedLine[]; line?: NamedLine };
    for (const one of line === undefined ? placed : [line]) {
      if (one.sku !== undefined) skus.set(one.lineId, one.sku);
    }
  }
  const notes: Readonly<Record<string, string>> = order.personal === 'erased' ? {} : order.personal.notes;
  return {
    currency: order.currency,
    skuOf: (lineId) => skus.get(lineId) ?? lineId.slice(0, 8),
    noteOf: (noteId) => notes[noteId] ?? '(can no longer be read)',
  };
}

interface NamedLine {
  readonly lineId: string;
  readonly sku?: string;
}

function addressText(country: AddressCountry, address: AddressLines): string | null {
  if (country === null && address === null) return null;
  const parts = [
    address?.name,
    address?.company,
    address?.line1,
    address?.line2,
    address?.city,
    address?.region,
    address?.postalCode,
    country?.countryName ?? country?.country,
  ];
  return parts.filter(Boolean).join(', ') || null;
}

/** `2026-11-22 18:00 UTC` */
export function minute(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`;
}

const spaced = (status: string): string => status.replaceAll('_', ' ');
const indent = (text: string): string => text.replace(/^/gm, '  ');
