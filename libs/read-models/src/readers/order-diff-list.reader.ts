import { asOfConditions, type AsOf, type Clock } from './as-of.js';
import { decodeCursor, encodeCursor, type CursorBinding } from './cursor.js';
import { changesOf, type HistoryEntry } from './order-history.reader.js';
import {
  audienceConditions,
  filterConditions,
  fixedConditions,
  keepsFew,
  type Audience,
  type OrderFilter,
} from './order-filter.js';
import { pageOf, type Page } from './order-list.reader.js';
import type { ReadModels } from './read-models.js';
import { allOf, Parameters } from './sql.js';
import { selectSummary, summaryItemOf, type SummaryItem, type SummaryRow } from './summary-item.js';

/** An order that was not the same at two moments. */
export interface SummaryDifference {
  readonly orderId: string;
  /** null: it was not there yet. */
  readonly from: SummaryItem | null;
  readonly to: SummaryItem;
  readonly changes: HistoryEntry['changes'];
}

export interface DiffListQuestion {
  readonly audience: Audience;
  /** An order belongs to the answer when it matches at either moment. */
  readonly filter: OrderFilter;
  readonly clock: Clock;
  readonly from: AsOf['at'];
  readonly to: AsOf['at'];
  readonly cursor: string | null;
  readonly limit: number;
}

/**
 * A page of the orders that changed between two moments, the latest change first.
 *
 * @throws InvalidCursor
 */
export async function diffOrders(
  models: ReadModels,
  question: DiffListQuestion,
): Promise<Page<SummaryDifference>> {
  const { clock, limit, filter, from, to } = question;
  const binding: CursorBinding = {
    page: 'orders-diff',
    question: { clock, from, to, filter },
    kinds: ['time', 'uuid'],
  };
  const after = question.cursor === null ? null : decodeCursor(binding, question.cursor);
  return models.read(async ({ schema }, pool) => {
    const statement = diffStatement(schema, question, after);
    const { rows } = await pool.query<SummaryRow & { changed_at: Date }>(statement);
    const page = pageOf(rows, limit, (row) =>
      encodeCursor(binding, [row.changed_at.toISOString(), row['to_order_id'] as string]),
    );
    return { items: page.items.map(differenceOf), nextCursor: page.nextCursor };
  });
}

// An order changed if its row of the later moment began after the earlier moment: nothing has to be compared.
function diffStatement(
  schema: string,
  { audience, filter, clock, from, to, limit }: DiffListQuestion,
  after: readonly (string | number)[] | null,
): { text: string; values: unknown[] } {
  const parameters = new Parameters();
  const changedAt = `t.${clock}_at`;
  const conditions = [
    ...audienceConditions(audience, parameters, 't'),
    ...asOfConditions({ clock, at: to }, parameters, 't'),
    `${changedAt} > ${parameters.add(from)}::timestamptz`,
  ];
  let source = `${schema}.order_history t`;
  if (keepsFew(audience, filter)) {
    source = `${schema}.orders same JOIN ${source} USING (tenant_id, order_id)`;
    conditions.push(...fixedConditions(audience, filter, parameters, 'same'));
  }
  const earlier = allOf(asOfConditions({ clock, at: from }, parameters, 'h'));
  const matches = (alias: string) => allOf(filterConditions(audience, filter, parameters, alias));
  conditions.push(`((${matches('t')}) OR (${matches('f')}))`);
  if (after !== null) {
    const row = `(${parameters.add(after[0])}::timestamptz, ${parameters.add(after[1])}::uuid)`;
    conditions.push(`(${changedAt}, t.order_id) < ${row}`);
  }
  const text = `SELECT ${changedAt} AS changed_at, ${selectSummary('t', 'to_')}, ${selectSummary('f', 'from_')}
    FROM ${source}
    LEFT JOIN LATERAL (
      SELECT h.* FROM ${schema}.order_history h
      WHERE h.tenant_id = t.tenant_id AND h.order_id = t.order_id AND ${earlier}
    ) f ON true
    WHERE ${allOf(conditions)}
    ORDER BY ${changedAt} DESC, t.order_id DESC LIMIT ${parameters.add(limit + 1)}`;
  return { text, values: parameters.values };
}

function differenceOf(row: SummaryRow): SummaryDifference {
  const from = row['from_order_id'] === null ? null : summaryItemOf(row, 'from_');
  const to = summaryItemOf(row, 'to_');
  return { orderId: to.orderId, from, to, changes: changesOf(from, to) };
}
