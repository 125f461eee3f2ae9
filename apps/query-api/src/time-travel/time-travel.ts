import type { EventCodec } from '#event-store/codec.js';
import type { EventStore, RawEvent, StoredOrderEvent } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';
import { ProblemError } from '#platform/problems/problems.js';
import type { Audience } from '#read-models/readers/order-filter.js';
import { diffOrder, type OrderDiff } from './order-diff.js';
import { OrderStory, type Moment } from './order-story.js';
import { forCustomer, viewOf, type OrderView } from './order-view.js';

/** Events decoded at a time: keys are fetched in batches, and memory stays flat. */
const BATCH_EVENTS = 500;

/** Orders as they were, folded from their streams: it needs the event store and nothing else. */
export class TimeTravel {
  readonly #eventStore: EventStore;
  readonly #codec: Pick<EventCodec, 'decode'>;

  constructor(eventStore: EventStore, codec: Pick<EventCodec, 'decode'>) {
    this.#eventStore = eventStore;
    this.#codec = codec;
  }

  /** @throws ProblemError order_not_found when this audience has no such order, or not at that moment */
  async orderAt(audience: Audience, orderId: string, moment: Moment): Promise<OrderView> {
    const story = await this.#story(audience, orderId);
    const revision = story.revisionAt(moment);
    if (revision === null) throw notThen(story, moment);
    const view = viewOf(story.at(revision), story.redactedNotes);
    return audience.customerId === null ? view : forCustomer(view);
  }

  /**
   * @param to null: as it is now
   * @throws ProblemError order_not_found, or validation_failed when `from` is after `to`
   */
  async diff(audience: Audience, orderId: string, from: Moment, to: Moment | null): Promise<OrderDiff> {
    const story = await this.#story(audience, orderId);
    const [start, end] = [story.revisionAt(from), to === null ? story.lastRevision : story.revisionAt(to)];
    if (start === null && 'revision' in from) throw notThen(story, from);
    if (end === null) throw notThen(story, to!);
    if (start !== null && start > end) {
      const message = `is after to: revision ${start} follows ${end}`;
      throw new ProblemError('validation_failed', {
        errors: [{ pointer: '/from', code: 'after_to', message }],
      });
    }
    return diffOrder(story, start, end, { hidesNotes: audience.customerId !== null });
  }

  // The whole stream, also for an early moment: what was redacted later may not be shown.
  async #story({ tenantId, customerId }: Audience, orderId: string): Promise<OrderStory> {
    const events: StoredOrderEvent[] = [];
    let batch: RawEvent[] = [];
    for await (const event of this.#eventStore.readStream(orderStream(tenantId, orderId))) {
      batch.push(event);
      if (batch.length < BATCH_EVENTS) continue;
      events.push(...(await this.#codec.decode(batch)));
      batch = [];
    }
    events.push(...(await this.#codec.decode(batch)));
    if (events.length === 0) throw new ProblemError('order_not_found');
    const story = new OrderStory(events);
    // Somebody else's order is answered as one that does not exist.
    if (customerId !== null && story.ownerCustomerId !== customerId)
      throw new ProblemError('order_not_found');
    return story;
  }
}

function notThen(story: OrderStory, moment: Moment): ProblemError {
  const detail =
    'revision' in moment
      ? `The order has no revision ${moment.revision}; its last is ${story.lastRevision}.`
      : `The order was not placed yet at ${moment.at}.`;
  return new ProblemError('order_not_found', { detail });
}
