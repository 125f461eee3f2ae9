import type { Order } from '#domain/order/state.js';
import { differences } from './equal.js';
import { expectedChanges, expectedSummary } from './expected-rows.js';
import type { ColumnValues, Inquiry, InquiryFact, PastMoment, ReadAttempt } from './facts.js';
import { customerOf, isSteady, type Chapter, type Story } from './story.js';
import type { Report } from './violations.js';

/** A question about many orders. */
type Overview = Exclude<Inquiry, { readonly orderId: string }>;

/** The parts of an answer, each under its own name. */
type Parts = ColumnValues;

/** Who asks. */
type Audience = Pick<ReadAttempt, 'tenantId' | 'customerId'>;

/** All orders of each tenant, and of each customer. */
export class Shops {
  readonly #stories: ReadonlyMap<string, Story>;
  readonly #shops = new Map<string, Shop>();

  constructor(stories: ReadonlyMap<string, Story>) {
    this.#stories = stories;
  }

  /** The orders that there are for somebody who asks. */
  of({ tenantId, customerId }: Audience): Shop {
    const name = `${tenantId} ${customerId ?? ''}`;
    const known = this.#shops.get(name);
    if (known) return known;
    const own = [...this.#stories].filter(
      ([, story]) => story.tenantId === tenantId && (customerId === null || customerOf(story) === customerId),
    );
    const shop = shopOf(new Map(own));
    this.#shops.set(name, shop);
    return shop;
  }
}

export interface Shop {
  readonly byKey: ReadonlyMap<string, Story>;
  readonly stories: readonly Story[];
  /** Positions of all events of the shop, ascending. */
  readonly positions: readonly bigint[];
}

function shopOf(byKey: ReadonlyMap<string, Story>): Shop {
  const stories = [...byKey.values()];
  const positions = stories.flatMap(({ chapters }) => chapters.map(({ raw }) => raw.position));
  return { byKey, stories, positions: positions.sort((a, b) => (a < b ? -1 : 1)) };
}

/**
 * Checks that an answer shows the rows of one moment: it equals the result of all events up to one position. That
 * position is not before the token of the question, and not behind the position that the answer names.
 */
export function checkOverview(
  about: string,
  shop: Shop,
  { question, least, most, answer }: InquiryFact & { readonly question: Overview },
  status: number | null,
  report: Report,
): void {
  if (status === 404 && question.kind === 'customer') {
    const missed = expectedParts(question, shop.stories.filter(isSteady), least ?? -1n);
    if (Object.keys(missed).length > 0) report(about, 'says that there are no orders, and there were');
  }
  if (answer === null) return; // refused, or no answer
  const isUnsure = unsureParts(question, shop.stories);
  const sure = (parts: Parts) =>
    Object.fromEntries(Object.entries(parts).filter(([name]) => !isUnsure(name)));
  const told = sure(partsOf(question, answer));
  const since = least ?? -1n;
  const later = shop.positions.filter((position) => position > since && (most === null || position <= most));
  let wrong: readonly string[] = [];
  for (const position of [since, ...later]) {
    wrong = differences(sure(expectedParts(question, shop.stories, position)), told);
    if (wrong.length === 0) return;
  }
  report(
    about,
    `is true at no position from ${since} to ${later.at(-1) ?? since}; at the last, ${wrong.join('; ')}`,
  );
}

/** Parts that cannot be predicted, because they depend on when a stuck order went on. */
function unsureParts(question: Overview, stories: readonly Story[]): (name: string) => boolean {
  const stuck = stories
    .filter((story) => !isSteady(story))
    .flatMap(({ chapters }) => chapters[0]?.order ?? []);
  if (question.kind === 'export' || question.kind === 'changed') {
    const ids = new Set(stuck.map(({ orderId }) => orderId));
    return (name) => ids.has(name);
  }
  const { customerId } = question;
  const counted = stuck.filter((order) => customerId === null || order.customerId === customerId);
  const currencies = counted.map(({ currency }) => currency);
  if (question.kind === 'totals') return (name) => currencies.some((currency) => name.startsWith(currency));
  return (name) =>
    currencies.length > 0 && (CURRENCY.test(name) ? currencies.includes(name) : name !== 'customerId');
}

const CURRENCY = /^[A-Z]{3}$/;

function partsOf(question: Overview, answer: ColumnValues): Parts {
  if (question.kind === 'customer') {
    const {
      totals,
      stale: _stale,
      ...rest
    } = answer as {
      totals: readonly ColumnValues[];
      stale?: true;
    };
    return { ...rest, ...named(totals, ({ currency }) => String(currency)) };
  }
  const items = answer['items'] as readonly ColumnValues[];
  const withoutStale = items.map(({ stale: _stale, ...item }): ColumnValues => item);
  return named(withoutStale, ({ orderId, currency, key }) =>
    question.kind === 'totals' ? groupName(currency, key) : String(orderId),
  );
}

/** A name given twice becomes a part of its own, with the number of items. */
function named(items: readonly ColumnValues[], nameOf: (item: ColumnValues) => string): Parts {
  const count = items.length;
  const parts = Object.fromEntries(items.map((item) => [nameOf(item), item]));
  return Object.keys(parts).length === count ? parts : { ...parts, 'given twice': count };
}

