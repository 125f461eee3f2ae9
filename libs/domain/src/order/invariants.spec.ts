import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DecisionContext } from '../decider.js';
import { anyCommand, type Asked } from '../testing/any-command.js';
import { drawFrom } from '../testing/draw.js';
import { noon } from '../testing/given.js';
import {
  allowedCommands,
  decide,
  evolve,
  orderCommandTypes,
  orderEventTypes,
  type OrderCommand,
  type OrderEvent,
  type RecordedOrderEvent,
} from './order.js';
import { allocate } from '../money.js';
import type { Line, Order, OrderState } from './state.js';
import { fulfilmentStatus, paymentStatus, returnStatus } from './statuses.js';
import { orderTotals } from './totals.js';

/** A story: each turn's numbers decide what is asked of the order as it then is. */
const story = fc.array(fc.array(fc.nat(9_999), { minLength: 24, maxLength: 24 }), {
  minLength: 5,
  maxLength: 60,
});

interface Turn extends Asked {
  readonly before: OrderState;
  readonly events: readonly RecordedOrderEvent[];
  readonly after: OrderState;
  readonly rejected: string | null;
}

function play(turns: readonly number[][]): Turn[] {
  let state: OrderState = null;
  return turns.map((numbers, turn) => {
    const before: OrderState = state;
    const asked = anyCommand(before, drawFrom(numbers), turn);
    const decision = decide(before, asked.command, asked.context);
    const events = decision.accepted ? record(before, decision.events, `command-${turn}`) : [];
    const after: OrderState = events.reduce<OrderState>(evolve, before);
    state = after;
    return { ...asked, before, events, after, rejected: decision.accepted ? null : decision.rejection.code };
  });
}

function record(before: OrderState, events: readonly OrderEvent[], commandId: string): RecordedOrderEvent[] {
  const first = (before?.revision ?? -1) + 1;
  return events.map((event, index) => ({
    ...event,
    recording: { revision: first + index, recordedAt: noon, commandId, fingerprint: 'f' },
  }));
}

