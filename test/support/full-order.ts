import { createHash } from 'node:crypto';
import type { Draft } from '#domain/decider.js';
import { instantAt } from '#domain/instant.js';
import { stamp } from '#domain/order/area.js';
import { LIMITS } from '#domain/order/limits.js';
import type { OrderCommand, OrderEvent } from '#domain/order/order.js';
import * as ask from '#domain/testing/commands.js';
import * as has from '#domain/testing/events.js';
import { encode } from '#event-store/codec.js';
import type { EncodedEvent } from '#event-store/port.js';
import { uuidV5 } from '#platform/uuid-v5.js';
import type { CommandRequest } from '../../apps/command-api/src/handling/command-request.js';
import { someFingerprint } from './requests.js';

const NAMESPACE = 'b1f6a0de-3f0e-4c57-9f0c-3c1d5b7a9e21';
/** Random letters compress worse than text of any language with a small alphabet. */
const NOTE_CHARACTERS = 500;
const REASON_CHARACTERS = 40;
const BEGIN_MS = Date.UTC(2026, 0, 1);
const EACH_MS = 100_000;

const id = (what: string, n: number) => uuidV5(`${what} ${n}`, NAMESPACE);
const lastDiscountId = id('discount', LIMITS.removals);

/**
 * All events of an order that holds as much as an order may, each event of a command of its own. They equal what
 * the domain decides for as many commands, and take a tenth of the time to make.
 */
export async function fullHistory(orderId: string): Promise<EncodedEvent[]> {
  const encoded = fullLife(orderId).map((draft, revision) => {
    const at = instantAt(BEGIN_MS + revision * EACH_MS);
    return encode(orderId, [stamp<OrderEvent>(draft, at)], {
      ...{ tenantId: 'default', ...commandAt(revision), recordedAt: at },
      ...{ correlationId: id('correlation', revision), causationId: null, traceparent: null },
      actor: { type: 'service', id: 'test' },
    });
  });
  return (await Promise.all(encoded)).flat();
}

/** The command behind the event at a revision. */
export function commandAt(revision: number): Pick<CommandRequest, 'commandId' | 'fingerprint'> {
  const fingerprint = digest('fingerprint', revision, 'hex').slice(0, someFingerprint().length);
  return { commandId: id('command', revision), fingerprint };
}

/** By the name of the limit that the command exceeds. */
export const oneMoreOfEach: Readonly<Record<string, OrderCommand>> = {
  removals: ask.editOrder([ask.removeDiscount(lastDiscountId)]),
  authorizations: ask.recordAuthorized(1),
  captures: ask.recordCaptured(1),
  failures: ask.recordPaymentFailed(1),
  reversals: ask.recordReversed(1, { captureId: id('capture', 0) }),
  shipments: ask.createShipment({ lines: units(0, 1).slice(0, 1) }),
  cancellations: ask.cancelLines(units(0, 1).slice(0, 1)),
  returns: ask.requestReturn(units(0, 1).slice(0, 1)),
  receipts: ask.receiveReturn([], id('return', 0)),
  refunds: ask.requestRefund(1),
  notes: ask.addNote('one more'),
};

function fullLife(orderId: string): Draft<OrderEvent>[] {
  return [
    has.orderPlaced({ orderId, tenantId: 'default', lines: times(LIMITS.lines, line) }),
    has.orderConfirmed(),
    ...times(LIMITS.removals, discountTried).flat(),
    has.discountApplied(1, null, lastDiscountId),
    ...times(LIMITS.payments, payment).flat(),
    ...times(LIMITS.shipments, shipment).flat(),
    ...times(LIMITS.cancellations, cancellation),
    ...times(LIMITS.returns, returned).flat(),
    ...times(LIMITS.refunds, refund).flat(),
    ...times(LIMITS.notes, (n) => has.noteAdded(text(n, NOTE_CHARACTERS), id('note', n))),
  ];
}

const line = (n: number) =>
  has.line(`SKU-${n}`, 100, { lineId: id('line', n), name: text(n, 30), tax: has.taxOnTop(2_000) });

const discountTried = (n: number) => [
  has.discountApplied(1, null, id('discount', n)),
  has.discountRemoved(id('discount', n)),
];

function payment(n: number): Draft<OrderEvent>[] {
  const authorizationId = id('authorization', n);
  const of = (kind: string) => ({ paymentId: id(kind, n), providerReference: reference(kind, n) });
  const captured = { ...of('capture'), authorizationId, method: 'card' };
  return [
    has.authorized(200_000 + n, { ...of('authorization'), method: 'card' }),
    has.captured(100_000 + n, captured),
    has.paymentFailed(100_000, { ...of('failure'), authorizationId }),
    has.voided({ ...of('void'), authorizationId }),
    has.reversed(1 + n, { ...of('reversal'), captureId: id('capture', n), reason: 'chargeback' }),
  ];
}

function shipment(n: number): Draft<OrderEvent>[] {
  const shipmentId = id('shipment', n);
  return [
    has.shipmentCreated({ shipmentId, carrier: 'Royal Mail', lines: units(n, 4) }),
    has.shipmentDispatched({
      shipmentId,
      carrier: 'Royal Mail',
      trackingNumber: reference('tracking', n),
    }),
    has.shipmentDelivered(shipmentId),
  ];
}

const cancellation = (n: number) => ({
  type: 'LinesCancelled' as const,
  data: { cancellationId: id('cancellation', n), lines: units(n, 1), reason: text(n, REASON_CHARACTERS) },
});

function returned(n: number): Draft<OrderEvent>[] {
  const returnId = id('return', n);
  const receipt = has.returnReceived(units(n, 1), returnId);
  const reason = text(n, REASON_CHARACTERS);
  return [
    { type: 'ReturnRequested', data: { returnId, lines: units(n, 3), reason } },
    has.returnApproved(returnId),
    ...times(LIMITS.receipts / LIMITS.returns, () => receipt),
  ];
}

function refund(n: number): Draft<OrderEvent>[] {
  const refundId = id('refund', n);
  const lines = units(n, 1).map((each) => ({ ...each, amountMinor: 1_000 + n }));
  const amountMinor = lines.length * (1_000 + n);
  const of = { kind: 'lines' as const, lines };
  return [
    has.refundRequested(amountMinor, { refundId, returnId: id('return', n), of }),
    has.refundSucceeded(refundId, reference('refund', n)),
  ];
}

/**
 * Units of so many lines that all shipments, cancellations, returns or refunds together name as many lines as they
 * may.
 */
function units(n: number, quantity: number) {
  const named = LIMITS.namedLines / LIMITS.shipments;
  return times(named, (i) => ({ lineId: id('line', (n * named + i) % LIMITS.lines), quantity }));
}

function times<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => make(n));
}

/** Like references of real providers: no part of it repeats. */
const reference = (kind: string, n: number) => `${kind}_${digest(kind, n, 'base64url').slice(0, 24)}`;

function digest(what: string, n: number, encoding: 'hex' | 'base64url'): string {
  return createHash('sha256').update(`${what} ${n}`).digest(encoding);
}

/** The same text for the same seed. */
function text(seed: number, characters: number): string {
  let words = '';
  for (let part = 0; words.length < characters; part++) {
    const octets = createHash('sha256').update(`${seed} ${part}`).digest();
    for (const octet of octets) words += octet < 40 ? ' ' : String.fromCharCode(97 + (octet % 26));
  }
  return words.slice(0, characters);
}
