import type { Instant } from '#domain/instant.js';
import type { Parameters } from './sql.js';

/** Whose orders a reader may see. Every statement of every reader begins with it. */
export interface Audience {
  readonly tenantId: string;
  /** A customer sees its own orders only; null: staff and services see the tenant's. */
  readonly customerId: string | null;
}

/** What a list, search, total or export is narrowed to; null or empty: not narrowed by this. */
export interface OrderFilter {
  readonly customerId: string | null;
  readonly status: readonly string[] | null;
  readonly paymentStatus: readonly string[] | null;
  readonly fulfilmentStatus: readonly string[] | null;
  readonly returnStatus: readonly string[] | null;
  readonly onHold: boolean | null;
  readonly country: readonly string[] | null;
  readonly currency: string | null;
  readonly number: string | null;
  readonly reference: string | null;
  readonly tag: string | null;
  /** Placed at or after. */
  readonly from: Instant | null;
  /** Placed before. */
  readonly to: Instant | null;
  /** In minor units of `currency`, which must then be given. */
  readonly minTotalMinor: number | null;
  readonly maxTotalMinor: number | null;
}

export const NO_FILTER: OrderFilter = {
  customerId: null,
  status: null,
  paymentStatus: null,
  fulfilmentStatus: null,
  returnStatus: null,
  onHold: null,
  country: null,
  currency: null,
  number: null,
  reference: null,
  tag: null,
  from: null,
  to: null,
  minTotalMinor: null,
  maxTotalMinor: null,
};

/** A filter with every name present, so that equal filters are equal whatever object they came in. */
export function filterOf(fields: Partial<OrderFilter>): OrderFilter {
  const filter: Record<string, unknown> = {};
  for (const name of Object.keys(NO_FILTER)) filter[name] = fields[name as keyof OrderFilter] ?? null;
  return filter as unknown as OrderFilter;
}

/** The conditions of an audience and a filter on a row that has the summary columns. */
export function filterConditions(
  audience: Audience,
  filter: OrderFilter,
  parameters: Parameters,
  alias: string,
): string[] {
  const conditions = audienceConditions(audience, parameters, alias);
  const equal = (column: string, value: unknown) => {
    if (value !== null) conditions.push(`${alias}.${column} = ${parameters.add(value)}`);
  };
  const oneOf = (column: string, values: readonly string[] | null) => {
    if (values === null || values.length === 0) return;
    if (values.length === 1) return equal(column, values[0]);
    conditions.push(`${alias}.${column} = ANY(${parameters.add(values)}::text[])`);
  };
  equal('customer_id', filter.customerId);
  oneOf('status', filter.status);
  oneOf('payment_status', filter.paymentStatus);
  oneOf('fulfilment_status', filter.fulfilmentStatus);
  oneOf('return_status', filter.returnStatus);
  equal('on_hold', filter.onHold);
  oneOf('country', filter.country);
  equal('currency', filter.currency);
  equal('number', filter.number);
  equal('reference', filter.reference);
  if (filter.tag !== null) conditions.push(`${alias}.tags @> ARRAY[${parameters.add(filter.tag)}]::text[]`);
  const compare = (column: string, operator: string, value: unknown) => {
    if (value !== null) conditions.push(`${alias}.${column} ${operator} ${parameters.add(value)}`);
  };
  compare('placed_at', '>=', filter.from);
  compare('placed_at', '<', filter.to);
  compare('total_minor', '>=', filter.minTotalMinor);
  compare('total_minor', '<=', filter.maxTotalMinor);
  return conditions;
}

/** Whether the conditions on columns that never change for an order leave few orders. */
export function keepsFew(audience: Audience, filter: OrderFilter): boolean {
  return [audience.customerId, filter.customerId, filter.number, filter.reference].some(
    (value) => value !== null,
  );
}

/** The conditions of an audience and a filter on columns that never change for an order. */
export function fixedConditions(
  audience: Audience,
  filter: OrderFilter,
  parameters: Parameters,
  alias: string,
): string[] {
  const { customerId, number, reference, currency, from, to } = filter;
  const fixed = { ...NO_FILTER, customerId, number, reference, currency, from, to };
  return filterConditions(audience, fixed, parameters, alias);
}

export function audienceConditions(audience: Audience, parameters: Parameters, alias: string): string[] {
  const conditions = [`${alias}.tenant_id = ${parameters.add(audience.tenantId)}`];
  if (audience.customerId !== null) {
    conditions.push(`${alias}.customer_id = ${parameters.add(audience.customerId)}`);
  }
  return conditions;
}
