import type { ExportedOrder } from '#read-models/readers/order-export.reader.js';
import { itemColumns } from '#read-models/readers/summary-item.js';

/**
 * Places where a formula could begin: a spreadsheet takes a cell that begins like this for one (OWASP, CSV
 * injection). Spreadsheets of many countries split cells at semicolons, so a cell may begin after each of them. There
 * the quotes around our cell stand within one, and protect nothing: a line may end in it, and quotes are read over.
 */
const FORMULA = /(?:^|;)(?="*[=+\-@\t\r\n])|[\r\n](?="*[=+\-@\t])/g;
/** In a tag: what tags are joined by, and what escapes it. */
const ESCAPED = /[;\\]/g;
const QUOTED = /[",\r\n]/;
const LINE_END = '\r\n';

export const csvHeader = [...itemColumns.map(({ field }) => field), 'stale'].join(',') + LINE_END;

/**
 * RFC 4180. What would start a formula gets an apostrophe before it. Tags are joined by `;`: one in a tag is escaped by
 * a backslash, so the cells of almost all orders are what programs split at each `;`.
 */
export function csvLine(item: ExportedOrder): string {
  const values = [...itemColumns.map(({ field }) => item[field]), item.stale ?? null];
  return values.map(csvCell).join(',') + LINE_END;
}

export function csvCell(value: string | number | boolean | null | readonly string[]): string {
  if (value === null) return '';
  // A number stays as it is: -500 is a balance and no formula.
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : value.map(escaped).join(';');
  const harmless = text.replace(FORMULA, "$&'");
  return QUOTED.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

function escaped(tag: string): string {
  return tag.replace(ESCAPED, '\\$&');
}
