import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { anyCommand } from '../testing/any-command.js';
import { drawFrom } from '../testing/draw.js';
import { reckoned } from '../testing/exact-money.js';
import { amountsIn, holds, play, record, same, stories } from '../testing/story.js';
import { decide, evolve, type OrderCommand } from './order.js';
import type { OrderState } from './state.js';
import { orderTotals } from './totals.js';

const story = stories({ minLength: 1, maxLength: 30 });

describe('A command with an absurd number in it', () => {
  it('is rejected, or leaves an order whose amounts still add up', () => {
    const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(NaN, -0, Infinity, 2 ** 53, 1e20));
    fc.assert(
      fc.property(story, number, fc.nat(9_999), (turns, bad, seed) => {
        const played = play(turns).at(-1)!;
        const { command, context } = anyCommand(played.after, drawFrom([seed, seed + 3, seed * 7, 13]), 99);
        const spoilt = spoil(command, bad) as OrderCommand;
        const decision = decide(played.after, spoilt, context);
        if (!decision.accepted) return;
        const order = record(played.after, decision.events, 'x').reduce<OrderState>(evolve, played.after);
        if (order === null) return;
        holds(orderTotals(order), reckoned(order));
        same(amountsIn([order]).every(Number.isSafeInteger), true);
      }),
      { numRuns: 150 },
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
