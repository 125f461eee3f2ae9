import { describe, it } from '@jest/globals';
import type { Instant } from '../instant.js';
import {
  addNote,
  changeTags,
  editOrder,
  addSurcharge,
  applyDiscount,
  placeOrder,
} from '../testing/commands.js';
import { orderPlaced, tagsChanged } from '../testing/events.js';
import { at, given, noon } from '../testing/given.js';

/** An order whose last event was at 11:59. */
const order = given(orderPlaced());
const soon = { now: at('11:58:30') };

describe('occurredAt', () => {
  it('is now when nobody says, but never before the order’s last event', () => {
    order.when(changeTags('a')).thenAt(noon);
    order.when(changeTags('a'), soon).thenAt(at('11:59'));
    given()
      .when(placeOrder(), { now: at('09:00') })
      .thenAt(at('09:00'));
  });

  it('may be up to 60 s ahead', () => {
    order.when(changeTags('a'), { occurredAt: at('12:01') }).thenAt(at('12:01'));
    order
      .when(changeTags('a'), { occurredAt: '2026-03-02T12:01:00.001Z' as Instant })
      .thenRejected('occurred_at_in_future', { now: noon });
  });

  it('may be up to 60 s behind, further only for those who may record the past', () => {
    const late = { now: at('12:30') };
    order.when(changeTags('a'), { ...late, occurredAt: at('12:29') }).thenAt(at('12:29'));
    const past = { ...late, occurredAt: '2026-03-02T12:28:59.999Z' as Instant };
    order.when(changeTags('a'), past).thenRejected('occurred_at_needs_admin');
    order.when(changeTags('a'), { ...past, mayBackdate: true }).thenAt(past.occurredAt);
    given().when(placeOrder(), past).thenRejected('occurred_at_needs_admin');
    given()
      .when(placeOrder(), { occurredAt: at('01:00'), mayBackdate: true })
      .thenAt(at('01:00'));
  });

  it('is raised to the order’s last when up to 60 s before it, and refused further back', () => {
    const may = { mayBackdate: true };
    order.when(changeTags('a'), { ...may, occurredAt: at('11:58') }).thenAt(at('11:59'));
    order
      .when(changeTags('a'), { ...may, occurredAt: '2026-03-02T11:57:59.999Z' as Instant })
      .thenRejected('occurred_at_before_last_event', { lastOccurredAt: at('11:59') });
  });

  it('is one for all events of a decision', () => {
    order
      .when(editOrder([applyDiscount(1), addSurcharge(1)]), { occurredAt: at('11:59:30') })
      .thenAt(at('11:59:30'));
  });

  it('is checked last: a no-op and an invalid command are answered as such, whatever the time', () => {
    given(orderPlaced(), tagsChanged('a'))
      .when(changeTags('a'), { occurredAt: at('01:00') })
      .thenNothing();
    order.when(addNote('x'.repeat(4_001)), { occurredAt: at('01:00') }).thenRejected('text_too_long');
  });
});
