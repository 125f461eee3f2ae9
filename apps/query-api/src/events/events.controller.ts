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
import { feedSchema } from '../orders/answers.js';
import { QueryRoute } from '../orders/query-route.js';
import { Read } from '../reads/read.js';
import { TellsPosition } from '../reads/tells-position.interceptor.js';
import { AskedBy, type Asked } from '../request/asked.js';

const NEXT_OF_BEFORE =
  '`next` of the page or event before; none: the start. A bare position goes on behind it without what became visible late.';

class FeedQuery {
  @OptionalText({ max: FEED_PLACE_MAX, pattern: FEED_PLACE, description: NEXT_OF_BEFORE })
  after!: string | null;

  @TextList({ optional: true, max: orderEventTypes.length, itemMax: 50, oneOf: orderEventTypes })
  types!: string[] | null;

  @Integer({ min: 1, max: 1_000, otherwise: 100, description: 'How many events at most.' })
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
    'The feed: every event of every order, in the order of the event store, from anywhere. What could not be shown in its ' +
      'place, as of an order that was parked, comes when it can be, each order in its own order; an event may come again.',
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
