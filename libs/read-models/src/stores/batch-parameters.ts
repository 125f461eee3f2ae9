import type { SearchEngine } from '../search/search-engine.js';
import { BinaryArray } from './binary-array.js';
import { batchTables, quarantineTables, writtenColumns, type BatchTable } from './statements.js';

/** The arrays of a write, filled row by row; their memory serves one write after the other. */
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

  /** Remembers what is there, for `rollBack`. */
  mark(): void {
    for (const columns of this.#columns.values()) for (const column of columns) column.mark();
  }

  /** Forgets what was pushed since `mark`, wherever that was broken off. */
  rollBack(): void {
    for (const columns of this.#columns.values()) for (const column of columns) column.rollBack();
  }

  /** What to bind. The memory is used again after `clear`, so the write must be over by then. */
  buffers({ quarantine }: { quarantine: boolean }): Buffer[] {
    const tables = [...this.#columns].slice(0, quarantine ? undefined : -quarantineTables.length);
    return tables.flatMap(([, columns]) => columns.map((column) => column.toBuffer()));
  }

  clear(): void {
    for (const columns of this.#columns.values()) for (const column of columns) column.clear();
  }
}