/** Runs `check` on every turn of random stories. */
function always(check: (turn: Turn, order: Order) => void, numRuns = 150): void {
  fc.assert(
    fc.property(story, (turns) => {
      for (const turn of play(turns)) if (turn.after !== null) check(turn, turn.after);
    }),
    { numRuns },
  );
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const unitsIn = (
  parts: readonly { lines: readonly { lineId: string; quantity: number }[] }[],
  { lineId }: Line,
) =>
  sum(
    parts.flatMap(({ lines }) =>
      lines.filter((line) => line.lineId === lineId).map(({ quantity }) => quantity),
    ),
  );

describe('Whatever is asked of an order', () => {
  it('1: no unit is cancelled and shipped, or returned unsent; ledgers and their sums agree', () => {
    always((_, order) => {
      const sent = order.shipments.filter(({ status }) => status === 'dispatched' || status === 'delivered');
      const packed = order.shipments.filter(({ status }) => status !== 'cancelled');
      const arrived = order.shipments.filter(({ status }) => status === 'delivered');
      for (const line of order.lines) {
        expect(line.cancelled + line.shipped).toBeLessThanOrEqual(line.quantity);
        expect(line.inReturns).toBeLessThanOrEqual(line.dispatched);
        expect(line.received).toBeLessThanOrEqual(line.inReturns);
        expect(line.cancelled).toBe(unitsIn(order.cancellations, line));
        expect(line.shipped).toBe(unitsIn(packed, line));
        expect(line.dispatched).toBe(unitsIn(sent, line));
        expect(line.delivered).toBe(unitsIn(arrived, line));
        const back = order.returns.flatMap(({ status, lines }) =>
          lines.filter(({ lineId }) => lineId === line.lineId).map((each) => ({ status, ...each })),
        );
        expect(line.received).toBe(sum(back.map(({ received }) => received)));
        const held = back.map(({ status, quantity, received }) =>
          status === 'declined' ? 0 : status === 'closed' ? received : quantity,
        );
        expect(line.inReturns).toBe(sum(held));
      }
    });
  });

  it('2: no more is given back than came in, and a failed refund gives its amount free', () => {
    always(({ before }, order) => {
      const { capturedMinor, refundedMinor, pendingRefundsMinor } = orderTotals(order);
      expect(refundedMinor + pendingRefundsMinor).toBeLessThanOrEqual(capturedMinor);
      for (const [index, refund] of (before?.refunds ?? []).entries()) {
        if (refund.status === 'failed' || order.refunds[index]!.status !== 'failed') continue;
        const was = orderTotals(before!);
        expect(pendingRefundsMinor).toBe(was.pendingRefundsMinor - refund.amountMinor);
        expect(orderTotals(order)).toMatchObject({
          totalMinor: was.totalMinor,
          balanceDueMinor: was.balanceDueMinor,
        });
      }
    });
  });

  it('3: totals are those of a plain reckoning, unit by unit', () => {
    always((_, order) => {
      const totals = orderTotals(order);
      expect(totals).toMatchObject(reckoned(order));
      expect(totals.balanceDueMinor).toBe(totals.totalMinor - (totals.capturedMinor - totals.refundedMinor));
      for (const { authorizations, captures } of [order.payments]) {
        for (const { paymentId, amountMinor } of authorizations) {
          const taken = captures.filter(({ authorizationId }) => authorizationId === paymentId);
          expect(sum(taken.map((capture) => capture.amountMinor))).toBeLessThanOrEqual(amountMinor);
        }
      }
    });
  });

  it('4: a provider’s reference stands for one thing of its kind', () => {
    always((_, { payments, refunds }) => {
      const succeeded = refunds.filter(({ status }) => status === 'succeeded');
      for (const kind of [payments.authorizations, payments.captures, payments.voids, succeeded]) {
        const references = kind.map(({ providerReference }) => providerReference);
        expect(new Set(references).size).toBe(references.length);
      }
    });
  });

  it('5: money is whole, and every part allocated adds up', () => {
    always(({ events }, order) => {
      for (const amount of amountsIn([events, orderTotals(order)]))
        expect(Number.isSafeInteger(amount)).toBe(true);
      for (const { of, amountMinor } of order.refunds) {
        if (of.kind === 'lines') expect(sum(of.lines.map((line) => line.amountMinor))).toBe(amountMinor);
      }
    });
  });

  it('6: what was said of a line stays as it was said', () => {
    always(({ before }, order) => {
      for (const line of before?.lines ?? []) {
        const now = order.lines.find(({ lineId }) => lineId === line.lineId);
        if (!now) continue;
        const { sku, name, unitPriceMinor, tax } = now;
        expect({ sku, name, unitPriceMinor }).toEqual({
          sku: line.sku,
          name: line.name,
          unitPriceMinor: line.unitPriceMinor,
        });
        expect(tax?.rateBasisPoints).toBe(line.tax?.rateBasisPoints);
      }
    });
  });

  it('7: the same asked again makes no event, and an id is never used twice', () => {
    always(({ command, context, events, before }, order) => {
      expect(new Set(idsIn(order)).size).toBe(idsIn(order).length);
      // A receipt has no id of its own: the same again is another one, as long as units are to come.
      if (events.length === 0 || before === null || isReceiptOfSome(command)) return;
      const again = decide(order, command, context);
      expect(again.accepted ? again.events : []).toEqual([]);
    });
  });

  it('8: its events fold, also from JSON, on both clocks in order', () => {
    fc.assert(
      fc.property(story, (turns) => {
        const played = play(turns);
        const events = played.flatMap((turn) => turn.events);
        const read = JSON.parse(JSON.stringify(events)) as RecordedOrderEvent[];
        expect(read).toEqual(events);
        const folded = read.reduce<OrderState>(evolve, null);
        expect(folded).toEqual(played.at(-1)!.after);
        expect(JSON.parse(JSON.stringify(folded))).toEqual(folded);
        const times = events.map(({ occurredAt }) => occurredAt);
        expect([...times].sort()).toEqual(times);
      }),
      { numRuns: 150 },
    );
  });

  it('says what is allowed as it then decides', () => {
    always(({ before, command, rejected }, order) => {
      if (before === null) return;
      const allowed = allowedCommands(before).includes(command.type);
      if (rejected === 'not_allowed_in_state' || rejected === 'order_on_hold') expect(allowed).toBe(false);
      expect([paymentStatus(order), fulfilmentStatus(order), returnStatus(order)]).not.toContain(undefined);
    });
  });
});

describe('The stories told here', () => {
  it('meet every event and command, and are mostly accepted', () => {
    const events = new Set<string>();
    const accepted = new Set<string>();
    let turns = 0;
    let refused = 0;
    const told = fc.sample(story, { numRuns: 400, seed: 7 });
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

describe('Garbage', () => {
  it('is rejected, or accepted into an order that still holds', () => {
    const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(NaN, -0, Infinity, 2 ** 53, 1e20));
    fc.assert(
      fc.property(story, number, fc.nat(9_999), (turns, bad, seed) => {
        const played = play(turns).at(-1)!;
        const { command, context } = anyCommand(played.after, drawFrom([seed, seed + 3, seed * 7, 13]), 99);
        const spoilt = spoil(command, bad) as OrderCommand;
        const decision = decide(played.after, spoilt, context satisfies DecisionContext);
        if (!decision.accepted) return;
        const order = record(played.after, decision.events, 'x').reduce<OrderState>(evolve, played.after);
        if (order === null) return;
        expect(orderTotals(order)).toMatchObject(reckoned(order));
        for (const amount of amountsIn([order])) expect(Number.isSafeInteger(amount)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

/** The same command with every number in it replaced. */
function spoil(value: unknown, bad: number): unknown {
  if (typeof value === 'number') return bad;
  if (Array.isArray(value)) return value.map((each) => spoil(each, bad));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, spoil(each, bad)]));
}

function isReceiptOfSome(command: OrderCommand): boolean {
  return command.type === 'ReceiveReturn' && command.data.lines.length > 0;
}

/** DESIGN's formula, the long way: every unit of every line has its own value. */
function reckoned(order: Order): { orderedTotalMinor: number; totalMinor: number } {
  const amounts = order.lines.map((line) => line.quantity * line.unitPriceMinor);
  const onTop = (tax: Line['tax']) => (tax && !tax.inclusive ? tax.amountMinor : 0);
  const ofOrder = sum(
    order.discounts.filter(({ lineId }) => lineId === null).map((each) => each.amountMinor),
  );
  const shares = allocate(ofOrder, amounts);
  const units = order.lines.map((line, index) => {
    const own = order.discounts.filter(({ lineId }) => lineId === line.lineId);
    const discounted = sum(own.map((each) => each.amountMinor)) + shares[index]!;
    const value = amounts[index]! - discounted + onTop(line.tax);
    return allocate(
      value,
      Array.from({ length: line.quantity }, () => 1),
    );
  });
  const orderedTotalMinor =
    sum(units.flat()) +
    sum(order.surcharges.map((each) => each.amountMinor)) +
    (order.shipping ? order.shipping.amountMinor + onTop(order.shipping.tax) : 0);
  const givenUp = order.lines.map((line, index) => {
    const received = units[index]!.slice(0, line.received);
    const cancelled = units[index]!.slice(line.quantity - line.cancelled);
    return sum(received) + sum(cancelled);
  });
  const granted = order.refunds.filter(
    ({ status, reason, of }) => status === 'succeeded' && (reason === 'goodwill' || of.kind === 'shipping'),
  );
  const nothingLeft = order.lines.every(({ dispatched }) => dispatched === 0);
  const nothing = order.status === 'rejected' || (order.status === 'cancelled' && nothingLeft);
  const left = orderedTotalMinor - sum(givenUp) - sum(granted.map((each) => each.amountMinor));
  return { orderedTotalMinor, totalMinor: nothing ? 0 : Math.max(0, left) };
}

function amountsIn(value: unknown, key = ''): number[] {
  if (typeof value === 'number') return /Minor$/.test(key) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => amountsIn(each, name));
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
