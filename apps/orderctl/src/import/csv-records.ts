import { CsvError, parse } from 'csv-parse';
import { Readable } from 'node:stream';
import { CliError } from '../support/cli-error.js';
import { readText } from './input-file.js';

/**
 * A record's cells in the order in which the columns were asked for, and the line of the file where the record
 * ends.
 */
export interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * The records of a comma-separated file with a header line. Its columns may stand in any order, and further
 * columns do no harm.
 *
 * @throws CliError naming file and line when a column is missing or a record is broken.
 */
export async function* readCsv(path: string, columns: readonly string[]): AsyncGenerator<CsvRecord> {
  const parser = parse({
    bom: true,
    skip_empty_lines: true,
    // The parser's types allow no other shape of record than its own.
    on_record: (cells, { lines }) => ({ line: lines, cells }) satisfies CsvRecord as never,
  });
  const text = Readable.from(withoutJson(path, readText(path)), { highWaterMark: 4 });
  text.once('error', (error) => parser.destroy(error));
  text.pipe(parser);
  let order: number[] | null = null;
  let inOrder = false;
  try {
    for await (const { line, cells } of parser as AsyncIterable<CsvRecord>) {
      if (order === null) {
        order = columnOrder(path, cells, columns);
        inOrder = order.every((place, index) => place === index);
      } else yield { line, cells: inOrder ? cells : order.map((place) => cells[place]!) };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new CliError(`${path}: ${error.message.replace(/^Invalid/, 'invalid')}`, { cause: error });
  }
  if (order === null)
    throw new CliError(`${path}: is empty: a header line with ${columns.join(', ')} is needed`);
}

/** @throws CliError when the text begins as JSON does: the parser would speak of a quote, or of missing columns */
async function* withoutJson(path: string, text: AsyncIterable<string>): AsyncGenerator<string> {
  let isFirst = true;
  for await (const chunk of text) {
    if (isFirst && /^\ufeff?\s*\{/.test(chunk)) {
      throw new CliError(`${path}: holds JSON, not comma-separated values: give --format ndjson`);
    }
    isFirst = false;
    yield chunk;
  }
}

function columnOrder(path: string, header: readonly string[], columns: readonly string[]): number[] {
  const missing = columns.filter((column) => !header.includes(column));
  if (missing.length === 0) return columns.map((column) => header.indexOf(column));
  throw new CliError(
    `${path}: the header line lacks ${missing.join(', ')}: the columns are ${columns.join(', ')}`,
  );
}
