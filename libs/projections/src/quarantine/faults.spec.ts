import { describe, expect, it } from '@jest/globals';
import { UnreadableEvent } from '#event-store/errors.js';
import type { RawEvent } from '#event-store/port.js';
import { backoffMs, faultOf, lacking, MissingEvent, parkedBehind, parkedWith, revisionOf } from './faults.js';

const ORDER = '0189a1b2-0000-4000-8000-000000000001';
const STREAM = `order-default.${ORDER}`;
const raw = (change: Partial<RawEvent> = {}): RawEvent => ({
  ...{ eventId: '0189a1b2-0000-4000-8000-000000000002', stream: STREAM, revision: 4, position: 99n },
  ...{ type: 'OrderTeleported', data: {}, metadata: {}, sizeBytes: 4 },
  ...change,
});
const unreadable = (change: Partial<RawEvent> = {}) => new UnreadableEvent(raw(change), 'unknown');

describe('why an event is parked', () => {
  it('is permanent when this release cannot read it', () => {
    const item = unreadable();
    expect(parkedWith(item, STREAM, faultOf(item)!, null)).toEqual({
      ...{ tenantId: 'default', orderId: ORDER, revision: 4, position: 99n },
      ...{ eventId: raw().eventId, type: 'OrderTeleported', kind: 'permanent', tries: 1 },
      ...{ reason: item.message, nextTryAfterMs: null },
    });
  });

  it('is permanent when the stream is deleted, at a revision that the table can hold', () => {
    const item = unreadable({ type: '$streamDeleted', revision: 2 ** 63 });
    expect(revisionOf(item)).toBe(2_147_483_647);
    expect(faultOf(item)).toEqual({ reason: 'its stream was deleted for good', nature: 'permanent' });
  });

  it('is transient for five tries when it may pass, counted for each event by itself', () => {
    const item = new MissingEvent(STREAM, 4, lacking(4));
    const tried = (revision: number, tries: number) =>
      parkedWith(item, STREAM, item.fault, { revision, tries });
    expect(tried(4, 3)).toMatchObject({ kind: 'transient', tries: 4, position: null, eventId: null });
    expect(tried(4, 4)).toMatchObject({ kind: 'permanent', tries: 5, nextTryAfterMs: null });
    expect(tried(3, 4)).toMatchObject({ kind: 'transient', tries: 1 });
  });

  it('never becomes permanent when a store does not give the event', () => {
    const away = new MissingEvent(STREAM, 4, { reason: 'no answer', nature: 'away' });
    const tried = { revision: 4, tries: 99 };
    expect(parkedWith(away, STREAM, away.fault, tried)).toMatchObject({ kind: 'transient', tries: 100 });
  });

  it('is none of its own for what waits behind it', () => {
    expect(parkedBehind(unreadable(), STREAM)).toMatchObject({
      kind: 'behind',
      tries: 0,
      nextTryAfterMs: null,
    });
  });
});

describe('the pause before another try', () => {
  it('grows up to half a minute, and is never the same for all', () => {
    expect([1, 2, 3, 4, 9].map((tries) => backoffMs(tries, 1))).toEqual([500, 1_500, 4_500, 13_500, 30_000]);
    expect(backoffMs(1, 0)).toBe(250);
  });
});
