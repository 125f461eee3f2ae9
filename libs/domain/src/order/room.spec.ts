import { describe, expect, it } from '@jest/globals';
import type { LineQuantity } from './content.js';
import * as ask from '../testing/commands.js';
import * as has from '../testing/events.js';
import { line, mug } from '../testing/events.js';
import { given, type Happened } from '../testing/given.js';
import { LIMITS } from './limits.js';
import type { OrderCommand } from './order.js';

const many = (count: number, happens: (n: number) => Happened): Happened[] =>
  Array.from({ length: count }, (_, n) => happens(n));

const confirmed = [has.orderPlaced({ lines: [mug(5_000)] }), has.orderConfirmed()];
const sent = [...confirmed, ...has.sent(mug(2_000))];
const comingBack = [...sent, has.returnRequested([mug(2_000)]), has.returnApproved()];
const paid = [...sent, has.captured(1_000_000)];
const discounted = [...confirmed, has.discountApplied(1)];

interface Gathered {
  readonly field: string;
  readonly limit: number;
  readonly before: readonly Happened[];
  readonly each: (n: number) => Happened;
  readonly oneMore: OrderCommand;
}

const gathered: readonly Gathered[] = [
  {
    ...{ field: 'notes', limit: LIMITS.notes, before: confirmed },
    each: (n) => has.noteAdded('called', `note-${n}`),
    oneMore: ask.addNote('called again'),
  },
  {
    ...{ field: 'shipments', limit: LIMITS.shipments, before: confirmed },
    each: (n) => has.shipmentCreated({ shipmentId: `parcel-${n}`, lines: [mug(1)] }),
    oneMore: ask.createShipment({ lines: [mug(1)] }),
  },
  {
    ...{ field: 'cancellations', limit: LIMITS.cancellations, before: confirmed },
    each: (n) => has.linesCancelled([mug(1)], `cancellation-${n}`),
    oneMore: ask.cancelLines([mug(1)]),
  },
  {
    ...{ field: 'returns', limit: LIMITS.returns, before: sent },
    each: (n) => has.returnRequested([mug(1)], `return-${n}`),
    oneMore: ask.requestReturn([mug(1)]),
  },
  {
    ...{ field: 'receipts', limit: LIMITS.receipts, before: comingBack },
    each: () => has.returnReceived([mug(1)]),
    oneMore: ask.receiveReturn([mug(1)]),
  },
  {
    ...{ field: 'refunds', limit: LIMITS.refunds, before: paid },
    each: (n) => has.refundRequested(1, { refundId: `refund-${n}` }),
    oneMore: ask.requestRefund(1),
  },
  {
    ...{ field: 'authorizations', limit: LIMITS.payments, before: confirmed },
    each: (n) => has.authorized(1, { paymentId: `payment-${n}`, providerReference: `A-${n}` }),
    oneMore: ask.recordAuthorized(1),
  },
  {
    ...{ field: 'captures', limit: LIMITS.payments, before: confirmed },
    each: (n) => has.captured(1, { paymentId: `payment-${n}`, providerReference: `C-${n}` }),
    oneMore: ask.recordCaptured(1),
  },
  {
    ...{ field: 'failures', limit: LIMITS.payments, before: confirmed },
    each: (n) => has.paymentFailed(1, { paymentId: `payment-${n}` }),
    oneMore: ask.recordPaymentFailed(1),
  },
  {
    ...{ field: 'reversals', limit: LIMITS.payments, before: paid },
    each: (n) => has.reversed(1, { paymentId: `payment-${n}`, providerReference: `D-${n}` }),
    oneMore: ask.recordReversed(1, { providerReference: 'D' }),
  },
  {
    ...{ field: 'removals', limit: LIMITS.removals, before: discounted },
    each: (n) => has.discountRemoved(`gone-${n}`),
    oneMore: ask.editOrder([ask.removeDiscount()]),
  },
];

