import type { CopiedRow } from '#platform/copy-out.js';
import { summaryColumns, type ColumnType, type OrderSummary } from '../order-summary.js';

/** The select list that `copiedSummary` reads. */
export function selectWholeSummary(alias: string): string {
  return summaryColumns.map(({ column }) => `${alias}.${column}`).join(', ');
}

/** The next columns of a row: a summary, as `selectWholeSummary` asks for it. */
export function copiedSummary(row: CopiedRow): OrderSummary {
  const summary: Record<string, unknown> = {};
  for (const { field, type, nullable } of summaryColumns) {
    summary[field] = nullable && row.isNull() ? null : valueOf(row, type);
  }
  return summary as unknown as OrderSummary;
}

function valueOf(row: CopiedRow, type: ColumnType): unknown {
  switch (type) {
    case 'text':
    case 'json':
      return row.text();
    case 'uuid':
      return row.uuid();
    case 'int4':
      return row.integer();
    case 'int8':
      return row.bigint();
    case 'bool':
      return row.boolean();
    case 'timestamptz':
      return new Date(row.instantMs()).toISOString();
    case 'text[]':
      return row.texts();
  }
}
