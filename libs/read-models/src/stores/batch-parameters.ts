import type { SearchEngine } from '../search/search-engine.js';
import { BinaryArray } from './binary-array.js';
import { batchTables, quarantineTables, writtenColumns, type BatchTable } from './statements.js';

/** The array parameters of a write, filled row by row. Their memory is reused for the next write. */
export class BatchParameters {
  readonly #columns: ReadonlyMap<BatchTable, readonly BinaryArray[]>;

  constructor(engine: SearchEngine) {
    const tables: readonly BatchTable[] = [...batchTables[engine], ...quarantineTables];
    this.#columns = new Map(
      tables.map((table) => [table, writtenColumns[table].map(({ type }) => new BinaryArray(type))]),
    );
  }

  /** Values in the order of the table's columns. */
  push(table: BatchTable, values: readonly unknown[]): void {
    const columns = this.#columns.get(table)!;
    for (let index = 0; index < columns.length; index++) columns[index]!.push(values[index]);
  }

  /** Marks the current end of the arrays, for `rollBack`. */
  mark(): void {
    for (const columns of this.#columns.values()) for (const column of columns) column.mark();
  }

  /** Drops the values that were pushed since `mark`, also those of a row that was pushed only in part. */
  rollBack(): void {
    for (const columns of this.#columns.values()) for (const column of columns) column.rollBack();
  }

  /** The parameters to bind. Call `clear` only after the write is over: it reuses the memory. */
  buffers({ quarantine }: { quarantine: boolean }): Buffer[] {
    const tables = [...this.#columns].slice(0, quarantine ? undefined : -quarantineTables.length);
    return tables.flatMap(([, columns]) => columns.map((column) => column.toBuffer()));
  }

  clear(): void {
    for (const columns of this.#columns.values()) for (const column of columns) column.clear();
  }
}
