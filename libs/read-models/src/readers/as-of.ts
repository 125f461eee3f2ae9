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
 * The history row that was an order's last at that moment: its period holds the moment. Its end is asked
 * for in the words of the indexes, so that they can tell without reading the row.
 */
export function asOfConditions({ clock, at }: AsOf, parameters: Parameters, alias: string): string[] {
  const [start, end] = [`${alias}.${clock}_at`, periodEnd(clock, alias)];
  const moment = `${parameters.add(at)}::timestamptz`;
  const placedUntil = `${parameters.add(latestPlacedAt({ clock, at }))}::timestamptz`;
  return [
    `${start} <= ${moment}`,
    `${end} > ${moment}`,
    `${end} > ${start}`, // follows from these two; an index says so, too
    `${alias}.placed_at <= ${placedUntil}`,
  ];
}

const LAST_INSTANT_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * No order was there that was placed later; said so that a page does not begin with all that came after. An order
 * may be recorded as placed a little ahead of the clock (occurred-at.ts in the domain).
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

/** Where the rows of a question come from: `WHERE` all conditions, they are one for each order that is asked for. */
export interface SummarySource {
  readonly from: string;
  readonly conditions: string[];
  /** Of a table that has the columns that an order keeps for ever: to be sorted by, it has their indexes. */
  readonly fixedAlias: string;
}

/**
 * Summaries live, or as they were. What an order keeps for ever is looked for, and sorted by, among the orders of today,
 * which are fewer than events; else the history's own indexes are as good.
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
