import { evolve } from '#domain/order/order.js';
import type { Order, OrderState } from '#domain/order/state.js';
import { decode } from '#event-store/codec.js';
import type { RawEvent, StoredOrderEvent } from '#event-store/port.js';
import { parseOrderStream } from '#event-store/streams.js';
import type { ColumnValues, EventKey, Facts, OrderKey } from './facts.js';

/** One event of a stream, and the order after it. */
export interface Chapter {
  readonly raw: RawEvent;
  /** null: the event cannot be read. */
  readonly event: StoredOrderEvent | null;
  /** null: this event, or an earlier one, can neither be folded nor was it skipped. */
  readonly order: Order | null;
}

/** A stream, folded by the domain alone. */
export interface Story extends OrderKey {
  readonly stream: string;
  readonly chapters: readonly Chapter[];
}

/**
 * Whether the order's rows at each position equal the fold of its events up to there. An order with parked or
 * skipped events catches up only when a person says so.
 */
export function isSteady({ chapters }: Story): boolean {
  return chapters.every(({ event }) => event !== null);
}

/** The customer whose order it is; null: a guest's. */
export function customerOf({ chapters }: Story): string | null {
  return chapters[0]?.order?.customerId ?? null;
}

export const keyOf = ({ tenantId, orderId }: OrderKey): string => `${tenantId}.${orderId}`;

/** As `keyOf`, for a row of PostgreSQL. */
export const keyOfRow = (row: ColumnValues): string =>
  keyOf({ tenantId: String(row['tenant_id']), orderId: String(row['order_id']) });

/** All streams of the log, by `<tenant>.<order id>`. */
export async function storiesOf({ log, skips }: Pick<Facts, 'log' | 'skips'>): Promise<Map<string, Story>> {
  const byStream = new Map<string, RawEvent[]>();
  for (const event of log) {
    const known = byStream.get(event.stream);
    if (known) known.push(event);
    else byStream.set(event.stream, [event]);
  }
  const skipped = eventNames(skips);
  const stories = new Map<string, Story>();
  for (const [stream, events] of byStream) {
    const key = parseOrderStream(stream);
    if (key !== null) stories.set(keyOf(key), await storyOf(stream, key, events, skipped));
  }
  return stories;
}

async function storyOf(
  stream: string,
  key: OrderKey,
  events: readonly RawEvent[],
  skipped: ReadonlySet<string>,
): Promise<Story> {
  const chapters: Chapter[] = [];
  let order: OrderState = null;
  let broken = false;
  for (const raw of events) {
    const event = await readable(raw);
    const isSkipped = skipped.has(eventName({ ...key, revision: raw.revision }));
    const next: OrderState = broken ? null : isSkipped ? passedBy(order, raw.revision) : folded(order, event);
    broken ||= next === null && !isSkipped;
    if (next !== null) order = next;
    chapters.push({ raw, event, order: next });
  }
  return { ...key, stream, chapters };
}

/** A skipped event takes its revision and changes nothing else. */
function passedBy(order: OrderState, revision: number): OrderState {
  return order === null ? null : { ...order, revision };
}

async function readable(raw: RawEvent): Promise<StoredOrderEvent | null> {
  try {
    return (await decode([raw]))[0]!;
  } catch {
    return null; // reported by the checks that need it
  }
}

function folded(order: OrderState, event: StoredOrderEvent | null): OrderState {
  if (event === null) return null;
  try {
    return evolve(order, event);
  } catch {
    return null; // reported by the checks that need it
  }
}

/** The events that other systems must be told of: all before the parked one, except skipped events. */
export function toldOf(
  { chapters, ...key }: Story,
  parkedFrom: number | undefined,
  leftOut: ReadonlySet<string>,
): readonly RawEvent[] {
  return chapters
    .slice(0, parkedFrom)
    .map(({ raw }) => raw)
    .filter(({ revision }) => !leftOut.has(eventName({ ...key, revision })));
}

/** A name for each event, for lookups. */
export function eventNames(events: readonly EventKey[]): ReadonlySet<string> {
  return new Set(events.map(eventName));
}

function eventName({ tenantId, orderId, revision }: EventKey): string {
  return `${tenantId}.${orderId}@${revision}`;
}
