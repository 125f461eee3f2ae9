import { Controller, Get, Query, UseInterceptors } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { orderEventTypes } from '#domain/order/order.js';
import { Integer, OptionalText } from '#platform/http/fields.js';
import { TextList } from '#platform/http/list-fields.js';
import type { FeedPage } from '#read-models/readers/event-feed.reader.js';
import {
  decodeFeedPlace,
  FEED_PLACE,
  FEED_PLACE_MAX,
  FROM_THE_START,
} from '#read-models/readers/feed-place.js';
import { feedSchema } from '../orders/events.schemas.js';
import { QueryRoute } from '../orders/query-route.js';
import { Read } from '../reads/read.js';
import { TellsPosition } from '../reads/tells-position.interceptor.js';
import { AskedBy, type Asked } from '../request/asked.js';

const NEXT_OF_BEFORE =
  '`next` of the last page or event that you read. If absent, the feed starts from the beginning. A plain position works too, but leaves out events up to it that have become visible late. After the orders were moved to another event store, an older `next` gets 400 `position_of_another_store`: begin again without it, and drop the events that you have, by their `eventId`.';

class FeedQuery {
  @OptionalText({
    max: FEED_PLACE_MAX,
    pattern: { regex: FEED_PLACE, means: '`next` of a page or an event of the feed, or a position' },
    description: NEXT_OF_BEFORE,
  })
  after!: string | null;

  @TextList({
    optional: true,
    max: orderEventTypes.length,
    itemMax: 50,
    oneOf: orderEventTypes,
    description: 'Only events of these types. If absent, events of all types.',
  })
  types!: string[] | null;

  @Integer({
    min: 1,
    max: 1_000,
    otherwise: 100,
    description: 'The maximum number of events. A page of large events has fewer: see `hasMore`.',
  })
  limit!: number;
}

@Controller('v1/events')
@UseInterceptors(TellsPosition)
export class EventsController {
  readonly #bus: QueryBus;

  constructor(bus: QueryBus) {
    this.#bus = bus;
  }

  @Get()
  @QueryRoute(
    'The feed: all events of all orders, in the order of the event store, from any place on. Events that could not be ' +
      'shown in their place, such as those of a parked order, come later. The events of one order always come in their ' +
      'own order. An event may come again.',
    feedSchema,
  )
  listEvents(
    @AskedBy() { audience, consistentWith }: Asked,
    @Query() { after, types, limit }: FeedQuery,
  ): Promise<FeedPage> {
    const place = after === null ? FROM_THE_START : decodeFeedPlace(after);
    const question = { tenantId: audience.tenantId, after: place, types, limit };
    return this.#bus.execute(new Read('feed', question, consistentWith));
  }
}
