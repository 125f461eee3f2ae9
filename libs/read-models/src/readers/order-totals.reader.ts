import { summarySource, type SummaryQuestion } from './as-of.js';
import { audienceConditions, type Audience } from './order-filter.js';
import { anyParked } from './parked.reader.js';
import type { ReadModels } from './read-models.js';
import { allOf, Parameters } from './sql.js';

export const totalsGroups = ['day', 'month', 'status', 'country'] as const;
export type TotalsGroup = (typeof totalsGroups)[number];

/** Sums over some orders of one currency, in its minor units. */
export interface OrderSums {
  readonly currency: string;
  readonly orders: number;
  readonly guestOrders: number;
  readonly lines: number;
  readonly units: number;
  readonly orderedTotalMinor: number;
  readonly totalMinor: number;
  readonly capturedMinor: number;
  readonly refundedMinor: number;
  readonly balanceDueMinor: number;
  readonly returnsClosed: number;
  readonly ordersWithReturns: number;
  readonly unitsReturned: number;
}

/** `key`: a day (2011-10-31), a month (2011-10), a status, a country; null without grouping or country. */
export type GroupedSums = OrderSums & { readonly key: string | null };

export interface TotalsQuestion extends SummaryQuestion {
  readonly by: TotalsGroup | null;
  /** IANA name; where days and months begin. */
  readonly timeZone: string;
}

const MAX_GROUPS = 10_000;

/**
 * There are more groups than an answer may hold. A part of the sums would look like all of them, so none is given.
 */
export class TooManyGroups extends Error {
  constructor(readonly most: number) {
    super(`there are more than ${most} sums`);
  }
}

export interface TotalsAnswer {
  readonly items: readonly GroupedSums[];
  /** Whether an order that is counted is parked. */
  readonly stale: boolean;
}

/**
 * Sums per currency and group, as orders are or as they were.
 *
 * @throws TooManyGroups
 */
export async function sumOrders(
  models: ReadModels,
  question: TotalsQuestion,
  mostGroups = MAX_GROUPS,
): Promise<TotalsAnswer> {
  return models.read(async (generation, pool) => {
    const parameters = new Parameters();
    const source = summarySource(generation.schema, question, parameters, 'o');
    const { from, conditions } = source;
    const key = keyExpression(question, parameters);
    const stale = anyParked(generation, parameters.add(question.audience.tenantId), source);
    const text = `SELECT ${shownKey(question.by, key)} AS key, ${SUMS}, ${stale} AS stale
      FROM ${from} WHERE ${allOf(conditions)}
      GROUP BY ${key}, o.currency ORDER BY ${key} NULLS LAST, o.currency LIMIT ${mostGroups + 1}`;
    const { rows } = await pool.query<Record<string, unknown>>(text, parameters.values);
    if (rows.length > mostGroups) throw new TooManyGroups(mostGroups);
    return {
      items: rows.map((row) => ({ key: row['key'] as string | null, ...sumsOf(row) })),
      stale: rows[0]?.['stale'] === true,
    };
  });
}

/** One customer's orders: when, how many, in which state, and what they come to in each currency. */
export interface CustomerSummary {
  readonly customerId: string;
  readonly firstOrderAt: string | null;
  readonly lastOrderAt: string | null;
  readonly orders: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly totals: readonly OrderSums[];
  /** One of the orders is parked. */
  readonly stale?: true;
}

/** null when the customer has no order here. */
export async function customerSummary(
  models: ReadModels,
  audience: Audience,
  customerId: string,
): Promise<CustomerSummary | null> {
  return models.read(async (generation, pool) => {
    const parameters = new Parameters();
    const conditions = [
      ...audienceConditions(audience, parameters, 'o'),
      `o.customer_id = ${parameters.add(customerId)}`,
    ];
    const from = `${generation.schema}.orders o`;
    const source = { from, conditions, fixedAlias: 'o' };
    const stale = anyParked(generation, parameters.add(audience.tenantId), source);
    const text = `SELECT o.currency, o.status, GROUPING(o.status) = 0 AS is_status,
        min(o.placed_at) AS first_order_at, max(o.placed_at) AS last_order_at, ${SUMS_OF_ANY_GROUP},
        ${stale} AS stale
      FROM ${from} WHERE ${allOf(conditions)}
      GROUP BY GROUPING SETS ((o.currency), (o.status)) ORDER BY o.currency, o.status`;
    const { rows } = await pool.query<Record<string, unknown>>(text, parameters.values);
    return rows.length === 0 ? null : summaryOfGroups(customerId, rows);
  });
}

