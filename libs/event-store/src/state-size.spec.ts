import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Order } from '#domain/order/state.js';
import { play, same, stories } from '#domain/testing/story.js';
import { StateSize } from './state-size.js';

const golden = new URL('../golden/folded.json', import.meta.url);
const order = (JSON.parse(readFileSync(golden, 'utf8')) as Record<string, Order>)['fulfilled']!;

describe('the size of a state', () => {
  it('is about what the state takes as JSON, or more', () => {
    const { bytes } = new StateSize(order);
    expect(bytes).toBeGreaterThan(JSON.stringify(order).length);
    expect(bytes).toBeLessThan(10 * JSON.stringify(order).length);
  });

  it.each<[string, Partial<Order>]>([
    ['a line', { lines: [...order.lines, order.lines[0]!] }],
    ['a long name', { lines: [{ ...order.lines[0]!, name: 'x'.repeat(200) }, ...order.lines.slice(1)] }],
    ['a shipment of many lines', { shipments: [...order.shipments, order.shipments[0]!] }],
    ['an attribute', { attributes: { ...order.attributes, gift: 'yes' } }],
    ['a tag', { tags: [...order.tags, 'urgent'] }],
    ['a handled command', { handled: [...order.handled, order.handled[0]!] }],
    ['a long reason', { statusReason: 'x'.repeat(200) }],
  ])('grows by %s', (_, change) => {
    const before = new StateSize(order);
    expect(new StateSize({ ...order, ...change }, before).bytes).toBeGreaterThan(before.bytes);
  });

  it('is the same, whether it was estimated anew or from an earlier state', () => {
    fc.assert(
      fc.property(stories({ minLength: 5, maxLength: 40 }), (turns) => {
        let size: StateSize | null = null;
        for (const { after } of play(turns)) {
          if (after === null) continue;
          size = new StateSize(after, size);
          same(size.bytes, new StateSize(after).bytes);
        }
      }),
      { numRuns: 40 },
    );
  });
});
