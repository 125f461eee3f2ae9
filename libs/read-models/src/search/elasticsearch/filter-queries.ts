import type { estypes } from '@elastic/elasticsearch';
import type { OrderSummary } from '../../order-summary.js';
import type { Audience, OrderFilter } from '../../readers/order-filter.js';

type Query = estypes.QueryDslQueryContainer;

/** The same conditions on a document as `filterConditions` on a row. */
export function filterQueries(audience: Audience, filter: OrderFilter): Query[] {
  const queries: Query[] = [{ term: { tenantId: audience.tenantId } }];
  const equal = (field: keyof OrderSummary, value: string | boolean | null) => {
    if (value !== null) queries.push({ term: { [field]: value } });
  };
  const oneOf = (field: keyof OrderSummary, values: readonly string[] | null) => {
    if (values !== null && values.length > 0) queries.push({ terms: { [field]: [...values] } });
  };
  const between = (field: keyof OrderSummary, range: Readonly<Record<string, unknown>>) => {
    const given = Object.entries(range).filter(([, bound]) => bound !== null);
    if (given.length > 0) queries.push({ range: { [field]: Object.fromEntries(given) } });
  };
  equal('customerId', audience.customerId);
  equal('customerId', filter.customerId);
  oneOf('status', filter.status);
  oneOf('paymentStatus', filter.paymentStatus);
  oneOf('fulfilmentStatus', filter.fulfilmentStatus);
  oneOf('returnStatus', filter.returnStatus);
  equal('onHold', filter.onHold);
  oneOf('country', filter.country);
  equal('currency', filter.currency);
  equal('number', filter.number);
  equal('reference', filter.reference);
  equal('tags', filter.tag);
  between('placedAt', { gte: filter.from, lt: filter.to });
  between('totalMinor', { gte: filter.minTotalMinor, lte: filter.maxTotalMinor });
  return queries;
}
