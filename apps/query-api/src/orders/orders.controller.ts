import { Body, Controller, Get, HttpCode, Post, Query, UseInterceptors } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { typedOrderNumber } from '#domain/order/order-number.js';
import { NoQuery } from '#platform/http/no-query.dto.js';
import { ProblemError } from '#platform/problems/problems.js';
import type { DiffListQuestion, SummaryDifference } from '#read-models/readers/order-diff-list.reader.js';
import type { Page } from '#read-models/readers/order-list.reader.js';
import type { TotalsAnswer } from '#read-models/readers/order-totals.reader.js';
import type { SummaryItem } from '#read-models/readers/summary-item.js';
import type { OrderSearchPage } from '#read-models/search/order-search.js';
import { facetNames } from '#read-models/search/order-search.js';
import { asOfOf } from '../request/as-of.dto.js';
import { AskedBy, type Asked } from '../request/asked.js';
import { orderFilterOf, OrderFilterFields } from '../request/order-filter.dto.js';
import { isTimeZone } from '../request/time-zone.js';
import { unknownTimeZone } from '../reads/problem-of-read.js';
import { Read } from '../reads/read.js';
import { Sources } from '../reads/sources.js';
import { tellPosition } from '../reads/tell-position.js';
import { TellsPosition } from '../reads/tells-position.interceptor.js';
import { diffListSchema, pageOfSummaries, searchSchema, totalsSchema } from './list.schemas.js';
import { DiffListQuery, ListQuery, TotalsQuery } from './list.dto.js';
import { QueryRoute } from './query-route.js';
import { SearchBody } from './search.dto.js';

/** A search page as it is sent: the position is text, since a JSON number would round it. */
type SearchAnswer = Omit<OrderSearchPage, 'indexedThrough' | 'shownThrough' | 'writtenThrough'> &
  MaybeStale & { readonly indexedThrough: string | null };

type ListAnswer = Page<SummaryItem> & MaybeStale;

interface MaybeStale {
  /** Ids of the page's orders of which a later change cannot be shown yet; absent: there are none. */
  readonly stale?: readonly string[];
}

@Controller('v1/orders')
export class OrdersController {
  readonly #bus: QueryBus;
  readonly #sources: Sources;

  constructor(bus: QueryBus, sources: Sources) {
    this.#bus = bus;
    this.#sources = sources;
  }

