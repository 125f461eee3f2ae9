import { eventColumns } from '#read-models/event-columns.js';
import { summaryColumns, type OrderSummary } from '#read-models/order-summary.js';
import type { HistoryRow } from '#read-models/orders.projection.js';
import type { ColumnValues } from '#read-models/stores/stored-rows.js';
import { differencesBetween, type DifferenceKind } from './differences.js';

export type Report = (kind: DifferenceKind, path: string, expected: unknown, actual: unknown) => void;

/** `data` is compared as JSON. */
const comparedColumns = eventColumns.filter(({ type }) => type !== 'json');

/** Reports what is missing and what is too much. */
export function compareSets(
  report: Report,
  path: string,
  expected: readonly string[],
  actual: readonly string[],
): void {
  const [wanted, stored] = [new Set(expected), new Set(actual)]; // an order may have tens of thousands of words
  const lacking = expected.filter((text) => !stored.has(text));
  const extra = actual.filter((text) => !wanted.has(text));
  if (lacking.length > 0 || extra.length > 0) report('search', path, lacking, extra);
}

export function compareJson(
  report: Report,
  kind: DifferenceKind,
  expected: unknown,
  actual: string,
  prefix = '',
): void {
  const text = JSON.stringify(expected);
  if (text === actual) return;
  for (const found of differencesBetween(JSON.parse(text), JSON.parse(actual))) {
    report(kind, `${prefix}${found.path}`, found.expected, found.actual);
  }
}

/** Compares column by column rather than as objects: a large shop has millions of summaries. */
export function compareSummary(
  report: Report,
  kind: DifferenceKind,
  prefix: string,
  expected: OrderSummary,
  actual: ColumnValues,
): void {
  for (const { column, field } of summaryColumns) {
    compareColumn(report, kind, `${prefix}${column}`, expected[field], actual[column]);
  }
}

export function compareEvent(
  report: Report,
  prefix: string,
  expected: HistoryRow,
  actual: ColumnValues,
): void {
  for (const { column, field } of comparedColumns) {
    const value = field === 'position' ? Number(expected.position) : expected[field];
    compareColumn(report, 'history', `${prefix}${column}`, value, actual[column]);
  }
}

function compareColumn(
  report: Report,
  kind: DifferenceKind,
  path: string,
  expected: unknown,
  actual: unknown,
): void {
  const stored = actual instanceof Date ? actual.toISOString() : actual;
  if (stored === expected) return;
  // int8 arrives as text
  if (typeof expected === 'number' && typeof stored === 'string' && Number(stored) === expected) return;
  if (differencesBetween(expected, stored).length > 0) report(kind, path, expected, stored);
}

/** For personal data: reports where it differs, never its values. */
export const hidingValues =
  (report: Report): Report =>
  (kind, path) =>
    report(kind, path, undefined, undefined);
