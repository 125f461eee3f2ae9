import type { EventCodec } from '#event-store/codec.js';
import { StreamDeleted, UnreadableEvent } from '#event-store/errors.js';
import type { EventStore, RawEvent, StoredOrderEvent, StreamRange } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';
import type { OrderPosition } from '#platform/order-position.js';
import { ProblemError } from '#platform/problems/problems.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import type { Audience } from '#read-models/readers/order-filter.js';
import type { ParkedAt } from '#read-models/readers/parked.reader.js';
import { withoutSkipped, type SkippedRevisions } from '#read-models/skipped-events.js';
import type { Freshness } from '../reads/freshness.js';
import { refuseParked } from '../reads/order-parked.js';
import { AtOnce } from '../request/at-once.js';
import { Breaks } from './breaks.js';
import { diffOrder, type OrderDiff } from './order-diff.js';
import type { LeftOutReader } from './left-out.js';
import { HELD_EVENTS, OrderStory, type Moment } from './order-story.js';
import { viewForCustomer, staleness, viewOf, type OrderView, type Stale } from './order-view.js';

/** Events decoded at a time: keys are fetched in batches, memory stays flat, and nobody waits for long. */
const BATCH_EVENTS = 500;
const BATCH_BYTES = 256 * 1024;
/** How many events are read at a time until the story is known to be long: few at first, as they may be large. */
const FIRST_READS = [100, HELD_EVENTS + 1 - 100];
/** Long stories that are told at once: each keeps the processor busy, and holds an order and the causes of its changes. */
const LONG_OF_ONE_TENANT = 2;
const LONG_OF_ALL = 3;

/** Whose past is asked for, and by whom. */
export interface OrderAsked {
  readonly audience: Audience;
  readonly orderId: string;
  /** The change that the answer must include; null: none. */
  readonly consistentWith: OrderPosition | null;
}

export interface Told<Answer> {
  readonly answer: Answer;
  /** Position of the last event that the answer was made from. */
  readonly position: bigint;
}

interface DecodedBatch {
  readonly events: readonly StoredOrderEvent[];
  /** How many events were read. */
  readonly read: number;
  /** Of all events that were read, as they are stored. */
  readonly bytes: number;
  /** The first event that cannot be read, if it is what ends the events. */
  readonly unreadable: UnreadableEvent | null;
}

/**
 * Orders as they were, folded from their streams as the read models are: without skipped events, and up to the
 * first parked one.
 */
export class TimeTravel {
  readonly #eventStore: Pick<EventStore, 'readStream'>;
  readonly #codec: Pick<EventCodec, 'decodeEach'>;
  readonly #leftOut: Pick<LeftOutReader, 'of'>;
  readonly #freshness: Pick<Freshness, 'ofThisStore' | 'notCaughtUp'>;
  readonly #longAtOnce = new AtOnce(LONG_OF_ONE_TENANT, LONG_OF_ALL);

  /**
   * @param eventStore has to read from the leader of a cluster: other nodes may lag, and time travel does not wait
   */
  constructor(
    eventStore: Pick<EventStore, 'readStream'>,
    codec: Pick<EventCodec, 'decodeEach'>,
    leftOut: Pick<LeftOutReader, 'of'>,
    freshness: Pick<Freshness, 'ofThisStore' | 'notCaughtUp'>,
  ) {
    this.#eventStore = eventStore;
    this.#codec = codec;
    this.#leftOut = leftOut;
    this.#freshness = freshness;
  }

