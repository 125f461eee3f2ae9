import type { FacetName, FacetValue } from './order-search.js';

interface Facet {
  /** What the matching rows are grouped by; of a row aliased `o`. */
  readonly column: string;
  /** The group as it is shown. */
  readonly shown: (column: string) => string;
  readonly order: string;
}

const byCount = 'orders DESC, value';
const plain = (column: string): Facet => ({ column, shown: (name) => name, order: byCount });

const facets: Readonly<Record<FacetName, Facet>> = {
  status: plain('o.status'),
  paymentStatus: plain('o.payment_status'),
  fulfilmentStatus: plain('o.fulfilment_status'),
  returnStatus: plain('o.return_status'),
  country: plain('o.country'),
  month: {
    column: `date_trunc('month', o.placed_at AT TIME ZONE 'UTC')`,
    shown: (name) => `to_char(${name}, 'YYYY-MM')`,
    order: 'value',
  },
  currency: plain('o.currency'),
};

/**
 * Facet counts over the rows of `matched`. Rows are first counted by the combination of all facets, of
 * which there are few, so that each facet then adds up hundreds of rows and not all that matched.
 */
export function facetStatements(names: readonly FacetName[]): { combinations: string; counts: string } {
  const columns = names.map((name) => `${facets[name].column} AS ${alias(name)}`);
  const groupBy = names.length === 0 ? '' : `GROUP BY ${names.map((_, index) => index + 1).join(', ')}`;
  const combinations = `SELECT ${[...columns, 'count(*) AS orders'].join(', ')} FROM matched o ${groupBy}`;
  const parts = names.map((name) => {
    const { shown, order } = facets[name];
    return `'${name}', (SELECT json_agg(json_build_object('value', value, 'orders', orders) ORDER BY ${order})
      FROM (SELECT ${shown(alias(name))} AS value, sum(orders)::int AS orders
        FROM combinations GROUP BY ${alias(name)}) counted)`;
  });
  const total = `'total', (SELECT coalesce(sum(orders), 0)::int FROM combinations)`;
  return { combinations, counts: `json_build_object(${[total, ...parts].join(', ')})` };
}

export type FacetCounts = { readonly total: number } & {
  readonly [Name in FacetName]?: readonly FacetValue[] | null;
};

/** The answer of `facetStatements`, with an empty list for a facet of no order. */
export function facetsOf(
  names: readonly FacetName[],
  counts: FacetCounts,
): Partial<Record<FacetName, readonly FacetValue[]>> {
  return Object.fromEntries(names.map((name) => [name, counts[name] ?? []]));
}

function alias(name: FacetName): string {
  return `"facet_${name}"`;
}
