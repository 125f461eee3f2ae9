import { describe, expect, it } from '@jest/globals';
import type { Recording } from '../decider.js';
import type { Instant } from '../instant.js';
import { changeTags, placeOrder } from '../testing/commands.js';
import {
  discount,
  lineAdded,
  lamp,
  mug,
  orderConfirmed,
  orderId,
  orderPlaced,
  tagsChanged,
} from '../testing/events.js';
import { at, given, noon, type Happened } from '../testing/given.js';
import { stamp } from './area.js';
import { handledCommand, remember } from './handled.js';
import { orderNumber, typedOrderNumber } from './order-number.js';
import { evolve, type OrderEvent, type RecordedOrderEvent } from './order.js';
import type { HandledCommand, OrderState } from './state.js';

function recorded(happened: Happened, recording: Partial<Recording> = {}): RecordedOrderEvent {
  const whole = { revision: 0, recordedAt: noon, commandId: 'c', fingerprint: 'f', ...recording };
  return { ...stamp<OrderEvent>(happened, noon), recording: whole };
}

describe('evolve', () => {
  it('updates the revision, the last times and the handled commands with each event', () => {
    const placed = evolve(null, recorded(orderPlaced(), { recordedAt: at('12:05') }));
    const order = evolve(placed, {
      ...recorded(orderConfirmed(), { revision: 7, commandId: 'd' }),
      occurredAt: at('12:01'),
    });
    expect(order).toMatchObject({
      status: 'confirmed',
      placedAt: noon,
      revision: 7,
      lastOccurredAt: at('12:01'),
      lastRecordedAt: noon,
    });
    expect(order.handled.map(({ commandId }) => commandId)).toEqual(['c', 'd']);
  });

  it('does not change the order it is given', () => {
    const before = evolve(null, recorded(orderPlaced()));
    const text = JSON.stringify(before);
    evolve(before, recorded(lineAdded(lamp(1)), { revision: 1 }));
    expect(JSON.stringify(before)).toBe(text);
  });

  it('throws at a stream that no decider wrote', () => {
    const order = given(orderPlaced()).order;
    expect(() => evolve(null, recorded(orderConfirmed()))).toThrow(/OrderConfirmed/);
    expect(() => evolve(order, recorded(orderPlaced()))).toThrow(/OrderPlaced/);
    const unknown = { ...recorded(orderConfirmed()), type: 'OrderBlessed' } as unknown as RecordedOrderEvent;
    expect(() => evolve(order, unknown)).toThrow(/OrderBlessed/);
  });
});

describe('An order’s number', () => {
  it('comes from its id, in letters that survive being read out', () => {
    expect(orderNumber(orderId)).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
    expect(orderNumber('ffffffff-ffff-5fff-bfff-ffffffffffff')).toBe('ZZZZZ-ZZZZZ');
    expect(orderNumber('00000000-0000-5000-8000-000000000020')).toBe('00000-00010');
    expect(orderNumber('10000000-0000-5000-8000-000000000020')).toBe('00000-00010');
    expect(given().when(placeOrder()).order.number).toBe(orderNumber(orderId));
  });

  it.each([
    ['in lower case', '7k3mq-2xh9d', '7K3MQ-2XH9D'],
    ['without its hyphen', '7K3MQ2XH9D', '7K3MQ-2XH9D'],
    ['with blanks', ' 7k3mq 2xh9d ', '7K3MQ-2XH9D'],
    ['with letters that look like digits', 'oilOI-LAAAA', '01101-1AAAA'],
    ['by its beginning', '7k3m', '7K3M'],
    ['up to the hyphen', '7k3mq-', '7K3MQ'],
    ['by its beginning, without its hyphen', '7k3mq2', '7K3MQ-2'],
    ['as nothing', '-', '-'],
    ['not at all', 'no number at all', 'N0NUM-BERATA11'],
  ])('is read as it is typed: %s', (_how, typed, number) => {
    expect(typedOrderNumber(typed)).toBe(number);
  });
});

describe('Handled commands', () => {
  it('are remembered with their first and last event', () => {
    const { order } = given(orderPlaced({ discounts: [discount(1)] }), tagsChanged('a'));
    expect(handledCommand(order, 'command-1')).toEqual({
      commandId: 'command-1',
      fingerprint: 'fingerprint-1',
      firstRevision: 1,
      revision: 1,
      recordedAt: at('11:59'),
    });
    expect(handledCommand(order, 'x')).toBeUndefined();
    const two = [orderPlaced({ lines: [mug(1)] }), tagsChanged('a'), tagsChanged('b')].reduce<OrderState>(
      (state, event, revision) => evolve(state, recorded(event, { revision })),
      null,
    );
    expect(two?.handled).toMatchObject([{ firstRevision: 0, revision: 2 }]);
    given(orderPlaced()).when(changeTags()).thenNothing();
  });

  const dayMs = 24 * 60 * 60 * 1_000;
  /** The order after `count` commands besides the placing one, `spacingMs` apart. */
  function remembered(count: number, spacingMs: number): readonly HandledCommand[] {
    let handled: readonly HandledCommand[] = [];
    for (let revision = 0; revision <= count; revision += 1) {
      const recordedAt = new Date(revision * spacingMs).toISOString() as Instant;
      handled = remember(handled, { revision, recordedAt, commandId: `c${revision}`, fingerprint: 'f' });
    }
    return handled;
  }

  it.each([
    ['all of 1,000, however old', 1_000, dayMs, 1],
    ['the last 1,000 of older ones', 1_001, dayMs, 2],
    ['the last 1,000 of older ones', 1_500, dayMs, 501],
    ['2,000 within 30 days', 2_000, 1_000, 1],
    ['no more than 2,000 within 30 days', 2_001, 1_000, 2],
    ['those of the last 30 days between', 1_500, (30 * dayMs) / 1_200, 300],
  ])('are kept: %s', (_, count, spacingMs, firstKept) => {
    const handled = remembered(count, spacingMs);
    expect(handled[0]!.commandId).toBe('c0');
    expect(handled[1]!.commandId).toBe(`c${firstKept}`);
    expect(handled.at(-1)!.commandId).toBe(`c${count}`);
    expect(handled).toHaveLength(count - firstKept + 2);
  });
});
