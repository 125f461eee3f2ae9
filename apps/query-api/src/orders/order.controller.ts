import { Controller, Get, Param, Query, UseInterceptors } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import type { FastifyReply } from 'fastify';
import { ApiHeader, ApiResponse } from '#platform/http/documented.js';
import { etagOf } from '#platform/http/etag.js';
import { dateTimeOf, dateTimeRefusal } from '#platform/http/fields.js';
import { ProblemError } from '#platform/problems/problems.js';
import type { Clock } from '#read-models/readers/as-of.js';
import type { HistoryEntry } from '#read-models/readers/order-history.reader.js';
import type { Page } from '#read-models/readers/order-list.reader.js';
import type { OrderRowText } from '#read-models/readers/order.reader.js';
import { skippedEvents } from '#read-models/stores/skips.store.js';
import { AskedBy, type Asked } from '../request/asked.js';
import { isKnown } from '../request/if-none-match.js';
import { asOfOf } from '../request/as-of.dto.js';
import { Read } from '../reads/read.js';
import { Sources } from '../reads/sources.js';
import { tellPosition } from '../reads/tell-position.js';
import { TellsPosition } from '../reads/tells-position.interceptor.js';
import type { OrderDiff } from '../time-travel/order-diff.js';
import type { Moment } from '../time-travel/order-story.js';
import {
  viewForCustomer,
  spliceView,
  staleness,
  type OrderView,
  type Stale,
} from '../time-travel/order-view.js';
import type { TimeTravel, Told } from '../time-travel/time-travel.js';
import { Travel } from '../time-travel/travel.js';
import { diffSchema, historySchema } from './events.schemas.js';
import { orderSchema } from './order.schema.js';
import { DiffQuery, HistoryQuery, OrderPath, OrderQuery } from './order.dto.js';
import { QueryRoute } from './query-route.js';

/** Customers are not shown the notes of staff. Gaps in the revisions tell that something happened. */
const NOTE_EVENTS = ['NoteAdded', 'NoteRedacted'];
const etagHeader = {
  ETag: {
    description: 'The revision that is shown. Send it as `If-Match` with a change.',
    schema: { type: 'string' as const },
  },
};
const JSON_TYPE = 'application/json; charset=utf-8';

@Controller('v1/orders/:orderId')
export class OrderController {
  readonly #bus: QueryBus;
  readonly #sources: Sources;

  constructor(bus: QueryBus, sources: Sources) {
    this.#bus = bus;
    this.#sources = sources;
  }

