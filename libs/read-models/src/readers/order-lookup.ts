import { tellersOf, toldNames, type ToldName } from '../told-names.js';
import type { SummaryQuestion } from './as-of.js';
import type { Parameters } from './sql.js';

/** null: not looked for. */
export type OrderLookup = Readonly<Record<ToldName, string | null>>;

export const NO_LOOKUP: OrderLookup = { trackingNumber: null, providerReference: null };

/**
 * Conditions for the orders that were ever told each of the names, also one that was corrected since; as of a moment,
 * until then. The ids are found first, since they are few: the rest is looked at for them alone.
 */
export function lookupConditions(
  schema: string,
  { audience, asOf }: SummaryQuestion,
  lookup: OrderLookup,
  parameters: Parameters,
  alias: string,
): string[] {
  return toldNames
    .filter((name) => lookup[name] !== null)
    .map((name) => {
      const conditions = [
        `tenant_id = ${parameters.add(audience.tenantId)}`,
        `told_name = ${parameters.add(lookup[name])}`,
        `type = ANY(${parameters.add(tellersOf(name))}::text[])`,
        ...(asOf === null ? [] : [`${asOf.clock}_at <= ${parameters.add(asOf.at)}::timestamptz`]),
      ];
      return `${alias}.order_id = ANY(ARRAY(
        SELECT order_id FROM ${schema}.order_history WHERE ${conditions.join(' AND ')}))`;
    });
}

/** Absent where nothing is looked up, so that cursors stay good that were given before anything could be. */
export function givenIn(lookup: OrderLookup): Partial<OrderLookup> {
  return Object.fromEntries(Object.entries(lookup).filter(([, name]) => name !== null));
}