describe('What an order gathers in its life', () => {
  it.each(gathered)('$field: up to $limit', ({ field, limit, before, each, oneMore }) => {
    const last = given(...before, ...many(limit - 1, each)).when(oneMore);
    expect(last.order.revision).toBe(before.length + limit - 1);
    given(...before, ...many(limit, each))
      .when(oneMore)
      .thenRejected('too_many_items', { field, limit });
  });

  it.each(gathered)('$field: folds with more, from before there was a limit', (one) => {
    const { field, limit, before, each, oneMore } = one;
    const more = given(...before, ...many(limit + 2, each));
    expect(more.order.revision).toBe(before.length + limit + 1);
    more.when(oneMore).thenRejected('too_many_items', { field, limit });
    expect(more.when(ask.changeTags('goes on')).order.tags).toEqual(['goes on']);
  });

  it('is the same under the same id, also when there is no room for another', () => {
    const notes = many(LIMITS.notes, (n) => has.noteAdded('called', `note-${n}`));
    given(...confirmed, ...notes)
      .when(ask.addNote('called'), { newIds: ['note-7'] })
      .thenNothing();
    const captures = many(LIMITS.payments, (n) =>
      has.captured(1, { paymentId: `payment-${n}`, providerReference: `C-${n}` }),
    );
    given(...confirmed, ...captures)
      .when(ask.recordCaptured(1, { providerReference: 'C-7' }))
      .thenNothing();
  });

  it('takes edits that remove nothing, however much was removed', () => {
    const removed = many(LIMITS.removals + 1, (n) => has.discountRemoved(`gone-${n}`));
    const edit = ask.editOrder([ask.applyDiscount(1)]);
    expect(given(...confirmed, ...removed).when(edit).order.discounts).toHaveLength(1);
  });

  it('never keeps an order from being cancelled', () => {
    const cancelled = many(LIMITS.cancellations, (n) => has.linesCancelled([mug(1)], `cancellation-${n}`));
    const { order } = given(...sent, ...cancelled).when(ask.cancelOrder());
    expect(order).toMatchObject({ status: 'cancelled' });
    expect(order.cancellations).toHaveLength(LIMITS.cancellations + 1);
  });
});

describe('Lines that shipments, cancellations, returns or refunds name', () => {
  const units = (quantity: number) =>
    Array.from({ length: LIMITS.lines }, (_, n) => line(`line-${n}`, quantity, { unitPriceMinor: 100 }));
  const wide = [has.orderPlaced({ lines: units(100) }), has.orderConfirmed(), has.captured(1_000_000)];
  const lines: readonly LineQuantity[] = units(1);
  const left = [line('line-0', 1)];
  const wideSent = [...wide, ...has.sent(...units(50))];
  const times = LIMITS.namedLines / LIMITS.lines;
  const ofLines = { kind: 'lines' as const, lines: lines.map((each) => ({ ...each, amountMinor: 1 })) };

  it.each<[string, readonly Happened[], (n: number) => Happened, OrderCommand]>([
    [
      'shipments',
      wide,
      (n) => has.shipmentCreated({ shipmentId: `parcel-${n}`, lines }),
      ask.createShipment({ lines: left }),
    ],
    ['cancellations', wide, (n) => has.linesCancelled(lines, `cancellation-${n}`), ask.cancelLines(left)],
    ['returns', wideSent, (n) => has.returnRequested(lines, `return-${n}`), ask.requestReturn(left)],
    [
      'refunds',
      wideSent,
      (n) => has.refundRequested(2_000, { refundId: `refund-${n}`, of: ofLines }),
      ask.requestRefund(left),
    ],
  ])('are 20,000 in all %s', (field, before, each, oneMore) => {
    const asked = (count: number) => given(...before, ...many(count, each)).when(oneMore);
    expect(asked(times - 1).order.revision).toBe(before.length + times - 1);
    asked(times).thenRejected('too_many_items', { field: `${field}/lines`, limit: LIMITS.namedLines });
  });
});