  @Get()
  @QueryRoute('One order: as it is now, or as it was at a revision or a moment.', orderSchema, {
    customers: true,
    problems: ['order_not_found', 'too_many_requests', 'event_store_unavailable'],
    headers: etagHeader,
  })
  @ApiHeader({
    name: 'If-None-Match',
    required: false,
    description: 'The ETag of the order that the client has already.',
  })
  @ApiResponse({
    status: 304,
    description:
      'The client has this revision of the order, as it is now, already. An order of the past is always sent.',
    headers: etagHeader,
  })
  async getOrder(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Query() query: OrderQuery,
  ): Promise<string | OrderView | undefined> {
    const moment = momentOf(query);
    if (moment !== null) return this.#past(asked, orderId, moment);
    const { audience, consistentWith, reply } = asked;
    const { minRevision } = query;
    const row = await this.#bus.execute(
      new Read('order', { audience, orderId, minRevision }, consistentWith),
    );
    if (row === null) throw new ProblemError('order_not_found');
    this.#tag(reply, row.revision);
    tellPosition(asked, this.#sources.freshness, row.position);
    // The revision alone does not tell that the order is stale, or was made anew without a skipped event.
    const isSame = row.parked === null && isKnown(asked.ifNoneMatch, row.revision);
    if (isSame && !(await this.#hasSkipped(audience.tenantId, orderId))) {
      reply.code(304);
      return undefined; // an empty text would have a type and a length, which a cache takes for those of the order
    }
    reply.header('content-type', JSON_TYPE);
    return textOf(row, audience.customerId !== null);
  }

  @Get('history')
  @UseInterceptors(TellsPosition)
  @QueryRoute('The history of the order: its events, who caused them and what they changed.', historySchema, {
    customers: true,
    problems: ['order_not_found', 'invalid_cursor'],
  })
  async getOrderHistory(
    @AskedBy() { audience, consistentWith }: Asked,
    @Param() { orderId }: OrderPath,
    @Query() { cursor, limit }: HistoryQuery,
  ): Promise<Page<HistoryEntry> & Partial<Stale>> {
    const hiddenTypes = audience.customerId === null ? [] : NOTE_EVENTS;
    const question = { audience, orderId, cursor, limit, hiddenTypes };
    const history = await this.#bus.execute(new Read('history', question, consistentWith));
    if (history === null) throw new ProblemError('order_not_found');
    const { page, parked } = history;
    return parked === null ? page : { ...page, ...staleness(parked, audience.customerId !== null) };
  }

  @Get('diff')
  @QueryRoute(
    'What changed in the order between two revisions or moments, and who caused each change.',
    diffSchema,
    {
      customers: true,
      problems: ['order_not_found', 'too_many_requests', 'event_store_unavailable'],
    },
  )
  async diffOrder(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Query() { from, to, clock }: DiffQuery,
  ): Promise<OrderDiff & Partial<Stale>> {
    const [start, end] = [momentIn('from', from, clock), to === null ? null : momentIn('to', to, clock)];
    return this.#travel(asked, (timeTravel) => timeTravel.diff({ ...asked, orderId }, start, end));
  }

  async #hasSkipped(tenantId: string, orderId: string): Promise<boolean> {
    const skipped = await skippedEvents(this.#sources.models.pool, { orders: [{ tenantId, orderId }] });
    return skipped.orders > 0;
  }

  async #past(asked: Asked, orderId: string, moment: Moment): Promise<OrderView> {
    const view = await this.#travel(asked, (timeTravel) => timeTravel.orderAt({ ...asked, orderId }, moment));
    this.#tag(asked.reply, view.revision);
    return view;
  }

  /** Staff and customers get different answers with the same tag, and both contain personal data. */
  #tag(reply: FastifyReply, revision: number): void {
    reply.header('etag', etagOf(revision));
    reply.header('vary', 'authorization').header('cache-control', 'private, no-cache');
  }

  /**
   * The event store may be ahead of the rows: a client that sends this position with its next read waits until the
   * rows show no less.
   */
  async #travel<Answer>(
    asked: Asked,
    ask: (timeTravel: TimeTravel) => Promise<Told<Answer>>,
  ): Promise<Answer> {
    const { answer, position } = await this.#bus.execute(new Travel(ask));
    tellPosition(asked, this.#sources.freshness, position);
    return answer;
  }
}

function textOf({ document, personal, parked }: OrderRowText, forCustomers: boolean): string {
  const text = spliceView(document, personal, parked && staleness(parked, forCustomers));
  return forCustomers ? JSON.stringify(viewForCustomer(JSON.parse(text) as OrderView)) : text;
}

function momentOf(query: OrderQuery): Moment | null {
  const { revision, minRevision } = query;
  const asOf = asOfOf(query);
  const given = [revision, minRevision, asOf].filter((value) => value !== null);
  if (given.length > 1) {
    const message = 'only one of revision, asOf, recordedAsOf and minRevision can be given';
    throw new ProblemError('validation_failed', { errors: [{ pointer: '', code: 'conflict', message }] });
  }
  return revision === null ? asOf : { revision };
}

function momentIn(name: string, text: string, clock: Clock): Moment {
  if (/^\d{1,9}$/.test(text)) return { revision: Number(text) };
  const at = dateTimeOf(text);
  if (at !== null) return { clock, at };
  const { code, message } = dateTimeRefusal(text, 'a revision, or a date and time with an offset');
  throw new ProblemError('validation_failed', {
    errors: [{ pointer: `/${name}`, code: code === 'out_of_range' ? code : 'not_a_moment', message }],
  });
}
