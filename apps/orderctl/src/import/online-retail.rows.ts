import { instantOf, type Instant } from '#domain/instant.js';
import { CliError } from '../support/cli-error.js';
import { readCsv } from './csv-records.js';

const COLUMNS = [
  'InvoiceNo',
  'StockCode',
  'Description',
  'Quantity',
  'InvoiceDate',
  'UnitPrice',
  'CustomerID',
  'Country',
] as const;

/** Where a line of the input stands: the file's index among those given, and its line in there. */
export interface Place {
  readonly file: number;
  readonly line: number;
}

export interface InvoiceRow extends Place {
  readonly invoice: string;
  readonly sku: string;
  readonly name: string;
  /** Negative on cancellations. */
  readonly quantity: number;
  /** Minor units; null: more than two decimals. */
  readonly unitPriceMinor: number | null;
  readonly priceIsPositive: boolean;
  readonly at: Instant;
  /** null: none given. */
  readonly customerId: string | null;
  readonly countryName: string;
}

/** @throws CliError naming file and line when a cell is none of what its column holds. */
export async function* readInvoiceRows(paths: readonly string[]): AsyncGenerator<InvoiceRow> {
  for (const [file, path] of paths.entries()) {
    for await (const { line, cells } of readCsv(path, COLUMNS)) yield parseRow(path, { file, line }, cells);
  }
}

function parseRow(path: string, place: Place, cells: readonly string[]): InvoiceRow {
  const [invoice, sku, description, quantity, invoiceDate, unitPrice, customerId, countryName] =
    cells as unknown as Record<number, string> &
      [string, string, string, string, string, string, string, string];
  const refuse = (column: string, value: string, expected: string): never => {
    const shown = JSON.stringify(value.slice(0, 60));
    throw new CliError(`${path} line ${place.line}: ${column} is ${shown}: ${expected} is needed`);
  };
  const units = /^-?\d{1,9}$/.test(quantity)
    ? Number(quantity)
    : refuse('Quantity', quantity, 'a whole number');
  const price = parsePrice(unitPrice) ?? refuse('UnitPrice', unitPrice, 'a decimal number');
  const at = parseDate(invoiceDate) ?? refuse('InvoiceDate', invoiceDate, 'YYYY-MM-DD hh:mm:ss');
  return {
    ...place,
    invoice: invoice.trim(),
    sku,
    name: description.trim() === '' ? sku : description,
    quantity: units,
    unitPriceMinor: price.minor,
    priceIsPositive: price.positive,
    at,
    customerId: customerId.trim().replace(/\.0$/, '') || null,
    countryName,
  };
}

/** Decimal text to pence without floats; trailing zeros are no precision. */
export function parsePrice(text: string): { minor: number | null; positive: boolean } | null {
  const match = /^(-?)(\d{1,12})(?:\.(\d+))?$/.exec(text);
  if (!match) return null;
  const [, sign, whole, fraction = ''] = match;
  const digits = fraction.replace(/0+$/, '');
  const positive = sign === '' && !(/^0*$/.test(whole!) && digits === '');
  if (digits.length > 2) return { minor: null, positive };
  const minor = Number(whole) * 100 + Number(digits.padEnd(2, '0'));
  return { minor: sign === '' ? minor : -minor, positive };
}

function parseDate(text: string): Instant | null {
  const match = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})(:\d{2})?$/.exec(text);
  return match === null ? null : instantOf(`${match[1]!}T${match[2]!}${match[3] ?? ':00'}Z`);
}
