import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { reckoned } from '../testing/exact-money.js';
import { amountsIn, atMost, holds, play, same, stories, sum, unitsIn, type Turn } from '../testing/story.js';
import {
  decide,
  evolve,
  orderCommandTypes,
  orderEventTypes,
  type OrderCommand,
  type RecordedOrderEvent,
} from './order.js';
import type { Line, Order, OrderState } from './state.js';
import { allowedCommands } from './transitions.js';
import {
  fulfilmentStatus,
  fulfilmentStatuses,
  paymentStatus,
  paymentStatuses,
  returnStatus,
  returnStatuses,
} from './statuses.js';
import { everCapturedMinor, heldMinor, lowersTotal, orderTotals } from './totals.js';

const story = stories({ minLength: 5, maxLength: 60 });

/** Runs `check` on every turn of random stories. */
function always(check: (turn: Turn, order: Order) => void, numRuns = 60): void {
  fc.assert(
    fc.property(story, (turns) => {
      for (const turn of play(turns)) if (turn.after !== null) check(turn, turn.after);
    }),
    { numRuns },
  );
}

describe('Whatever is asked of an order', () => {
  it('1: no unit is cancelled and shipped, or returned unsent; ledgers and their sums agree', () => {
    always((_, order) => {
      const sent = order.shipments.filter(({ status }) => status === 'dispatched' || status === 'delivered');
      const packed = order.shipments.filter(({ status }) => status !== 'cancelled' && status !== 'lost');
      const arrived = order.shipments.filter(({ status }) => status === 'delivered');
      for (const line of order.lines) {
        atMost(line.cancelled + line.shipped, line.quantity);
        atMost(line.inReturns, line.dispatched);
        atMost(line.received, line.inReturns);
        same(line.cancelled, unitsIn(order.cancellations, line));
        same(line.shipped, unitsIn(packed, line));
        same(line.dispatched, unitsIn(sent, line));
        same(line.delivered, unitsIn(arrived, line));
        const back = order.returns.flatMap(({ status, lines }) =>
          lines.filter(({ lineId }) => lineId === line.lineId).map((each) => ({ status, ...each })),
        );
        same(line.received, sum(back.map(({ received }) => received)));
        const held = back.map(({ status, quantity, received }) =>
          status === 'declined' ? 0 : status === 'closed' ? received : quantity,
        );
        same(line.inReturns, sum(held));
      }
    });
  });

  it('2: no more is given back than came in, and a failed refund gives its amount free', () => {
    always(({ before, events }, order) => {
      const { capturedMinor, refundedMinor, pendingRefundsMinor } = orderTotals(order);
      const isAsked = events.some(({ type }) => type === 'RefundRequested');
      atMost(refundedMinor + pendingRefundsMinor, isAsked ? capturedMinor : everCapturedMinor(order));
      for (const [index, refund] of (before?.refunds ?? []).entries()) {
        if (refund.status === 'failed' || order.refunds[index]!.status !== 'failed') continue;
        const was = orderTotals(before!);
        const wasGivenMinor = was.refundedMinor + was.pendingRefundsMinor;
        same(refundedMinor + pendingRefundsMinor, wasGivenMinor - refund.amountMinor);
        if (refund.status === 'succeeded') continue;
        holds(orderTotals(order), {
          totalMinor: was.totalMinor,
          balanceDueMinor: was.balanceDueMinor,
        });
      }
    });
  });

  it('2: what is given back of units, or as too much, was owed', () => {
    always(({ events }, order) => {
      const asked = events.find((event) => event.type === 'RefundRequested');
      if (!asked || lowersTotal(asked.data)) return;
      const settling = order.refunds.filter((each) => each.status === 'pending' && !lowersTotal(each));
      atMost(sum(settling.map(({ amountMinor }) => amountMinor)), -orderTotals(order).balanceDueMinor);
    });
  });

  it('3: totals are those of a plain reckoning, unit by unit', () => {
    always((_, order) => {
      const totals = orderTotals(order);
      holds(totals, reckoned(order));
      same(totals.balanceDueMinor, totals.totalMinor - (totals.capturedMinor - totals.refundedMinor));
      const { authorizations, captures, reversals } = order.payments;
      for (const { paymentId, amountMinor, capturedMinor } of authorizations) {
        const taken = captures.filter(({ authorizationId }) => authorizationId === paymentId);
        same(sum(taken.map((capture) => capture.amountMinor)), capturedMinor);
        atMost(capturedMinor, amountMinor);
      }
      same(totals.capturedMinor, sum(captures.map(heldMinor)));
      for (const { paymentId, amountMinor, reversedMinor } of captures) {
        const takenBack = reversals.filter(({ captureId }) => captureId === paymentId);
        same(sum(takenBack.map((reversal) => reversal.amountMinor)), reversedMinor);
        atMost(reversedMinor, amountMinor);
      }
    });
  });

  it('3: totals can be made after each event, also where a command has more of them', () => {
    always(({ before, events }) => {
      let order: OrderState = before;
      for (const event of events) {
        order = evolve(order, event);
        for (const amount of amountsIn(orderTotals(order))) same(Number.isSafeInteger(amount), true);
      }
    }, 120);
  });

  it('4: a provider’s reference stands for one thing of its kind', () => {
    always((_, { payments, refunds }) => {
      const settled = refunds.filter(({ providerReference }) => providerReference !== null);
      const { authorizations, captures, voids, reversals } = payments;
      for (const kind of [authorizations, captures, voids, reversals, settled]) {
        const references = kind.map(({ providerReference }) => providerReference);
        same(new Set(references).size, references.length);
      }
    });
  });

  it('5: money is whole, and every part allocated adds up', () => {
    always(({ events }, order) => {
      for (const amount of amountsIn([events, orderTotals(order)])) same(Number.isSafeInteger(amount), true);
      for (const { of, amountMinor } of order.refunds) {
        if (of.kind === 'lines') same(sum(of.lines.map((line) => line.amountMinor)), amountMinor);
      }
    });
  });

  it('6: what was said of a line stays as it was said', () => {
    always(({ before }, order) => {
      for (const line of before?.lines ?? []) {
        const now = order.lines.find(({ lineId }) => lineId === line.lineId);
        if (!now) continue;
        const said = ({ sku, name, unitPriceMinor, tax }: Line) => [
          sku,
          name,
          unitPriceMinor,
          tax?.rateBasisPoints,
        ];
        same(said(now), said(line));
      }
    });
  });

  it('7: the same asked again makes no event, and an id is never used twice', () => {
    always(({ command, context, events, before }, order) => {
      same(new Set(idsIn(order)).size, idsIn(order).length);
      // A receipt has no id of its own: the same command again is another receipt, as long as units are to come.
      if (events.length === 0 || before === null || isReceiptOfSome(command)) return;
      const again = decide(order, command, context);
      same(again.accepted ? again.events : [], []);
    });
  });

  it('8: its events fold, also from JSON, on both clocks in order', () => {
    fc.assert(
      fc.property(story, (turns) => {
        const played = play(turns);
        const events = played.flatMap((turn) => turn.events);
        const read = JSON.parse(JSON.stringify(events)) as RecordedOrderEvent[];
        same(read, events);
        const folded = read.reduce<OrderState>(evolve, null);
        same(folded, played.at(-1)!.after);
        same(JSON.parse(JSON.stringify(folded)), folded);
        const times = events.map(({ occurredAt }) => occurredAt);
        same([...times].sort(), times);
      }),
      { numRuns: 60 },
    );
  });

  it('is decided as allowedCommands told before', () => {
    always(({ before, command, events, rejected }, order) => {
      if (before === null) return;
      const allowed = allowedCommands(before).includes(command.type);
      if (rejected === 'not_allowed_in_state' || rejected === 'order_on_hold') same(allowed, false);
      if (!allowed) same(events, []);
      same(paymentStatuses.includes(paymentStatus(order)), true);
      same(fulfilmentStatuses.includes(fulfilmentStatus(order)), true);
      same(returnStatuses.includes(returnStatus(order)), true);
    });
  });
});

