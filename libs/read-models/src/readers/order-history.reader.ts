import { decodeCursor, encodeCursor, type CursorBinding } from './cursor.js';
import { bytesOf, cutPage, type OfCutPage } from './cut-page.js';
import { audienceConditions, type Audience } from './order-filter.js';
import { pageOf, type Page } from './order-list.reader.js';
import { parkedAt, type ParkedAt } from './parked.reader.js';
import type { ReadModels } from './read-models.js';
import { allOf, Parameters } from './sql.js';
import {
  selectSummary,
  itemColumns,
  summaryItemOf,
  type SummaryItem,
  type SummaryRow,
} from './summary-item.js';

/** One event of an order, who caused it, and what it changed in the order's summary. */
export interface HistoryEntry {
  readonly revision: number;
  readonly eventId: string;
  readonly type: string;
  /** The event's content without what names a person. */
  readonly data: unknown;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly actor: { readonly type: string; readonly id: string };
  readonly changes: Readonly<Record<string, { readonly from: unknown; readonly to: unknown }>>;
}

export interface HistoryQuestion {
  readonly audience: Audience;
  readonly orderId: string;
  readonly cursor: string | null;
  readonly limit: number;
  /** Types of events that this reader is not shown. */
  readonly hiddenTypes: readonly string[];
}

export interface HistoryPage {
  readonly page: Page<HistoryEntry>;
  /** Where the history ends for now; null: it is as new as the projection. */
  readonly parked: ParkedAt | null;
}

// Every event changes `revision` and `updatedAt`, and none changes `orderId`: they tell nothing about an event.
const ALWAYS_CHANGED: ReadonlySet<string> = new Set(['orderId', 'revision', 'updatedAt']);

/**
 * A page of an order's events from the first on; null when there is no such order for this audience.
 *
 * @throws InvalidCursor
 */
export async function readHistory(
  models: ReadModels,
  question: HistoryQuestion,
): Promise<HistoryPage | null> {
  const { orderId, limit, hiddenTypes } = question;
  const binding: CursorBinding = { page: 'history', question: { orderId, hiddenTypes }, kinds: ['integer'] };
  const after = question.cursor === null ? -1 : Number(decodeCursor(binding, question.cursor)[0]);
  return models.read(async ({ id, schema, rowsOf }, pool) => {
    const parameters = new Parameters();
    const [tenant, order] = [parameters.add(question.audience.tenantId), parameters.add(orderId)];
    const parked = parkedAt({ id, rowsOf }, tenant, order);
    const conditions = [
      ...audienceConditions(question.audience, parameters, 'o'),
      `o.order_id = ${order}`,
      // The last row of the page before is read too: the first change of this page is relative to it.
      `o.revision >= ${parameters.add(after)}`,
      `(o.revision <= ${parameters.add(after)} OR o.type <> ALL(${parameters.add(hiddenTypes)}::text[]))`,
    ];
    const bytes = `CASE WHEN o.revision > ${parameters.add(after)} THEN ${bytesOf('o.data')} ELSE 0 END`;
    const found = `SELECT ${selectSummary('o')}, ${EVENT_COLUMNS}, ${bytes} AS bytes,
        p.revision AS parked_revision, p.reason AS parked_reason
      FROM ${schema}.order_history o LEFT JOIN (${parked}) p ON true
      WHERE ${allOf(conditions)} ORDER BY o.revision LIMIT ${parameters.add(limit + 2)}`;
    const text = cutPage(found, 'o.revision');
    const { rows } = await pool.query<HistoryRow>(text, parameters.values);
    const [first] = rows;
    if (!first) return null;
    const { parked_revision: revision, parked_reason: reason } = first;
    const cursorAfter = (entry: HistoryEntry) => encodeCursor(binding, [entry.revision]);
    const page = pageOf(withChanges(rows, after), limit, cursorAfter, rows.length < first.found);
    return { page, parked: revision === null ? null : { revision, reason: reason! } };
  });
}

type HistoryRow = SummaryRow & EventRow & ParkedColumns & OfCutPage;

interface ParkedColumns {
  readonly parked_revision: number | null;
  readonly parked_reason: string | null;
}

export const EVENT_COLUMNS = `o.event_id, o.type, o.data, o.command_id, o.correlation_id, o.causation_id,
  o.actor_type, o.actor_id, o.occurred_at, o.recorded_at`;

export interface EventRow {
  readonly event_id: string;
  readonly type: string;
  readonly data: unknown;
  readonly command_id: string;
  readonly correlation_id: string;
  readonly causation_id: string | null;
  readonly actor_type: string;
  readonly actor_id: string;
  readonly occurred_at: Date;
  readonly recorded_at: Date;
}

function withChanges(rows: readonly (SummaryRow & EventRow)[], after: number): HistoryEntry[] {
  let before: SummaryItem | null = null;
  const entries: HistoryEntry[] = [];
  for (const row of rows) {
    const summary = summaryItemOf(row);
    if (summary.revision > after) {
      entries.push({ ...eventOf(row), revision: summary.revision, changes: changesOf(before, summary) });
    }
    before = summary;
  }
  return entries;
}

export function eventOf(row: EventRow): Omit<HistoryEntry, 'revision' | 'changes'> {
  return {
    eventId: row.event_id,
    type: row.type,
    data: row.data,
    occurredAt: row.occurred_at.toISOString(),
    recordedAt: row.recorded_at.toISOString(),
    commandId: row.command_id,
    correlationId: row.correlation_id,
    causationId: row.causation_id,
    actor: { type: row.actor_type, id: row.actor_id },
  };
}

export function changesOf(before: SummaryItem | null, after: SummaryItem): HistoryEntry['changes'] {
  const changes: Record<string, { from: unknown; to: unknown }> = {};
  for (const { field } of itemColumns) {
    if (ALWAYS_CHANGED.has(field)) continue;
    const from = before === null ? null : before[field];
    const to = after[field];
    if (!sameValue(from, to)) changes[field] = { from, to };
  }
  return changes;
}

function sameValue(a: unknown, b: unknown): boolean {
  return a === b || (Array.isArray(a) && Array.isArray(b) && JSON.stringify(a) === JSON.stringify(b));
}