function groupName(currency: unknown, key: unknown): string {
  return `${String(currency)} ${String(key)}`;
}

/** The expected answer after the events up to a position. */
function expectedParts(question: Overview, stories: readonly Story[], position: bigint): Parts {
  switch (question.kind) {
    case 'totals': {
      const { by, customerId, asOf } = question;
      const counted = summariesAt(stories, position, asOf).filter((one) => isOf(one, customerId));
      const keyOf = (summary: ColumnValues) => (by === null ? null : KEYS[by](summary));
      const groups = grouped(counted, (summary) => groupName(summary['currency'], keyOf(summary)));
      const sums = [...groups].map(([name, of]) => [name, { key: keyOf(of[0]!), ...sumsOf(of) }] as const);
      return Object.fromEntries(sums);
    }
    case 'export':
      return named(summariesAt(stories, position, question.asOf), ({ orderId }) => String(orderId));
    case 'changed': {
      const { clock, from, to } = question;
      return named(
        stories.flatMap((story) => {
          const [was, is] = [from, to].map((at) => chapterAt(story, position, { clock, at }));
          return is && is !== was ? [changeOf(was?.order ?? null, is.order!)] : [];
        }),
        ({ orderId }) => String(orderId),
      );
    }
    case 'customer':
      return customerParts(
        question.customerId,
        summariesAt(stories, position, null).filter((one) => isOf(one, question.customerId)),
      );
  }
}

const KEYS: Readonly<
  Record<'day' | 'month' | 'status' | 'country', (summary: ColumnValues) => string | null>
> = {
  day: ({ placedAt }) => String(placedAt).slice(0, '2011-10-31'.length),
  month: ({ placedAt }) => String(placedAt).slice(0, '2011-10'.length),
  status: ({ status }) => String(status),
  country: ({ country }) => country as string | null,
};

function isOf(summary: ColumnValues, customerId: string | null): boolean {
  return customerId === null || summary['customerId'] === customerId;
}

/** The last event of an order, up to a position, that is in its row or in the row of a moment. */
function chapterAt({ chapters }: Story, position: bigint, moment: PastMoment | null): Chapter | undefined {
  return chapters.findLast(({ raw, event, order }) => {
    if (raw.position > position || event === null || order === null) return false;
    if (moment === null) return true;
    return (moment.clock === 'occurred' ? event.occurredAt : event.recording.recordedAt) <= moment.at;
  });
}

const summaries = new WeakMap<Order, ColumnValues>();

/** Cached, because it is needed at many positions. */
function summaryOf(order: Order): ColumnValues {
  const summary = summaries.get(order) ?? expectedSummary(order);
  summaries.set(order, summary);
  return summary;
}

function summariesAt(
  stories: readonly Story[],
  position: bigint,
  moment: PastMoment | null,
): readonly ColumnValues[] {
  return stories.flatMap((story) => {
    const chapter = chapterAt(story, position, moment);
    return chapter ? [summaryOf(chapter.order!)] : [];
  });
}

function changeOf(was: Order | null, is: Order): ColumnValues {
  const from = was && summaryOf(was);
  return { orderId: is.orderId, from, to: summaryOf(is), changes: expectedChanges(was, is) };
}

function customerParts(customerId: string, of: readonly ColumnValues[]): Parts {
  if (of.length === 0) return {};
  const placed = of.map(({ placedAt }) => String(placedAt)).sort();
  const byStatus = grouped(of, ({ status }) => String(status));
  const byCurrency = grouped(of, ({ currency }) => String(currency));
  return {
    ...{ customerId, orders: of.length, firstOrderAt: placed[0], lastOrderAt: placed.at(-1) },
    byStatus: Object.fromEntries([...byStatus].map(([status, those]) => [status, those.length])),
    ...Object.fromEntries([...byCurrency].map(([currency, those]) => [currency, sumsOf(those)])),
  };
}

/** Sums of orders of one currency. */
function sumsOf(of: readonly ColumnValues[]): ColumnValues {
  const sum = (field: string) => of.reduce((total, summary) => total + (summary[field] as number), 0);
  const count = (is: (summary: ColumnValues) => boolean) => of.filter(is).length;
  return {
    currency: of[0]!['currency'],
    orders: of.length,
    guestOrders: count(({ customerId }) => customerId === null),
    lines: sum('lineCount'),
    units: sum('unitCount'),
    orderedTotalMinor: sum('orderedTotalMinor'),
    totalMinor: sum('totalMinor'),
    capturedMinor: sum('capturedMinor'),
    refundedMinor: sum('refundedMinor'),
    balanceDueMinor: sum('balanceDueMinor'),
    returnsClosed: sum('returnsClosed'),
    ordersWithReturns: count(({ returnsClosed }) => returnsClosed !== 0),
    unitsReturned: sum('unitsReturned'),
  };
}

function grouped(
  of: readonly ColumnValues[],
  nameOf: (summary: ColumnValues) => string,
): ReadonlyMap<string, ColumnValues[]> {
  const groups = new Map<string, ColumnValues[]>();
  for (const summary of of) {
    const name = nameOf(summary);
    const known = groups.get(name);
    if (known) known.push(summary);
    else groups.set(name, [summary]);
  }
  return groups;
}
