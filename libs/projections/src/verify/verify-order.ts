import { decode } from '#event-store/codec.js';
import { StoreUnavailable, StreamDeleted, UnreadableEvent } from '#event-store/errors.js';
import type { RawEvent, StoredOrderEvent } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';
import type { Order } from '#domain/order/state.js';
import { documentOf } from '#read-models/order-document.js';
import { summaryOf } from '#read-models/order-summary.js';
import { changesSearch, foldOrder, historyRowOf, type HistoryRow } from '#read-models/orders.projection.js';
import { takeSkippedRevisions, withoutSkipped, type SkippedRevisions } from '#read-models/skipped-events.js';
import { compareEvent, compareJson, compareSummary, hidingValues, type Report } from './comparisons.js';
import { shown, type Difference } from './differences.js';
import { DELETION_REVISION } from '../quarantine/faults.js';
import { readStream, type ReadableStore } from '../engine/read-stream.js';
import type { StoredRows } from '#read-models/stores/stored-rows.js';
import { compareIndexed, compareSearched, type SearchedOrder } from './verify-search-row.js';

export interface VerifiedOrder {
  readonly events: number;
  readonly differences: readonly Difference[];
  /**
   * Why this stream alone cannot be read, which is then the one difference and says nothing about the rows; null
   * otherwise.
   */
  readonly unread: string | null;
}

export interface VerifiedUpTo {
  /** Of the store when verification began: no event up to it may be missing. */
  readonly headPosition: bigint;
  /** Whether PostgreSQL searches the generation's tables; otherwise an index does, whose documents are made of rows. */
  readonly searchesTables: boolean;
  /** Revisions of the order that are left out of the fold. */
  readonly skipped: SkippedRevisions;
  /** The first revision of the order that is parked: its row may lack it and what follows; null: none is parked. */
  readonly parkedFrom: number | null;
}

const WHOLE = { fromRevision: 0, maxCount: Number.MAX_SAFE_INTEGER };

/**
 * Compares all rows of one order with a fresh fold of its stream, at the revision of the row.
 * @throws StoreUnavailable when the event store as a whole is away
 */
export async function verifyOrder(
  eventStore: ReadableStore,
  rows: StoredRows,
  upTo: VerifiedUpTo,
): Promise<VerifiedOrder> {
  const { tenantId, orderId } = rows;
  const differences: Difference[] = [];
  const report: Report = (kind, path, expected, actual) =>
    differences.push({ tenantId, orderId, kind, path, expected: shown(expected), actual: shown(actual) });
  const raw = await readStream(eventStore, orderStream(tenantId, orderId), WHOLE);
  if (raw instanceof StreamDeleted || raw instanceof StoreUnavailable) {
    // Known if the order is parked, or its deletion skipped: its row stays, and there is nothing to compare it with.
    const isKnown =
      upTo.parkedFrom !== null || (raw instanceof StreamDeleted && upTo.skipped.has(DELETION_REVISION));
    if (!isKnown) report('unreadable', '', undefined, raw.message);
    const unread = !isKnown && raw instanceof StoreUnavailable ? raw.message : null;
    return { events: 0, differences, unread };
  }
  try {
    const folded = await compareWithStream(rows, raw, upTo, report);
    const compareFound = upTo.searchesTables ? compareSearched : compareIndexed;
    if (folded) compareFound(report, folded, rows);
  } catch (error) {
    if (!(error instanceof UnreadableEvent || error instanceof UnfoldableEvent)) throw error;
    report('unreadable', '', undefined, error.message);
  }
  return { events: raw.length, differences, unread: null };
}

class UnfoldableEvent extends Error {}

async function compareWithStream(
  rows: StoredRows,
  stream: readonly RawEvent[],
  { headPosition, skipped, parkedFrom }: VerifiedUpTo,
  report: Report,
): Promise<SearchedOrder | null> {
  if (stream.length === 0) {
    report('extra_row', 'orders', undefined, rows.revision);
    return null;
  }
  const kept = withoutSkipped(stream, skipped);
  const end = parkedFrom ?? Infinity;
  const behind = kept.filter(
    ({ revision, position }) => revision > rows.revision && revision < end && position <= headPosition,
  );
  if (behind.length > 0) {
    report('behind', 'revision', behind.at(-1)!.revision, rows.revision);
  }
  const last = stream.at(-1)!.revision;
  if (last < rows.revision && !skipped.has(rows.revision)) {
    report('extra_row', 'revision', last, rows.revision);
  }
  const folded = foldAll(await decode(kept.filter(({ revision }) => revision <= rows.revision)));
  const order = takeSkippedRevisions(folded.order, skipped, rows.revision);
  compareJson(report, 'document', documentOf(order), rows.document);
  compareJson(hidingValues(report), 'personal', order.personal, rows.personal);
  compareSummary(report, 'summary', '', summaryOf(order), rows.summary);
  compareHistory(report, folded.history, rows);
  return { order, searchedAt: folded.searchedAt };
}

/** @throws UnfoldableEvent when an event cannot be folded, or there is none */
function foldAll(events: readonly StoredOrderEvent[]) {
  if (events.length === 0) throw new UnfoldableEvent('no event of its stream can be folded');
  let order: Order | null = null;
  let searchedAt = 0;
  const history: HistoryRow[] = [];
  events.forEach((event, index) => {
    try {
      order = foldOrder(order, event);
      history.push(historyRowOf(order, event, events[index + 1]));
    } catch (cause) {
      throw new UnfoldableEvent(`event ${event.recording.revision} (${event.type}) cannot be folded`, {
        cause,
      });
    }
    if (changesSearch(event.type)) searchedAt = event.recording.revision;
  });
  return { order: order as unknown as Order, history, searchedAt };
}

function compareHistory(report: Report, expected: readonly HistoryRow[], rows: StoredRows): void {
  const actual = new Map(rows.history.map((row) => [row.revision, row]));
  for (const row of expected) {
    const { revision } = row.summary;
    const at = `revision ${revision}: `;
    const found = actual.get(revision);
    actual.delete(revision);
    if (!found) {
      report('history', at.slice(0, -2), row.type, undefined);
      continue;
    }
    compareSummary(report, 'history', at, row.summary, found);
    compareEvent(report, at, row, found);
    compareJson(report, 'history', row.data, found.data, `${at}data.`);
  }
  for (const revision of actual.keys())
    report('extra_row', `order_history revision ${revision}`, undefined, revision);
}
