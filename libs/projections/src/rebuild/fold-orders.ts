import { decode } from '#event-store/codec.js';
import { UnreadableEvent } from '#event-store/errors.js';
import type { RawEvent, StoredOrderEvent } from '#event-store/port.js';
import { parseOrderStream } from '#event-store/streams.js';
import { withoutSkipped, type SkippedRevisions } from '#read-models/skipped-events.js';
import type { BulkRows } from '#read-models/stores/bulk-rows.js';
import type { ParkedEvent } from '#read-models/stores/bulk-load.store.js';
import { storyOf, type OrderEvents } from './order-story.js';
import { unpack } from './packed-events.js';

/** All events of an order, of which those from a revision on are in none of its rows. */
export interface OrderToFold {
  readonly stream: string;
  readonly fromRevision: number;
  /** One after the other, as `PackedEvents` has them. */
  readonly packed: readonly Uint8Array[];
  readonly skipped: SkippedRevisions;
}

/**
 * Makes the rows of orders, each for itself.
 * @param firstWriteSeq the number that the first row of an order takes; the others take those after it
 * @returns what could not be applied
 */
export async function foldOrders(
  orders: readonly OrderToFold[],
  firstWriteSeq: number,
  rows: BulkRows,
  isNewWord: (tenantId: string, word: string) => boolean,
): Promise<ParkedEvent[]> {
  const parked: ParkedEvent[] = [];
  for (const [index, { order, events }] of (await decodeAll(orders)).entries()) {
    const key = parseOrderStream(order.stream);
    if (key === null) throw new Error(`${order.stream} is no stream of an order`);
    const { fromRevision } = order;
    const story = storyOf(events, fromRevision);
    for (const row of story.history) rows.history(row);
    if (story.order !== null && story.order.revision >= fromRevision) {
      rows.order(story.order, firstWriteSeq + index, isNewWord);
      if (story.before !== null) {
        const { revision, next } = story.before;
        const ended = {
          occurredUntil: next?.occurredAt ?? null,
          recordedUntil: next?.recording.recordedAt ?? null,
        };
        rows.superseded({ ...key, revision, fromRevision, ...ended });
      }
    } else rows.closed(key, events.raw.at(-1)!.revision);
    for (const { event, reason, kind } of story.parked) {
      const { revision, position, eventId, type } = event;
      parked.push({ ...key, revision, position, eventId, type, reason, kind });
    }
  }
  return parked;
}

interface Decoded {
  readonly order: OrderToFold;
  readonly events: OrderEvents;
}

/** All at once, for the codec's sake; where one cannot be read, each order for itself. */
async function decodeAll(orders: readonly OrderToFold[]): Promise<Decoded[]> {
  const raws = orders.map(({ stream, packed }) => packed.flatMap((bytes) => unpack(stream, bytes)));
  const readable = orders.map(({ skipped }, index) => withoutSkipped(raws[index]!, skipped));
  try {
    const stored = await decode(readable.flat());
    let from = 0;
    return orders.map((order, index) => {
      const raw = raws[index]!;
      const events = stored.slice(from, (from += readable[index]!.length));
      return { order, events: { raw, events, skipped: order.skipped, unreadable: null } };
    });
  } catch (error) {
    if (!(error instanceof UnreadableEvent)) throw error;
  }
  return Promise.all(
    orders.map(async (order, index) => {
      const { events, unreadable } = await decodeUpTo(readable[index]!);
      return { order, events: { raw: raws[index]!, events, skipped: order.skipped, unreadable } };
    }),
  );
}

/** Up to the first that cannot be read. */
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
