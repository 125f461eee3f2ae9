import { describe, expect, it } from '@jest/globals';
import { parkedLines } from './parked-lines.js';

const parkedSince = (minute: number) => ({
  ...{ tenantId: 'default', orderId: `order-${minute}`, revision: minute, reason: 'cannot be folded' },
  parkedAt: new Date(Date.UTC(2026, 0, 1, 12, minute)),
});
const parked = (orders: number, shown: number) => {
  const longest = Array.from({ length: shown }, (_, minute) => parkedSince(minute));
  return { orders, events: 2 * orders, oldest: longest[0] ?? null, longest };
};

describe('what orderctl status says of parked orders', () => {
  it('is nothing where there are none', () => {
    expect(parkedLines(parked(0, 0))).toEqual([]);
  });

  it('names one', () => {
    expect(parkedLines(parked(1, 1))).toEqual([
      'parked: 1 order, 2 events, the oldest first',
      '2026-01-01T12:00:00.000Z: default order-0, event 0: cannot be folded',
    ]);
  });

  it('names a few, and how many more there are', () => {
    expect(parkedLines(parked(1_002, 2))).toEqual([
      'parked: 1,002 orders, 2,004 events, the oldest first',
      '2026-01-01T12:00:00.000Z: default order-0, event 0: cannot be folded',
      '2026-01-01T12:01:00.000Z: default order-1, event 1: cannot be folded',
      'and 1,000 more: see `orderctl quarantine list`',
    ]);
  });
});