describe('The stories told here', () => {
  it('meet every event and command, and are mostly accepted', () => {
    const events = new Set<string>();
    const accepted = new Set<string>();
    let turns = 0;
    let refused = 0;
    const told = fc.sample(story, { numRuns: 300, seed: 7 });
    for (const turn of told.flatMap(play)) {
      turns += 1;
      if (turn.rejected !== null) refused += 1;
      if (turn.events.length > 0) accepted.add(turn.command.type);
      for (const { type } of turn.events) events.add(type);
    }
    expect([...events].sort()).toEqual([...orderEventTypes].sort());
    expect([...accepted].sort()).toEqual([...orderCommandTypes].sort());
    expect(refused / turns).toBeLessThan(0.5);
  });
});

function isReceiptOfSome(command: OrderCommand): boolean {
  return command.type === 'ReceiveReturn' && command.data.lines.length > 0;
}

function idsIn(order: Order): string[] {
  const { payments } = order;
  return [
    ...order.lines.map(({ lineId }) => lineId),
    ...order.discounts.map(({ discountId }) => discountId),
    ...order.surcharges.map(({ surchargeId }) => surchargeId),
    ...order.retiredIds,
    ...Object.values(payments)
      .flatMap((kind) => (Array.isArray(kind) ? (kind as { paymentId: string }[]) : []))
      .map(({ paymentId }) => paymentId),
    ...order.refunds.map(({ refundId }) => refundId),
    ...order.shipments.map(({ shipmentId }) => shipmentId),
    ...order.cancellations.map(({ cancellationId }) => cancellationId),
    ...order.returns.map(({ returnId }) => returnId),
    ...order.notes.map(({ noteId }) => noteId),
  ];
}
