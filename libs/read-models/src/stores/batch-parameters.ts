import { BinaryArray } from './binary-array.js';
import { batchColumns, batchTables, type BatchTable } from './statements.js';

/** The arrays of a write, filled row by row; their memory serves one write after the other. */
export class BatchParameters {
  readonly #columns: Readonly<Record<BatchTable, readonly BinaryArray[]>>;

  constructor() {
    const arrays = batchTables.map(
      (table) => [table, batchColumns[table].map(({ type }) => new BinaryArray(type))] as const,
    );
    this.#columns = Object.fromEntries(arrays) as unknown as Record<BatchTable, readonly BinaryArray[]>;
  }

  /** Values in the order of the table's columns. */
  push(table: BatchTable, values: readonly unknown[]): void {
    const columns = this.#columns[table];
    for (let index = 0; index < columns.length; index++) columns[index]!.push(values[index]);
  }

  /** What to bind. The memory is used again after `clear`, so the write must be over by then. */
  buffers(): Buffer[] {
    return batchTables.flatMap((table) => this.#columns[table].map((column) => column.toBuffer()));
  }

  clear(): void {
    for (const table of batchTables) for (const column of this.#columns[table]) column.clear();
  }
}
