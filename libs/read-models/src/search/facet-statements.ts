import { facetValuesOf } from './facets.js';
import type { FacetName, FacetValue } from './order-search.js';
import { bandEdgesMinor, totalBandOf } from './total-bands.js';

/** What the matching rows are grouped by, for rows with the alias `o`. */
const columnOf: Readonly<Record<FacetName, string>> = {
  status: 'o.status',
  paymentStatus: 'o.payment_status',
  fulfilmentStatus: 'o.fulfilment_status',
  returnStatus: 'o.return_status',
  country: 'o.country',
  month: `date_trunc('month', o.placed_at AT TIME ZONE 'UTC')`,
  currency: 'o.currency',
  // Grouped by the edges of all currencies. `totalBandOf` knows how many decimals a currency has, and tells the
  // band.
  totalBand: `o.currency || ' ' || (ARRAY[${bandEdgesMinor.join()}])[width_bucket(o.total_minor, ARRAY[${bandEdgesMinor.join()}])]`,
};

/**
 * Facet counts over the rows of `matched`. Rows are first counted by the combination of all facets, of
 * which there are few, so that each facet then adds up hundreds of rows and not all that matched.
 */
export function facetStatements(names: readonly FacetName[]): { combinations: string; counts: string } {
  const columns = names.map((name) => `${columnOf[name]} AS ${alias(name)}`);
  const groupBy = names.length === 0 ? '' : `GROUP BY ${names.map((_, index) => index + 1).join(', ')}`;
  const combinations = `SELECT ${[...columns, 'count(*) AS orders'].join(', ')} FROM matched o ${groupBy}`;
  const sets = [...names.map((name) => `(${alias(name)})`), '()'].join(', ');
  // In each grouping set all facets but one are grouped away: the one left tells which facet is counted.
  const facet = names.map((name, index) => `WHEN GROUPING(${alias(name)}) = 0 THEN ${index}`).join(' ');
  const value = names.map((name) => `WHEN GROUPING(${alias(name)}) = 0 THEN ${shown(name)}`).join(' ');
  const of = names.length === 0 ? 'NULL::int, NULL::text' : `CASE ${facet} END, CASE ${value} END`;
  const counts = `SELECT json_agg(json_build_array(facet, value, orders)) FROM (
      SELECT ${of}, coalesce(sum(orders), 0)::int FROM combinations GROUP BY GROUPING SETS (${sets})
    ) counted (facet, value, orders)`;
  return { combinations, counts };
}

/** Index of the facet (null: the total over all), its value, how many orders. */
export type FacetCount = readonly [facet: number | null, value: string | null, orders: number];

export function facetsOf(
  names: readonly FacetName[],
  counts: readonly FacetCount[],
): { total: number; facets: Partial<Record<FacetName, readonly FacetValue[]>> } {
  const facets: Partial<Record<FacetName, readonly FacetValue[]>> = {};
  for (const [index, name] of names.entries()) {
    const values = counts.filter(([facet]) => facet === index);
    facets[name] = facetValuesOf(
      name,
      values.map(([, value, orders]) => [name === 'totalBand' ? bandOf(value) : value, orders]),
    );
  }
  return { total: counts.find(([facet]) => facet === null)?.[2] ?? 0, facets };
}

function bandOf(currencyAndEdge: string | null): string {
  const [currency, edgeMinor] = currencyAndEdge!.split(' ');
  return totalBandOf(currency!, Number(edgeMinor));
}

function shown(name: FacetName): string {
  return name === 'month' ? `to_char(${alias(name)}, 'YYYY-MM')` : alias(name);
}

function alias(name: FacetName): string {
  return `"facet_${name}"`;
}
