import fc from 'fast-check';
import type { DecisionContext } from '../decider.js';
import { sameContent } from '../equality.js';
import type { LineQuantity } from '../order/content.js';
import { decide, evolve, type OrderEvent, type RecordedOrderEvent } from '../order/order.js';
import type { Line, OrderState } from '../order/state.js';
import { anyCommand, type Asked } from './any-command.js';
import { drawFrom } from './draw.js';
import { noon } from './given.js';

export interface Turn extends Asked {
  readonly before: OrderState;
  readonly events: readonly RecordedOrderEvent[];
  readonly after: OrderState;
  readonly rejected: string | null;
}

const numbers = fc.array(fc.noBias(fc.nat(9_999)), { minLength: 10, maxLength: 10 });

/** Any stories, with so many turns. */
export const stories = (turns: { readonly minLength: number; readonly maxLength: number }) =>
  fc.array(numbers, { ...turns, size: 'max' });

/** A story: the numbers of each turn decide which command is given to the order as it is by then. */
export function play(turns: readonly (readonly number[])[]): Turn[] {
  let state: OrderState = null;
  return turns.map((numbers, turn) => {
    const before: OrderState = state;
    const asked = anyCommand(before, drawFrom(numbers), turn);
    const decision = decide(before, asked.command, asked.context);
    const events = decision.accepted ? record(before, decision.events, `command-${turn}`) : [];
    const after: OrderState = events.reduce<OrderState>(evolve, before);
    state = after;
    return { ...asked, before, events, after, rejected: decision.accepted ? null : decision.rejection.code };
  });
}

export function record(
  before: OrderState,
  events: readonly OrderEvent[],
  commandId: string,
): RecordedOrderEvent[] {
  const first = (before?.revision ?? -1) + 1;
  return events.map((event, index) => ({
    ...event,
    recording: { revision: first + index, recordedAt: noon, commandId, fingerprint: 'f' },
  }));
}

/** A context for each command: with fresh ids, always at noon. */
export function contextOf(turn: number): DecisionContext {
  const newId = (index: number) =>
    `00000000-0000-5000-8000-${(turn * 1_000 + index).toString(16).padStart(12, '0')}`;
  return { now: noon, occurredAt: null, mayBackdate: false, newId };
}

/** Cheap checks: a hundred thousand of Jest's own assertions would take a minute. */
export function same(actual: unknown, expected: unknown): void {
  if (!sameContent(actual, expected)) differ(actual, expected);
}

export function holds(actual: object, expected: object): void {
  same({ ...actual, ...expected }, actual);
}

export function atMost(actual: number, limit: number): void {
  if (!(actual <= limit)) differ(actual, `at most ${limit}`);
}

function differ(actual: unknown, expected: unknown): never {
  throw new Error(`expected ${JSON.stringify(expected)} but got ${JSON.stringify(actual)}`);
}

export const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
export const unitsIn = (parts: readonly { readonly lines: readonly LineQuantity[] }[], { lineId }: Line) =>
  sum(
    parts.flatMap(({ lines }) =>
      lines.filter((line) => line.lineId === lineId).map(({ quantity }) => quantity),
    ),
  );

/** Every number in a value whose name ends in `Minor`. */
export function amountsIn(value: unknown, key = ''): number[] {
  if (typeof value === 'number') return /Minor$/.test(key) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => amountsIn(each, name));
}
