import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { recorded } from '#domain/decider.js';
import { decide, evolve } from '#domain/order/order.js';
import type { Order, OrderState } from '#domain/order/state.js';
import { anyCommand } from '#domain/testing/any-command.js';
import { drawFrom } from '#domain/testing/draw.js';
import { given, noon } from '#domain/testing/given.js';
import { orderPlaced } from '#domain/testing/events.js';
import { documentOf, orderOf, type OrderDocument } from './order-document.js';
import { summaryColumns, summaryOf } from './order-summary.js';

/** The order as it is read back from the tables. */
function stored(order: Order): Order {
  const document = JSON.parse(JSON.stringify(documentOf(order))) as OrderDocument;
  return orderOf(document, JSON.parse(JSON.stringify(order.personal)) as Order['personal']);
}

const forgetful = (order: Order): Order => ({ ...order, handled: [] });

describe("an order's document", () => {
  it('is all that the fold needs, after any story and at any point of it', () => {
    const numbers = fc.array(fc.nat(10_000), { minLength: 5, maxLength: 30 });
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 1, maxLength: 25 }), (turns) => {
        let order: OrderState = null;
        let folded: OrderState = null;
        turns.forEach((draws, turn) => {
          const { command, context } = anyCommand(order, drawFrom(draws), turn);
          const decision = decide(order, command, context);
          const recording = { recordedAt: noon, commandId: `c${turn}`, fingerprint: `f${turn}` };
          for (const event of decision.accepted ? decision.events : []) {
            const revision: number = (order?.revision ?? -1) + 1;
            const next = recorded(event, { ...recording, revision });
            folded = evolve(folded && stored(folded), next);
            order = evolve(order, next);
            expect(forgetful(folded)).toEqual(forgetful(order));
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  it('shows neither personal data nor the commands that were handled', () => {
    const { order } = given(orderPlaced());
    const document = documentOf(order);
    expect(document).not.toHaveProperty('personal');
    expect(document).not.toHaveProperty('handled');
    expect(document).toMatchObject({
      paymentStatus: 'none',
      fulfilmentStatus: 'unfulfilled',
      returnStatus: 'none',
    });
    expect(document.allowedCommands).toContain('ConfirmOrder');
  });
});

describe('summaryOf', () => {
  it('has a value for each of its columns, in their order', () => {
    const summary = summaryOf(given(orderPlaced()).order);
    expect(Object.keys(summary)).toEqual(summaryColumns.map(({ field }) => field));
    for (const { field, nullable } of summaryColumns) if (!nullable) expect(summary[field]).not.toBeNull();
  });
});
