import type { Instant } from '#domain/instant.js';
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
 * The history row that was an order's last at that moment: its period holds the moment. Rows that were
 * followed within the same millisecond have an empty period and match no moment; the condition says so
 * in the words of the partial index, so that it can be used.
 */
export function asOfConditions({ clock, at }: AsOf, parameters: Parameters, alias: string): string[] {
  const [start, end] = [`${alias}.${clock}_at`, `${alias}.${clock}_until`];
  const moment = `${parameters.add(at)}::timestamptz`;
  return [
    `${start} <= ${moment}`,
    `(${end} IS NULL OR ${end} > ${moment})`,
    `(${end} IS NULL OR ${end} > ${start})`,
  ];
}

/** The table that holds summaries live, or as they were, and what narrows it to one row an order. */
export function summarySource(
  schema: string,
  asOf: AsOf | null,
  parameters: Parameters,
  alias: string,
): { from: string; conditions: string[] } {
  if (asOf === null) return { from: `${schema}.orders ${alias}`, conditions: [] };
  return {
    from: `${schema}.order_history ${alias}`,
    conditions: asOfConditions(asOf, parameters, alias),
  };
}