  /**
   * @throws ProblemError order_not_found when this audience has no such order, or not at that moment;
   * too_many_requests
   */
  async orderAt(asked: OrderAsked, moment: Moment): Promise<Told<OrderView>> {
    const forCustomers = asked.audience.customerId !== null;
    return this.#tell(asked, async (story, parked) => {
      const revision = story.revisionAt(moment);
      if (revision === null) throw notThen(story, moment, parked);
      const stale = staleAt(revision, story, parked, forCustomers);
      const view = { ...viewOf(await story.at(revision), story.redactedNotes), ...stale };
      return forCustomers ? viewForCustomer(view) : view;
    });
  }

  /**
   * @param to null: as it is now
   * @throws ProblemError order_not_found, order_parked, too_many_requests, or validation_failed when `from` is after
   * `to`
   */
  async diff(asked: OrderAsked, from: Moment, to: Moment | null): Promise<Told<OrderDiff & Partial<Stale>>> {
    const forCustomers = asked.audience.customerId !== null;
    return this.#tell(asked, async (story, parked) => {
      const [start, end] = [story.revisionAt(from), to === null ? story.lastRevision : story.revisionAt(to)];
      if (start === null && 'revision' in from) throw notThen(story, from, parked);
      if (end === null) throw notThen(story, to!, parked);
      if (start !== null && start > end) {
        const message = `must not be after to: from is revision ${start}, to is revision ${end}`;
        throw new ProblemError('validation_failed', {
          errors: [{ pointer: '/from', code: 'after_to', message }],
        });
      }
      const first = start === null ? null : story.eventRevision(start);
      const diff = await diffOrder(story, first, story.eventRevision(end), { hidesNotes: forCustomers });
      return { ...diff, ...staleAt(end, story, parked, forCustomers) };
    });
  }

  /** Reads the order's story and answers from it. Of long stories, only some are told at once. */
  async #tell<Answer>(
    asked: OrderAsked,
    answerOf: (story: OrderStory, parked: ParkedAt | null) => Promise<Answer>,
  ): Promise<Told<Answer>> {
    let end = () => {};
    try {
      const { story, parked } = await this.#story(asked, () => {
        end = this.#longAtOnce.begin(asked.audience.tenantId);
      });
      return { answer: await answerOf(story, parked), position: story.position };
    } finally {
      end();
    }
  }

  // Reads the whole stream, also for an early moment: the text of a note that was redacted later may not be shown.
  async #story(
    asked: OrderAsked,
    onLong: () => void,
  ): Promise<{ story: OrderStory; parked: ParkedAt | null }> {
    const { orderId, consistentWith } = asked;
    const { tenantId, customerId } = asked.audience;
    await this.#freshness.ofThisStore(consistentWith);
    const { skipped, parked: known } = await this.#leftOut.of(tenantId, orderId);
    let parked = known;
    const stream = orderStream(tenantId, orderId);
    const read = (range: StreamRange) => this.#decoded(stream, range, skipped, known);
    const story = new OrderStory(skipped, async function* (to) {
      for await (const { events } of read({ maxCount: to + 1 })) yield events;
    });
    // Another customer's order is answered like one that does not exist, and is read no further than to its first event. That
    // one is read by itself, because a read that is broken off costs the connection, which all share.
    if (customerId !== null && (await isOfAnother(read({ maxCount: 1 }), customerId)))
      throw new ProblemError('order_not_found');
    const breaks = new Breaks();
    /** @returns whether there may be events to apply behind these */
    const take = async (fromRevision: number, maxCount = Number.MAX_SAFE_INTEGER): Promise<boolean> => {
      let left = maxCount;
      for await (const { events, bytes, read: count, unreadable } of read({ fromRevision, maxCount })) {
        story.add(events, bytes);
        left -= count;
        await breaks.ifDue();
        // The projection is just about to park it; or it has, and PostgreSQL, which knows, is away.
        if (unreadable) parked = { revision: unreadable.event.revision, reason: unreadable.message };
      }
      return left === 0 && (parked === null || parked.revision >= fromRevision + maxCount);
    };
    // Refused, if at all, between two reads: none is broken off.
    let hasMore = true;
    let fromRevision = 0;
    for (const maxCount of FIRST_READS) {
      if (!hasMore || story.isLong) break;
      hasMore = await take(fromRevision, maxCount);
      fromRevision += maxCount;
    }
    if (story.isLong || hasMore) onLong();
    if (hasMore) await take(fromRevision);
    // It may have been placed since its first event was looked for.
    if (customerId !== null && story.orderId !== null && story.ownerCustomerId !== customerId)
      throw new ProblemError('order_not_found');
    if (story.orderId === null) {
      // Staff are told why the order cannot be shown; a customer is told only that there is none.
      if (customerId === null) refuseParked(parked, Infinity);
      if (customerId === null) await this.#refuseLacking(asked, -1);
      throw new ProblemError('order_not_found');
    }
    if (consistentWith?.orderId === orderId) refuseParked(parked, consistentWith.revision!);
    await this.#refuseLacking(asked, story.lastRevision);
    return { story, parked };
  }

  /**
   * Refuses an answer without the change that it must include: an event store restored from a backup may lack it.
   *
   * @param last revision that was read; -1: none
   * @throws ProblemError not_caught_up
   */
  async #refuseLacking({ orderId, consistentWith }: OrderAsked, last: number): Promise<void> {
    if (consistentWith?.orderId !== orderId || consistentWith.revision! <= last) return;
    throw await this.#freshness.notCaughtUp(ORDERS_PROJECTION, consistentWith.position);
  }

  /**
   * The events that can be applied: none that is skipped, and all before the first that is parked or unreadable. What is
   * behind that one is read for nothing: a read that is broken off costs the connection.
   */
  async *#decoded(
    stream: string,
    range: StreamRange,
    skipped: SkippedRevisions,
    parked: ParkedAt | null,
  ): AsyncGenerator<DecodedBatch, void> {
    let isOver = false;
    for await (const batch of this.#batches(stream, range)) {
      if (isOver) continue;
      const wanted = withoutSkipped(batch, skipped).filter(
        ({ revision }) => parked === null || revision < parked.revision,
      );
      const decoded = await this.#codec.decodeEach(wanted);
      const unreadable = decoded.find((event) => event instanceof UnreadableEvent) ?? null;
      const readable = unreadable === null ? decoded : decoded.slice(0, decoded.indexOf(unreadable));
      const bytes = batch.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      yield { events: readable as readonly StoredOrderEvent[], read: batch.length, bytes, unreadable };
      isOver = unreadable !== null;
    }
  }

  async *#batches(stream: string, range: StreamRange): AsyncGenerator<readonly RawEvent[]> {
    let batch: RawEvent[] = [];
    let bytes = 0;
    try {
      for await (const event of this.#eventStore.readStream(stream, range)) {
        batch.push(event);
        bytes += event.sizeBytes;
        if (batch.length < BATCH_EVENTS && bytes < BATCH_BYTES) continue;
        yield batch;
        batch = [];
        bytes = 0;
      }
    } catch (error) {
      if (!(error instanceof StreamDeleted)) throw error;
      throw new ProblemError('order_not_found', {
        detail: "The order's history was deleted from the event store.",
        cause: error,
      });
    }
    yield batch;
  }
}

async function isOfAnother(first: AsyncIterable<DecodedBatch>, customerId: string): Promise<boolean> {
  let isOthers = false;
  for await (const { events } of first) {
    for (const event of events)
      isOthers = event.type === 'OrderPlaced' && event.data.customerId !== customerId;
  }
  return isOthers;
}

/** An answer is stale at the end of what was read: the parked events may have happened by that moment. */
function staleAt(
  revision: number,
  { lastRevision }: OrderStory,
  parked: ParkedAt | null,
  forCustomers: boolean,
): Partial<Stale> {
  return parked !== null && revision === lastRevision ? staleness(parked, forCustomers) : {};
}

/** @throws ProblemError order_parked when the revision that is asked for may be one of the parked events */
function notThen(story: OrderStory, moment: Moment, parked: ParkedAt | null): ProblemError {
  if ('revision' in moment) refuseParked(parked, moment.revision);
  const detail =
    'revision' in moment
      ? `The order has no revision ${moment.revision}; its last revision is ${story.lastRevision}.`
      : `The order had not been placed yet at ${moment.at}.`;
  return new ProblemError('order_not_found', { detail });
}
