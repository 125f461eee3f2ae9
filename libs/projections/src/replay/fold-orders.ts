import { setImmediate } from 'node:timers/promises';
import { decode } from '#event-store/codec.js';
import { UnreadableEvent } from '#event-store/errors.js';
import type { RawEvent, StoredOrderEvent } from '#event-store/port.js';
import { parseOrderStream } from '#event-store/streams.js';
import type { OrderKey } from '#read-models/order-key.js';
import { withoutSkipped, type SkippedRevisions } from '#read-models/skipped-events.js';
import type { BulkRows } from '#read-models/stores/bulk-rows.js';
import type { UnappliedEvent } from '#read-models/stores/bulk-load.store.js';
import type { KnownWords } from '#read-models/stores/known-words.js';
import { messageOf } from '../engine/interruptions.js';
import type { PackedEvents } from './packed-events.js';
import { rebuiltOrder, type OrderEvents, type RebuiltOrder } from './rebuilt-order.js';

/** Bytes of events that are objects at one time, about. */
const DECODED_BYTES = 64 << 10;

/** All events of an order, of which those from a revision on are in none of its rows. */
export interface OrderToFold {
  readonly stream: string;
  readonly fromRevision: number;
  /** In order; folding takes the events out. */
  readonly packed: readonly PackedEvents[];
  readonly skipped: SkippedRevisions;
  /** Why missing events could not be read: the order's stream alone cannot be read; null: it can. */
  readonly unread: string | null;
}

/**
 * Makes the rows of orders, each order for itself.
 * @param firstWriteSeq the write number of the first order; the others take those after it
 * @param words those that are known to be in a row
 * @returns the events that could not be applied
 */
export async function foldOrders(
  orders: readonly OrderToFold[],
  firstWriteSeq: number,
  rows: BulkRows,
  words: KnownWords,
): Promise<UnappliedEvent[]> {
  const parked: UnappliedEvent[] = [];
  let writeSeq = firstWriteSeq;
  for (const some of inPartsOf(orders)) {
    // Nothing here waits for anybody: without a turn of the event loop in between, the rows of the step before would
    // not be sent, nor further events be received, until all is folded.
    await setImmediate();
    for (const decoded of await decodeAll(some)) parked.push(...foldOne(decoded, rows, words, writeSeq++));
  }
  return parked;
}

/** In parts so small that their objects are gone before the garbage collector takes them for long-lived. */
function* inPartsOf(orders: readonly OrderToFold[]): Generator<OrderToFold[]> {
  let part: OrderToFold[] = [];
  let bytes = 0;
  for (const order of orders) {
    part.push(order);
    for (const { sizeBytes } of order.packed) bytes += sizeBytes;
    if (bytes < DECODED_BYTES) continue;
    yield part;
    [part, bytes] = [[], 0];
  }
  if (part.length > 0) yield part;
}

function foldOne(
  { order, events }: Decoded,
  rows: BulkRows,
  words: KnownWords,
  writeSeq: number,
): UnappliedEvent[] {
  const key = parseOrderStream(order.stream);
  if (key === null) throw new Error(`${order.stream} is not the stream of an order`);
  const { fromRevision } = order;
  const push = (rebuilt: RebuiltOrder) => pushRows(key, rebuilt, fromRevision, { rows, words, writeSeq });
  const rebuilt = pushed(events, fromRevision, (one, keep) => tried(rows, words, () => push(one), keep));
  const last = events.raw.at(-1)!.revision;
  if (rebuilt.order === null || rebuilt.order.revision < last) rows.closed(key, last);
  return rebuilt.parked.map(({ event: { revision, position, eventId, type }, reason, kind }) => ({
    ...key,
    ...{ revision, position, eventId, type, reason, kind },
  }));
}

function pushRows(
  key: OrderKey,
  { order, history, before }: RebuiltOrder,
  fromRevision: number,
  { rows, words, writeSeq }: { rows: BulkRows; words: KnownWords; writeSeq: number },
): void {
  for (const row of history) rows.history(row);
  if (order === null || order.revision < fromRevision) return;
  rows.order(order, writeSeq, words);
  if (before === null) return;
  const { revision, next } = before;
  const ended = {
    occurredUntil: next?.occurredAt ?? null,
    recordedUntil: next?.recording.recordedAt ?? null,
  };
  rows.superseded({ ...key, revision, fromRevision, ...ended });
}

/** Why the rows could not be pushed; null: they could, and stay there if `keep`. */
function tried(rows: BulkRows, words: KnownWords, push: () => void, keep: boolean): string | null {
  try {
    rows.allOrNone(() => {
      push();
      if (!keep) throw new TakenBack();
    });
    return null;
  } catch (error) {
    words.clear(); // some of them were taken back with the rows
    return error instanceof TakenBack ? null : messageOf(error);
  }
}

class TakenBack extends Error {}

/** Pushes as much of an order as rows can be made of; the rest is parked. @returns what was pushed */
function pushed(
  events: OrderEvents,
  fromRevision: number,
  push: (rebuilt: RebuiltOrder, keep: boolean) => string | null,
): RebuiltOrder {
  const whole = rebuiltOrder(events, fromRevision);
  const why = push(whole, true);
  if (why === null) return whole;
  const upTo = (count: number) =>
    rebuiltOrder(
      { ...events, events: events.events.slice(0, count), unreadable: `cannot be applied: ${why}` },
      fromRevision,
    );
  // If a prefix cannot be stored, no longer one can: bisect for the longest that can.
  let [good, bad] = [0, events.events.length];
  while (good + 1 < bad) {
    const middle = (good + bad) >> 1;
    if (push(upTo(middle), false) === null) good = middle;
    else bad = middle;
  }
  const rebuilt = upTo(good);
  push(rebuilt, true);
  return rebuilt;
}

interface Decoded {
  readonly order: OrderToFold;
  readonly events: OrderEvents;
}

/** Decodes the events of all orders in one call; if one event cannot be read, each order for itself. */
async function decodeAll(orders: readonly OrderToFold[]): Promise<Decoded[]> {
  const raws = orders.map(({ stream, packed }) => packed.flatMap((events) => events.takeAll(stream)));
  const readable = orders.map(({ skipped }, index) => withoutSkipped(raws[index]!, skipped));
  try {
    const stored = await decode(readable.flat());
    let from = 0;
    return orders.map((order, index) => {
      const raw = raws[index]!;
      const events = stored.slice(from, (from += readable[index]!.length));
      return { order, events: { raw, events, ...about(order), unreadable: null } };
    });
  } catch (error) {
    if (!(error instanceof UnreadableEvent)) throw error;
  }
  return Promise.all(
    orders.map(async (order, index) => {
      const { events, unreadable } = await decodeUpTo(readable[index]!);
      return { order, events: { raw: raws[index]!, events, ...about(order), unreadable } };
    }),
  );
}

function about({ skipped, unread }: OrderToFold): Pick<OrderEvents, 'skipped' | 'unread'> {
  return { skipped, unread };
}

/** Decodes up to the first event that cannot be read. */
async function decodeUpTo(
  raw: readonly RawEvent[],
): Promise<{ events: readonly StoredOrderEvent[]; unreadable: string | null }> {
  const events: StoredOrderEvent[] = [];
  for (const one of raw) {
    try {
      events.push(...(await decode([one])));
    } catch (error) {
      if (!(error instanceof UnreadableEvent)) throw error;
      return { events, unreadable: error.message };
    }
  }
  return { events, unreadable: null };
}
