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

/** The place of a line in the input: the index of its file among the given ones, and its line in that file. */
export interface Place {
  readonly file: number;
  readonly line: number;
}

export interface InvoiceRow extends Place {
  readonly invoice: string;
  readonly sku: string;
  readonly name: string;
  /** Negative on a cancellation. */
  readonly quantity: number;
  /** Minor units; null: more than two decimals. */
  readonly unitPriceMinor: number | null;
  readonly priceIsPositive: boolean;
  readonly at: Instant;
  /** null: none given. */
  readonly customerId: string | null;
  readonly countryName: string;
}

/** @throws CliError naming file and line when a cell does not hold what its column needs. */
export async function* readInvoiceRows(paths: readonly string[]): AsyncGenerator<InvoiceRow> {
  // The lines of an invoice share their time, and a shop has few prices: each distinct text is parsed once.
  const dateOf = remembered(parseDate, 1);
  const priceOf = remembered(parsePrice, MAX_REMEMBERED_PRICES);
  for (const [file, path] of paths.entries()) {
    for await (const { line, cells } of readCsv(path, COLUMNS)) {
      const [invoice, sku, name, quantity, date, unitPrice, customerId, countryName] = cells as Cells;
      const units = Number(quantity);
      if (!/^-?\d{1,9}$/.test(quantity)) throw wrong(path, line, 'Quantity', quantity, 'a whole number');
      const price = priceOf(unitPrice);
      if (price === null) throw wrong(path, line, 'UnitPrice', unitPrice, 'a decimal number');
      const at = dateOf(date);
      if (at === null) throw wrong(path, line, 'InvoiceDate', date, 'YYYY-MM-DD hh:mm:ss');
      yield {
        file,
        line,
        invoice: invoice.trim(),
        sku,
        name: name.trim() === '' ? sku : name,
        quantity: units,
        unitPriceMinor: price.minor,
        priceIsPositive: price.positive,
        at,
        customerId: withoutDecimal(customerId.trim()) || null,
        countryName,
      };
    }
  }
}

type Cells = readonly [string, string, string, string, string, string, string, string];

const MAX_REMEMBERED_PRICES = 10_000;

function remembered<T>(parse: (text: string) => T, max: number): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    let value = known.get(text);
    if (value === undefined) {
      if (known.size >= max) known.clear();
      known.set(text, (value = parse(text)));
    }
    return value;
  };
}

function wrong(path: string, line: number, column: string, value: string, expected: string): CliError {
  const shown = JSON.stringify(value.slice(0, 60));
  return new CliError(`${path} line ${line}: ${column} is ${shown}: ${expected} is needed`);
}

/** A spreadsheet that takes ids for numbers appends `.0` to them. */
function withoutDecimal(id: string): string {
  return id.endsWith('.0') ? id.slice(0, -2) : id;
}

/**
 * Parses a decimal to pence without floats; trailing zeros do not count as decimals.
 *
 * @returns null when the text is no decimal
 */
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
