import { summaryColumns, type OrderSummary, type SummaryColumn } from '../order-summary.js';

/**
 * An order in a list: exactly the columns that `orders` and `order_history` share, so that a page of
 * today and a page of some earlier moment look alike. Money is in minor units of `currency`.
 */
export type SummaryItem = Omit<OrderSummary, 'tenantId'>;

/** A row as node-postgres gives it: bigint as text, timestamptz as Date. */
export type SummaryRow = Readonly<Record<string, unknown>>;

type ItemColumn = SummaryColumn & { readonly field: keyof SummaryItem };

/** The columns without the tenant, which the reader's token tells. */
export const itemColumns: readonly ItemColumn[] = summaryColumns.filter(
  (column): column is ItemColumn => column.field !== 'tenantId',
);

/** The select list of a summary; `prefix` keeps two summaries of one row apart. */
export function selectSummary(alias: string, prefix = ''): string {
  return itemColumns.map(({ column }) => `${alias}.${column} AS ${prefix}${column}`).join(', ');
}

export function summaryItemOf(row: SummaryRow, prefix = ''): SummaryItem {
  const item: Record<string, unknown> = {};
  for (const { field, column, type } of itemColumns) {
    const value = row[prefix + column];
    if (type === 'timestamptz') item[field] = (value as Date).toISOString();
    else item[field] = type === 'int8' ? Number(value) : value;
  }
  return item as unknown as SummaryItem;
}
