import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import * as ask from '../testing/commands.js';
import { exactHalfEven, exactUnitValues, reckoned } from '../testing/exact-money.js';
import { contextOf, holds, record, same, sum } from '../testing/story.js';
import type { LineInput, LineQuantity } from './content.js';
import { decide, evolve, type OrderCommand } from './order.js';
import type { Order, OrderState } from './state.js';
import { firstUnitsValueMinor, lastUnitsValueMinor, lineValuesMinor, orderTotals } from './totals.js';

const RUNS = { numRuns: 200 };

/** Currencies with no, two, three and four digits of minor units. A rule of money is the same in all of them. */
const currency = fc.constantFrom('JPY', 'GBP', 'BHD', 'CLF');
const line: fc.Arbitrary<LineInput> = fc.record({
  sku: fc.constant('sku'),
  name: fc.constant('a thing'),
  quantity: fc.integer({ min: 1, max: 12 }),
  unitPriceMinor: fc.oneof(fc.nat(20), fc.nat(1_000_000)),
  tax: fc.option(
    fc.record({
      rateBasisPoints: fc.constantFrom(0, 1, 500, 725, 1_900, 2_000, 99_999),
      amountMinor: fc.constant(null),
      inclusive: fc.boolean(),
    }),
  ),
});
const sale = fc.record({
  currency,
  lines: fc.array(line, { minLength: 1, maxLength: 6 }),
  discountPercent: fc.nat(60),
  shippingMinor: fc.option(fc.nat(5_000)),
});
type Sale = typeof sale extends fc.Arbitrary<infer T> ? T : never;

/** One order that is given one command after the other. */
class Asked {
  #order: OrderState = null;
  #turn = 0;

  get order(): Order {
    if (this.#order === null) throw new Error('nothing was placed');
    return this.#order;
  }

  /** @throws Error where the command is rejected */
  tell(command: OrderCommand): void {
    this.#turn += 1;
    const decision = decide(this.#order, command, contextOf(this.#turn));
    if (!decision.accepted) throw new Error(`${command.type}: ${decision.rejection.code}`);
    const events = record(this.#order, decision.events, `command-${this.#turn}`);
    this.#order = events.reduce<OrderState>(evolve, this.#order);
  }
}

function placed({ lines, discountPercent, shippingMinor, ...rest }: Sale): Asked {
  const asked = new Asked();
  const linesMinor = sum(lines.map((each) => each.quantity * each.unitPriceMinor));
  const amountMinor = Math.floor((linesMinor * discountPercent) / 100);
  const discount = { code: null, description: null, amountMinor, lineIndex: null };
  const shipping = shippingMinor === null ? null : { method: null, amountMinor: shippingMinor, tax: null };
  asked.tell(ask.placeOrder({ ...rest, lines, discounts: [discount], shipping }));
  return asked;
}

describe('The money of any order', () => {
  it('has tax by its rate, half-even, on top of a price or inside of it', () => {
    fc.assert(
      fc.property(sale, (of) => {
        placed(of).order.lines.forEach(({ tax, quantity, unitPriceMinor }) => {
          if (tax === null) return;
          const base = BigInt(quantity) * BigInt(unitPriceMinor);
          const rate = BigInt(tax.rateBasisPoints);
          same(tax.amountMinor, Number(exactHalfEven(base, rate, tax.inclusive ? 10_000n + rate : 10_000n)));
        });
      }),
      RUNS,
    );
  });

  it('includes tax on top of prices once, and is not changed by tax inside of them', () => {
    fc.assert(
      fc.property(sale, (of) => {
        const { order } = placed(of);
        const taxes = (inclusive: boolean) =>
          sum(order.lines.map(({ tax }) => (tax?.inclusive === inclusive ? tax.amountMinor : 0)));
        const { linesMinor, shippingMinor, discountsMinor, orderedTotalMinor, taxMinor } = orderTotals(order);
        same(orderedTotalMinor, linesMinor + shippingMinor - discountsMinor + taxes(false));
        same(taxMinor, taxes(false) + taxes(true));
      }),
      RUNS,
    );
  });

  it('is spread over units without a remainder, and no unit has a negative value', () => {
    fc.assert(
      fc.property(sale, (of) => {
        const { order } = placed(of);
        const units = exactUnitValues(order).map((values) => values.map(Number));
        const values = lineValuesMinor(order);
        order.lines.forEach(({ quantity }, index) => {
          same(sum(units[index]!), values[index]);
          for (let count = 0; count <= quantity; count += 1) {
            const first = firstUnitsValueMinor(values[index]!, quantity, count);
            const last = lastUnitsValueMinor(values[index]!, quantity, quantity - count);
            same(first, sum(units[index]!.slice(0, count)));
            same(first + last, values[index]);
          }
          same(
            units[index]!.every((value) => value >= 0),
            true,
          );
        });
        holds(orderTotals(order), reckoned(order));
      }),
      RUNS,
    );
  });

  it('comes back whole, in whatever order and portions units are returned and refunded', () => {
    fc.assert(
      fc.property(sale, fc.infiniteStream(fc.nat(9_999)), (of, numbers) => {
        const asked = placed(of);
        const { totalMinor } = orderTotals(asked.order);
        fc.pre(totalMinor > 0);
        asked.tell(ask.confirmOrder());
        asked.tell(ask.recordCaptured(totalMinor, { currency: of.currency }));
        asked.tell(ask.createShipment());
        asked.tell(ask.dispatchShipment({ shipmentId: asked.order.shipments[0]!.shipmentId }));
        for (const lines of portions(asked.order, numbers)) giveBack(asked, lines, of.currency);
        const { shipping } = asked.order;
        if (shipping !== null && shipping.amountMinor > 0) {
          settle(
            asked,
            ask.requestRefund({ kind: 'shipping', amountMinor: null }, { currency: of.currency }),
          );
        }
        holds(orderTotals(asked.order), { totalMinor: 0, refundedMinor: totalMinor, balanceDueMinor: 0 });
      }),
      RUNS,
    );
  });
});

/** All units of the order, in small lots of random lines. */
function portions(order: Order, numbers: Iterator<number>): LineQuantity[][] {
  const draw = (limit: number) => (numbers.next().value as number) % limit;
  const left = order.lines.map(({ lineId, quantity }) => ({ lineId, quantity }));
  const lots: LineQuantity[][] = [];
  while (left.length > 0) {
    const index = draw(left.length);
    const { lineId, quantity } = left[index]!;
    const some = 1 + draw(quantity);
    lots.push([{ lineId, quantity: some }]);
    if (some === quantity) left.splice(index, 1);
    else left[index] = { lineId, quantity: quantity - some };
  }
  return lots;
}

/** Units that are worth nothing refund nothing, which is no refund. */
function giveBack(asked: Asked, lines: LineQuantity[], currency: string): void {
  const beforeMinor = orderTotals(asked.order).totalMinor;
  asked.tell(ask.requestReturn(lines));
  const returnId = asked.order.returns.at(-1)!.returnId;
  asked.tell(ask.approveReturn(returnId));
  asked.tell(ask.receiveReturn([], returnId));
  const worthMinor = beforeMinor - orderTotals(asked.order).totalMinor;
  if (worthMinor > 0) settle(asked, ask.requestRefund(lines, { reason: 'return', currency }));
}

function settle(asked: Asked, request: OrderCommand): void {
  asked.tell(request);
  const { refundId } = asked.order.refunds.at(-1)!;
  asked.tell(ask.recordRefundSucceeded(refundId, refundId));
}
