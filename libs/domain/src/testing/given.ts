import { recorded, type Draft } from '../decider.js';
import { sameContent } from '../equality.js';
import type { Instant } from '../instant.js';
import { stamp } from '../order/area.js';
import { decide, evolve, type OrderCommand, type OrderEvent } from '../order/order.js';
import type { RejectionCode } from '../order/rejections.js';
import type { Order, OrderState } from '../order/state.js';

/** Noon of the day on which every example happens. */
export const noon = '2026-03-02T12:00:00.000Z' as Instant;

/** `hh:mm[:ss]` of that day. */
export function at(time: string): Instant {
  return `2026-03-02T${time.padEnd(8, ':00')}.000Z` as Instant;
}

export type Happened = Draft<OrderEvent>;

interface Circumstances {
  readonly now?: Instant;
  readonly occurredAt?: Instant;
  readonly mayBackdate?: boolean;
  /** The ids that the command gives; `new-0`, `new-1` … unless told. */
  readonly newIds?: readonly string[];
}

/**
 * A specification in the words of the order: the events so far (a minute apart, until noon), the command, and what
 * comes of it.
 */
export function given(...history: readonly Happened[]) {
  const order = fold(history);
  return {
    /** The order so far. @throws Error when nothing has happened */
    get order(): Order {
      if (order === null) throw new Error('nothing has happened yet');
      return order;
    },
    when: (command: OrderCommand, circumstances: Circumstances = {}) =>
      outcome(order, command, circumstances),
  };
}

function fold(history: readonly Happened[]): OrderState {
  const startMs = Date.parse(noon) - history.length * 60_000;
  return history.reduce<OrderState>((state, happened, revision) => {
    const occurredAt = new Date(startMs + revision * 60_000).toISOString() as Instant;
    const recording = {
      revision,
      recordedAt: occurredAt,
      commandId: `command-${revision}`,
      fingerprint: `fingerprint-${revision}`,
    };
    return evolve(state, { ...stamp<OrderEvent>(happened, occurredAt), recording });
  }, null);
}

function outcome(order: OrderState, command: OrderCommand, circumstances: Circumstances) {
  const { now = noon, occurredAt = null, mayBackdate = false, newIds = [] } = circumstances;
  const newId = (index: number) => newIds[index] ?? `new-${index}`;
  const decision = decide(order, command, { now, occurredAt, mayBackdate, newId });
  const events = decision.accepted ? decision.events : [];
  return {
    /** Exactly these events. */
    then: (...expected: readonly Happened[]): void => {
      const drafts = events.map(({ occurredAt: _, ...draft }) => draft);
      const wanted = expected.map((draft) => ({ personal: null, ...draft }));
      if (!decision.accepted || !sameContent(drafts, wanted)) differ(command, wanted, decision);
    },
    /** Accepted, at this time of the business. */
    thenAt: (expected: Instant): void => {
      const times = new Set(events.map((event) => event.occurredAt));
      if (times.size !== 1 || !times.has(expected)) differ(command, expected, decision);
    },
    thenNothing: (): void => {
      if (!decision.accepted || events.length > 0) differ(command, 'no event', decision);
    },
    /** Rejected for this reason, with at least these details. */
    thenRejected: (code: RejectionCode, details: Readonly<Record<string, unknown>> = {}): void => {
      const held = decision.accepted ? null : decision.rejection;
      const same = held?.code === code && sameContent({ ...held.details, ...details }, held.details);
      if (!same) differ(command, { code, details }, decision);
    },
    /** The order after the events of the decision. */
    get order(): Order {
      if (!decision.accepted) differ(command, 'accepted', decision);
      const recordedAt = now;
      const recording = { recordedAt, commandId: 'command-asked', fingerprint: 'fingerprint-asked' };
      const start = (order?.revision ?? -1) + 1;
      const after = events.reduce<OrderState>(
        (state, event, index) => evolve(state, recorded(event, { ...recording, revision: start + index })),
        order,
      );
      if (after === null) throw new Error('nothing has happened yet');
      return after;
    },
  };
}

function differ(command: OrderCommand, expected: unknown, actual: unknown): never {
  const shown = (value: unknown) => JSON.stringify(value, null, 2);
  throw new Error(`${command.type}: expected ${shown(expected)}\nbut got ${shown(actual)}`);
}
