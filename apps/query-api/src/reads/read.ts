import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { OrderPosition } from '#platform/order-position.js';
import { readFeed, type FeedQuestion } from '#read-models/readers/event-feed.reader.js';
import { diffOrders, type DiffListQuestion } from '#read-models/readers/order-diff-list.reader.js';
import type { SummaryQuestion } from '#read-models/readers/as-of.js';
import { exportOrders } from '#read-models/readers/order-export.reader.js';
import type { Audience } from '#read-models/readers/order-filter.js';
import { readHistory, type HistoryQuestion } from '#read-models/readers/order-history.reader.js';
import { listOrders, type OrderListQuestion } from '#read-models/readers/order-list.reader.js';
import { customerSummary, sumOrders, type TotalsQuestion } from '#read-models/readers/order-totals.reader.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import type { ReadModels } from '#read-models/readers/read-models.js';
import type { OrderSearchPage, OrderSearchQuestion } from '#read-models/search/order-search.js';
import { searchAsOf, type SearchAsOfQuestion } from '#read-models/search/search-as-of.js';
import {
  readFewStale,
  readParked,
  readStaleAmong,
  type ShownBy,
  type StaleOrder,
} from '#read-models/readers/parked.reader.js';
import { refuseParked } from './order-parked.js';
import { errorOfWideRead } from './problem-of-read.js';
import { Sources } from './sources.js';

interface OneOrder {
  readonly audience: Audience;
  readonly orderId: string;
  /** null: any. */
  readonly minRevision: number | null;
}

/** Every question that the read models answer. */
const reads = {
  list: ({ models }: Sources, question: OrderListQuestion) =>
    withStale(models, question, listOrders(models, question), ({ page }) => page),
  diffList: ({ models }: Sources, question: DiffListQuestion) =>
    withStale(models, question, diffOrders(models, question), (page) => page),
  totals: ({ models }: Sources, question: TotalsQuestion) => sumOrders(models, question),
  history: async ({ models }: Sources, question: HistoryQuestion) => {
    const history = await readHistory(models, question);
    if (history === null) await refuseUnplaced(models, question);
    return history;
  },
  customer: ({ models }: Sources, { audience, customerId }: { audience: Audience; customerId: string }) =>
    customerSummary(models, audience, customerId),
  feed: async ({ models, freshness }: Sources, question: FeedQuestion) => {
    const { after } = question;
    freshness.refusePlaceOf(after.store);
    return readFeed(models, { ...question, after: { ...after, store: freshness.storeMark ?? after.store } });
  },
  search: searchOrders,
  searchAsOf: ({ models }: Sources, question: SearchAsOfQuestion) =>
    withStale(models, question, searchAsOf(models, question), (page) => page),
  export: ({ exports }: Sources, question: SummaryQuestion) =>
    Promise.resolve(exportOrders(exports, question)),
  order: ({ models, orders, freshness }: Sources, { audience, orderId, minRevision }: OneOrder) => {
    const read = async () => {
      const row = await orders.read(audience, orderId);
      if (row === null) await refuseUnplaced(models, { audience, orderId });
      if (row !== null && minRevision !== null && row.revision < minRevision) {
        refuseParked(row.parked, minRevision);
      }
      return row;
    };
    return minRevision === null
      ? read()
      : freshness.until(read, (row) => row !== null && row.revision >= minRevision);
  },
};

type Reads = typeof reads;

/** Questions about as many orders as they match. */
const WIDE: ReadonlySet<keyof Reads> = new Set([
  'list',
  'diffList',
  'totals',
  'customer',
  'search',
  'searchAsOf',
]);

type Answering = (
  sources: Sources,
  question: unknown,
  consistentWith: OrderPosition | null,
) => ReturnType<Reads[keyof Reads]>;

/**
 * For an order without a row: staff get `order_parked` when its first event is parked. A customer gets 404: nobody
 * knows yet whose order it is.
 *
 * @throws ProblemError order_parked
 */
async function refuseUnplaced(
  models: ReadModels,
  { audience, orderId }: Pick<OneOrder, 'audience' | 'orderId'>,
): Promise<void> {
  if (audience.customerId === null) refuseParked(await readParked(models, audience, orderId), Infinity);
}

/** Adds to an answer read from rows the ids of the page's orders that are parked. */
async function withStale<Answer>(
  models: ReadModels,
  question: { readonly audience: Audience },
  reading: Promise<Answer>,
  pageOf: (answer: Answer) => Shown,
): Promise<Answer & Stale> {
  const [answer, found] = await besideStale(models, question, 'rows', reading, pageOf);
  return { ...answer, ...staleOf(pageOf(answer), found) };
}

