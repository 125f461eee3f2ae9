import { describe, expect, it } from '@jest/globals';
import type { Order } from '#domain/order/state.js';
import { pastSkipped, SkippedEvents, takeSkippedRevisions, withoutSkipped } from './skipped-events.js';
import type { RawEvent } from '#event-store/port.js';

const STREAM = 'order-default.0189a1b2-0000-4000-8000-000000000001';

describe('events that are left out of a fold', () => {
  it('are known by order', () => {
    const skips = new SkippedEvents();
    skips.add(STREAM, 3);
    skips.add(STREAM, 4);
    expect([...skips.of(STREAM)]).toEqual([3, 4]);
    expect(skips.of('order-default.another').size).toBe(0);
    expect(skips.orders).toBe(1);
  });

  it('are not among those that are folded', () => {
    const events = [0, 1, 2].map((revision) => ({ revision }) as RawEvent);
    expect(withoutSkipped(events, new Set([1])).map(({ revision }) => revision)).toEqual([0, 2]);
    expect(withoutSkipped(events, new Set())).toBe(events);
  });

  it('take their revision, one after the other, up to the one that is asked for', () => {
    expect(pastSkipped(2, new Set([3, 4, 6]))).toBe(4);
    expect(pastSkipped(2, new Set([3, 4, 6]), 3)).toBe(3);
    expect(pastSkipped(-1, new Set([0]))).toBe(0);
    const order = { revision: 2, status: 'placed' } as Order;
    expect(takeSkippedRevisions(order, new Set([3]))).toEqual({ revision: 3, status: 'placed' });
    expect(takeSkippedRevisions(order, new Set([5]))).toBe(order);
  });
});
