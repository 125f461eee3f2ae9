import type { FacetName, FacetValue } from './order-search.js';
import { compareTotalBands } from './total-bands.js';

/** Counts as a facet shows them: the counts of the same value added up, in the facet's order. */
export function facetValuesOf(
  name: FacetName,
  counts: Iterable<readonly [value: string | null, orders: number]>,
): FacetValue[] {
  const byValue = new Map<string | null, number>();
  for (const [value, orders] of counts) byValue.set(value, (byValue.get(value) ?? 0) + orders);
  return Array.from(byValue, ([value, orders]) => ({ value, orders })).sort(orderOf(name));
}

function orderOf(name: FacetName): (a: FacetValue, b: FacetValue) => number {
  const byValue = (a: FacetValue, b: FacetValue) => ((a.value ?? '') < (b.value ?? '') ? -1 : 1);
  if (name === 'month') return byValue;
  if (name === 'totalBand') return (a, b) => compareTotalBands(a.value ?? '', b.value ?? '');
  return (a, b) => b.orders - a.orders || byValue(a, b);
}