/** Orders of a page. */
interface Shown {
  readonly items: readonly { readonly orderId: string }[];
}

interface Stale {
  readonly stale: readonly string[];
}

function staleOf({ items }: Shown, found: readonly StaleOrder[]): Stale {
  const ids = new Set(found.map(({ orderId }) => orderId));
  return { stale: items.map(({ orderId }) => orderId).filter((id) => ids.has(id)) };
}

/**
 * A tenant rarely has stale orders, so all of them are read at the same time as the page. Only where they are
 * many, those of the page are read after it.
 */
async function besideStale<Answer>(
  models: ReadModels,
  { audience: { tenantId } }: { readonly audience: Audience },
  shownBy: ShownBy,
  reading: Promise<Answer>,
  pageOf: (answer: Answer) => Shown,
): Promise<[answer: Answer, found: readonly StaleOrder[]]> {
  const [answer, few] = await Promise.all([reading, readFewStale(models, tenantId, shownBy)]);
  if (few !== null) return [answer, few];
  const ids = pageOf(answer).items.map(({ orderId }) => orderId);
  return [answer, await readStaleAmong(models, tenantId, ids, shownBy)];
}

/**
 * An index shows documents only after a refresh, so a read that waits for a change asks for one. An index that
 * lacks rows which were written late is not as far as its marker says. One that was lost and is being filled again
 * would answer with a part of the orders.
 */
async function searchOrders(
  { models, search, freshness }: Sources,
  question: OrderSearchQuestion,
  consistentWith: OrderPosition | null,
): Promise<OrderSearchPage & Stale> {
  if (consistentWith !== null) await search.refresh();
  const searching = search.search(question);
  const [page, found] = await besideStale(models, question, 'search', searching, (one) => one);
  const { indexedThrough, writtenThrough } = page;
  const parked = found.filter(({ lateWrite }) => lateWrite === null);
  const late = found.filter(
    ({ lateWrite }) => lateWrite !== null && writtenThrough !== null && lateWrite > writtenThrough,
  );
  const isBeingFilled = indexedThrough === null && writtenThrough !== null && freshness.hasRows;
  const isBehind =
    consistentWith !== null && ((indexedThrough ?? -1n) < consistentWith.position || late.length > 0);
  if (isBeingFilled || isBehind) {
    const projection = await search.projection();
    throw await freshness.notCaughtUp(projection, consistentWith?.position ?? null, indexedThrough);
  }
  return { ...page, ...staleOf(page, [...parked, ...late]) };
}

/** Any question to the read models. One class is enough: all questions are handled alike. */
export class Read<Name extends keyof Reads = keyof Reads> extends Query<Awaited<ReturnType<Reads[Name]>>> {
  constructor(
    readonly name: Name,
    readonly question: Parameters<Reads[Name]>[1],
    /** The change that the answer must show. */
    readonly consistentWith: OrderPosition | null,
  ) {
    super();
  }
}

@QueryHandler(Read)
export class ReadHandler implements IQueryHandler<Read> {
  readonly #sources: Sources;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  async execute({ name, question, consistentWith }: Read): Promise<Awaited<ReturnType<Reads[keyof Reads]>>> {
    const projection = name === 'search' ? await this.#sources.search.projection() : ORDERS_PROJECTION;
    await this.#sources.freshness.reached(consistentWith, projection);
    if (consistentWith !== null) await this.#refuseParked(audienceOf(question), consistentWith, projection);
    const read = reads[name] as Answering;
    try {
      return await read(this.#sources, question, consistentWith);
    } catch (error) {
      throw WIDE.has(name) ? errorOfWideRead(error) : error;
    }
  }

  /**
   * The projection has passed the change that the answer must show, but may have parked it.
   *
   * @throws ProblemError order_parked
   */
  async #refuseParked(
    audience: Audience,
    { orderId, revision }: OrderPosition,
    projection: string,
  ): Promise<void> {
    if (orderId === null) return;
    const { models } = this.#sources;
    refuseParked(await readParked(models, audience, orderId), revision!);
    if (projection === ORDERS_PROJECTION) return;
    // The index shows an older document, of a revision that is not known: it may lack the change, whatever its
    // revision.
    refuseParked(await readParked(models, audience, orderId, projection), Infinity);
  }
}

function audienceOf(question: Read['question']): Audience {
  return 'audience' in question ? question.audience : { tenantId: question.tenantId, customerId: null };
}