  @Get()
  @QueryRoute('A page of orders, as they are now or as they were at a moment.', pageOfSummaries, {
    customers: true,
    problems: ['invalid_cursor', 'read_too_slow'],
  })
  async listOrders(@AskedBy() asked: Asked, @Query() query: ListQuery): Promise<ListAnswer> {
    const { audience, consistentWith } = asked;
    const { sort, cursor, limit, trackingNumber, providerReference } = query;
    const question = {
      audience,
      filter: orderFilterOf(query),
      lookup: { trackingNumber, providerReference },
      sort,
      asOf: asOfOf(query),
      cursor,
      limit,
    };
    const { page, position, stale } = await this.#bus.execute(new Read('list', question, consistentWith));
    tellPosition(asked, this.#sources.freshness, position);
    return { ...page, ...whereAny(stale) };
  }

  @Post('search')
  @HttpCode(200)
  @QueryRoute('Finds orders by words and filters, and counts what was found by facets.', searchSchema, {
    customers: true,
    problems: [
      'search_unavailable',
      'read_too_slow',
      'invalid_cursor',
      'malformed_json',
      'payload_too_large',
      'unsupported_media_type',
    ],
  })
  async searchOrders(
    @AskedBy() asked: Asked,
    @Query() _query: NoQuery,
    @Body() body: SearchBody,
  ): Promise<SearchAnswer> {
    const { audience, consistentWith } = asked;
    const { text, sku, skuPrefix, referencePrefix, email, cursor, limit } = body;
    const numberPrefix = body.numberPrefix && typedOrderNumber(body.numberPrefix);
    const words = { text, sku, skuPrefix, numberPrefix, referencePrefix, email };
    const asOf = asOfOf(body);
    const filter = orderFilterOf(body.filters ?? new OrderFilterFields(), '/filters');
    const sort = body.sort ?? (text === null ? '-placedAt' : 'relevance');
    const facets = [...new Set(body.facets ?? facetNames)];
    const common = { audience, filter, facets, sort, cursor, limit };
    if (asOf !== null) refuseWords(words);
    const read =
      asOf === null
        ? new Read('search', { ...common, ...words }, consistentWith)
        : new Read('searchAsOf', { ...common, asOf }, consistentWith);
    const found: OrderSearchPage & { stale: readonly string[] } = await this.#bus.execute(read);
    const { stale, shownThrough, writtenThrough: _writtenThrough, ...page } = found;
    // An index may be behind the rows, and may show some events before earlier ones: the token covers all that is
    // shown.
    tellPosition(asked, this.#sources.freshness, shownThrough);
    return { ...page, indexedThrough: page.indexedThrough?.toString() ?? null, ...whereAny(stale) };
  }

  @Get('totals')
  @UseInterceptors(TellsPosition)
  @QueryRoute(
    'Sums per currency, over all orders that match or by day, month, status or country.',
    totalsSchema,
    { problems: ['read_too_slow'] },
  )
  async totalOrders(
    @AskedBy() { audience, consistentWith }: Asked,
    @Query() query: TotalsQuery,
  ): Promise<Pick<TotalsAnswer, 'items'> & { readonly stale?: true }> {
    const { by, timeZone } = query;
    if (timeZone !== null && !isTimeZone(timeZone)) throw unknownTimeZone();
    const asOf = asOfOf(query);
    const question = { audience, filter: orderFilterOf(query), by, timeZone: timeZone ?? 'UTC', asOf };
    const { items, stale } = await this.#bus.execute(new Read('totals', question, consistentWith));
    return stale ? { items, stale } : { items };
  }

  @Get('diff')
  @UseInterceptors(TellsPosition)
  @QueryRoute(
    'The orders that differ between two moments: fromAsOf and toAsOf, or fromRecordedAsOf and toRecordedAsOf.',
    diffListSchema,
    {
      customers: true,
      problems: ['invalid_cursor', 'read_too_slow'],
    },
  )
  async diffOrders(
    @AskedBy() { audience, consistentWith }: Asked,
    @Query() query: DiffListQuery,
  ): Promise<Page<SummaryDifference> & MaybeStale> {
    const { cursor, limit } = query;
    const question = { audience, filter: orderFilterOf(query), ...periodOf(query), cursor, limit };
    const { stale, ...page } = await this.#bus.execute(new Read('diffList', question, consistentWith));
    return { ...page, ...whereAny(stale) };
  }
}

function whereAny(stale: readonly string[]): MaybeStale {
  return stale.length === 0 ? {} : { stale };
}

function refuseWords(words: Readonly<Record<string, string | null>>): void {
  const errors = Object.entries(words)
    .filter(([, value]) => value !== null)
    .map(([name]) => ({
      pointer: `/${name}`,
      code: 'conflict',
      message: 'cannot be combined with asOf or recordedAsOf',
    }));
  if (errors.length > 0) throw new ProblemError('validation_failed', { errors });
}

function periodOf(query: DiffListQuery): Pick<DiffListQuestion, 'clock' | 'from' | 'to'> {
  const { fromAsOf, toAsOf, fromRecordedAsOf, toRecordedAsOf } = query;
  const byOccurred = fromAsOf !== null && toAsOf !== null;
  const byRecorded = fromRecordedAsOf !== null && toRecordedAsOf !== null;
  const given = [fromAsOf, toAsOf, fromRecordedAsOf, toRecordedAsOf].filter((moment) => moment !== null);
  if (byOccurred === byRecorded || given.length !== 2) {
    const message = 'give either fromAsOf with toAsOf, or fromRecordedAsOf with toRecordedAsOf';
    throw new ProblemError('validation_failed', { errors: [{ pointer: '', code: 'required', message }] });
  }
  const [clock, from, to] = byOccurred
    ? (['occurred', fromAsOf, toAsOf] as const)
    : (['recorded', fromRecordedAsOf!, toRecordedAsOf!] as const);
  if (from <= to) return { clock, from, to };
  const pointer = byOccurred ? '/fromAsOf' : '/fromRecordedAsOf';
  throw new ProblemError('validation_failed', {
    errors: [{ pointer, code: 'after_to', message: 'must not be after the second moment' }],
  });
}
