import {
  decodeCursor,
  encodeCursor,
  type CursorBinding,
  type CursorValue,
  type CursorValueKind,
} from './cursor.js';
import type { SummaryItem } from './summary-item.js';
import type { Parameters } from './sql.js';

interface SortKey {
  readonly kind: CursorValueKind;
  readonly field: keyof SummaryItem;
  readonly column: string;
  /** The column of a history row with the same value, where that one has an index. */
  readonly pastColumn?: string;
  /** The value never changes for an order. */
  readonly fixed?: true;
  readonly cast: string;
  readonly of: (item: SummaryItem) => CursorValue;
  /** The key is the negated field, so it sorts the other way. */
  readonly negated?: true;
}

const placedAt: SortKey = {
  kind: 'time',
  field: 'placedAt',
  column: 'placed_at',
  fixed: true,
  cast: 'timestamptz',
  of: (item) => item.placedAt,
};
const updatedAt: SortKey = {
  kind: 'time',
  field: 'updatedAt',
  column: 'updated_at',
  pastColumn: 'occurred_at', // an order was last updated by its last event
  cast: 'timestamptz',
  of: (item) => item.updatedAt,
};
const currency: SortKey = {
  kind: 'text',
  field: 'currency',
  column: 'currency',
  fixed: true,
  cast: 'text',
  of: (item) => item.currency,
};
const total: SortKey = {
  kind: 'bigint',
  field: 'totalMinor',
  column: 'total_minor',
  cast: 'bigint',
  of: (item) => item.totalMinor,
};
const number: SortKey = {
  kind: 'text',
  field: 'number',
  column: 'number',
  fixed: true,
  cast: 'text',
  of: (item) => item.number,
};
const fewestLines: SortKey = {
  kind: 'integer',
  field: 'lineCount',
  column: 'line_count',
  cast: 'int',
  of: (item) => -item.lineCount,
  negated: true,
};
const orderId: SortKey = {
  kind: 'uuid',
  field: 'orderId',
  column: 'order_id',
  fixed: true,
  cast: 'uuid',
  of: (item) => item.orderId,
};

// Minor units of two currencies cannot be compared, so totals sort within their currency. All keys of
// a sort run in one direction: then one row comparison is the whole cursor, and an index can serve it.
const keysOf = {
  placedAt: [placedAt, orderId],
  updatedAt: [updatedAt, orderId],
  total: [currency, total, orderId],
  number: [number, orderId],
  // An order with fewer lines is more about the words that were found in it.
  relevance: [fewestLines, placedAt, orderId],
} satisfies Readonly<Record<string, readonly SortKey[]>>;

type SortName = keyof typeof keysOf;

export const listSorts = [
  '-placedAt',
  'placedAt',
  '-updatedAt',
  'updatedAt',
  '-total',
  'total',
  '-number',
  'number',
] as const;
export type ListSort = (typeof listSorts)[number];

export const searchSorts = ['relevance', '-placedAt', 'placedAt', '-total', 'total'] as const;
export type SearchSort = (typeof searchSorts)[number];

/** How rows are ordered, where the next page begins and how its cursor is made, for one question. */
export class OrderSort {
  readonly #keys: readonly SortKey[];
  readonly #descending: boolean;
  readonly #binding: CursorBinding;
  readonly sortedByNumber: boolean;

  /**
   * @param question all that narrows the page: a cursor is refused for any other
   * @param past whether the rows are those of a moment
   */
  constructor(page: string, sort: ListSort | SearchSort, question: unknown, past = false) {
    const name = (sort.startsWith('-') ? sort.slice(1) : sort) as SortName;
    const keys: readonly SortKey[] = keysOf[name];
    this.#keys = past ? keys.map((key) => ({ ...key, column: key.pastColumn ?? key.column })) : keys;
    this.sortedByNumber = name === 'number';
    this.#descending = sort.startsWith('-') || sort === 'relevance';
    this.#binding = { page: `${page}:${sort}`, question, kinds: this.#keys.map(({ kind }) => kind) };
  }

  /** @param fixedAlias of the table for columns that never change for an order; the other columns are of `o` */
  orderBy(fixedAlias = 'o'): string {
    const direction = this.#descending ? 'DESC' : 'ASC';
    return this.#columns(fixedAlias)
      .map((column) => `${column} ${direction}`)
      .join(', ');
  }

  /** @throws InvalidCursor */
  after(cursor: string | null, parameters: Parameters, fixedAlias = 'o'): string[] {
    if (cursor === null) return [];
    const values = decodeCursor(this.#binding, cursor);
    const columns = this.#columns(fixedAlias).join(', ');
    const row = this.#keys.map(({ cast }, index) => `${parameters.add(values[index])}::${cast}`).join(', ');
    return [`(${columns}) ${this.#descending ? '<' : '>'} (${row})`];
  }

  #columns(fixedAlias: string): string[] {
    return this.#keys.map(({ column, fixed, negated }) => {
      const own = `${fixed ? fixedAlias : 'o'}.${column}`;
      return negated ? `(-${own})` : own;
    });
  }

  /** The same order for engines that sort by fields. */
  get fields(): readonly { field: keyof SummaryItem; descending: boolean }[] {
    return this.#keys.map(({ field, negated = false }) => ({
      field,
      descending: this.#descending !== negated,
    }));
  }

  /** The cursor's value of each of `fields`. @throws InvalidCursor */
  fieldsAt(cursor: string): CursorValue[] {
    const values = decodeCursor(this.#binding, cursor);
    return this.#keys.map(({ negated }, index) => (negated ? -(values[index] as number) : values[index]!));
  }

  cursorAfter(item: SummaryItem): string {
    return encodeCursor(
      this.#binding,
      this.#keys.map(({ of }) => of(item)),
    );
  }
}