const SUMS_OF_ANY_GROUP = `count(*) AS orders,
  count(*) FILTER (WHERE o.customer_id IS NULL) AS guest_orders,
  sum(o.line_count) AS lines, sum(o.unit_count) AS units,
  sum(o.ordered_total_minor) AS ordered_total, sum(o.total_minor) AS total,
  sum(o.captured_minor) AS captured, sum(o.refunded_minor) AS refunded,
  sum(o.balance_due_minor) AS balance_due, sum(o.returns_closed) AS returns_closed,
  count(*) FILTER (WHERE o.returns_closed > 0) AS orders_with_returns,
  sum(o.units_returned) AS units_returned`;
const SUMS = `o.currency, ${SUMS_OF_ANY_GROUP}`;

// Formatted once for each group: to make a date's text takes longer than to add up its order.
function shownKey(by: TotalsGroup | null, key: string): string {
  if (by === 'day') return `to_char(${key}, 'YYYY-MM-DD')`;
  return by === 'month' ? `to_char(${key}, 'YYYY-MM')` : key;
}

function keyExpression({ by, timeZone }: TotalsQuestion, parameters: Parameters): string {
  if (by === null) return 'NULL::text';
  if (by === 'status' || by === 'country') return `o.${by}`;
  const zone = NOT_ABBREVIATED[timeZone.toUpperCase()] ?? timeZone;
  return `date_trunc('${by}', o.placed_at AT TIME ZONE ${parameters.add(zone)})`;
}

/** PostgreSQL takes these names for offsets without summer time. For IANA they are links to these zones (2024b). */
const NOT_ABBREVIATED: Readonly<Record<string, string>> = {
  CET: 'Europe/Brussels',
  EET: 'Europe/Athens',
  MET: 'Europe/Brussels',
  WET: 'Europe/Lisbon',
};

// Sums of legal amounts stay below 2^53 for any shop we can imagine; beyond it they lose a unit.
function sumsOf(row: Record<string, unknown>): OrderSums {
  const number = (column: string) => Number(row[column]);
  return {
    currency: row['currency'] as string,
    orders: number('orders'),
    guestOrders: number('guest_orders'),
    lines: number('lines'),
    units: number('units'),
    orderedTotalMinor: number('ordered_total'),
    totalMinor: number('total'),
    capturedMinor: number('captured'),
    refundedMinor: number('refunded'),
    balanceDueMinor: number('balance_due'),
    returnsClosed: number('returns_closed'),
    ordersWithReturns: number('orders_with_returns'),
    unitsReturned: number('units_returned'),
  };
}

function summaryOfGroups(
  customerId: string,
  rows: readonly Readonly<Record<string, unknown>>[],
): CustomerSummary {
  const byStatus = rows.filter((row) => row['is_status'] === true);
  const byCurrency = rows.filter((row) => row['is_status'] === false);
  const times = (column: string) => byCurrency.map((row) => (row[column] as Date).toISOString()).sort();
  return {
    customerId,
    firstOrderAt: times('first_order_at')[0] ?? null,
    lastOrderAt: times('last_order_at').at(-1) ?? null,
    orders: byCurrency.reduce((sum, row) => sum + Number(row['orders']), 0),
    byStatus: Object.fromEntries(byStatus.map((row) => [row['status'] as string, Number(row['orders'])])),
    totals: byCurrency.map(sumsOf),
    ...(rows[0]?.['stale'] === true ? { stale: true } : {}),
  };
}
