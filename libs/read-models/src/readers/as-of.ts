import { epochMsOf, instantAt, type Instant } from '#domain/instant.js';
import { LIMITS } from '#domain/order/limits.js';
import { periodEnd } from '../order-history-indexes.js';
import {
  filterConditions,
  fixedConditions,
  keepsFew,
  type Audience,
  type OrderFilter,
} from './order-filter.js';
import type { Parameters } from './sql.js';

/** Which of an event's two times counts: when it happened, or when it was written down. */
export const clocks = ['occurred', 'recorded'] as const;
export type Clock = (typeof clocks)[number];

/** A moment to look back from, on one of the clocks. */
export interface AsOf {
  readonly clock: Clock;
  readonly at: Instant;
}

/**
 * Conditions for the history row that was an order's last at that moment: its period holds the moment. The end of
 * the period is written as in the indexes, so that they can tell without a look into the row.
 */
export function asOfConditions({ clock, at }: AsOf, parameters: Parameters, alias: string): string[] {
  const [start, end] = [`${alias}.${clock}_at`, periodEnd(clock, alias)];
  const moment = `${parameters.add(at)}::timestamptz`;
  const placedUntil = `${parameters.add(latestPlacedAt({ clock, at }))}::timestamptz`;
  return [
    `${start} <= ${moment}`,
    `${end} > ${moment}`,
    `${end} > ${start}`, // follows from the two above, but lets PostgreSQL use the index that has this condition
    `${alias}.placed_at <= ${placedUntil}`,
  ];
}

const LAST_INSTANT_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * The latest time of placing that an order can have at that moment. As a condition, it keeps a page from beginning
 * with all orders that were placed later. An order may be recorded as placed a little ahead of the clock
 * (occurred-at.ts in the domain).
 */
function latestPlacedAt({ clock, at }: AsOf): Instant {
  if (clock === 'occurred') return at;
  return instantAt(Math.min(epochMsOf(at) + LIMITS.clockToleranceMs, LAST_INSTANT_MS));
}

/** Which summaries a page, a sum or an export is made of. */
export interface SummaryQuestion {
  readonly audience: Audience;
  readonly filter: OrderFilter;
  /** null: as they are. */
  readonly asOf: AsOf | null;
}

/**
 * Where the rows of a question come from. With all conditions in `WHERE`, there is one row for each order that is
 * asked for.
 */
export interface SummarySource {
  readonly from: string;
  readonly conditions: string[];
  /** Alias of the table to sort by for columns that never change for an order: it has indexes for them. */
  readonly fixedAlias: string;
}

/**
 * Summaries live, or as of a moment. As of a moment, a filter that keeps few orders (`keepsFew`) and a page sorted
 * by number start from the orders of today: these have indexes on the columns that never change, and are fewer
 * than events. Otherwise the history's own indexes are as good.
 *
 * @param sortedByNumber no index of the history is in this order
 */
export function summarySource(
  schema: string,
  { audience, filter, asOf }: SummaryQuestion,
  parameters: Parameters,
  alias: string,
  sortedByNumber = false,
): SummarySource {
  const matching = filterConditions(audience, filter, parameters, alias);
  if (asOf === null) return { from: `${schema}.orders ${alias}`, conditions: matching, fixedAlias: alias };
  if (!sortedByNumber && !keepsFew(audience, filter)) {
    const conditions = [...matching, ...asOfConditions(asOf, parameters, alias)];
    return { from: `${schema}.order_history ${alias}`, conditions, fixedAlias: alias };
  }
  const then = asOfConditions(asOf, parameters, 'h').join(' AND ');
  const from = `${schema}.orders same CROSS JOIN LATERAL (
      SELECT h.* FROM ${schema}.order_history h
      WHERE h.tenant_id = same.tenant_id AND h.order_id = same.order_id AND ${then} LIMIT 1
    ) ${alias}`;
  const fixed = fixedConditions(audience, filter, parameters, 'same');
  fixed.push(`same.placed_at <= ${parameters.add(latestPlacedAt(asOf))}::timestamptz`);
  return { from, conditions: [...fixed, ...matching], fixedAlias: 'same' };
}
