import { decode } from '#event-store/codec.js';
import { UnreadableEvent } from '#event-store/errors.js';
import type { EventStore, RawEvent, StoredOrderEvent } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';
import type { Order } from '#domain/order/state.js';
import { documentOf } from '#read-models/order-document.js';
import { summaryOf } from '#read-models/order-summary.js';
import { changesSearch, foldOrder, historyRowOf, type HistoryRow } from '#read-models/orders.projection.js';
import { compareEvent, compareJson, compareSummary, hidingValues, type Report } from './comparisons.js';
import { shown, type Difference } from './differences.js';
import type { VerifiedRows } from './verified-rows.js';
import { compareIndexed, compareSearched, type SearchedOrder } from './verify-search-row.js';

export interface VerifiedOrder {
  readonly events: number;
  readonly differences: readonly Difference[];
}

export interface VerifiedUpTo {
  /** Of the store when verification began: no event up to it may be missing. */
  readonly headPosition: bigint;
  /** Whether the generation has rows to search in; else an index has documents, made of rows beside the orders. */
  readonly searchesTables: boolean;
}

/** Compares all rows of one order with a fresh fold of its stream, at the revision of the row. */
export async function verifyOrder(
  eventStore: Pick<EventStore, 'readStream'>,
  rows: VerifiedRows,
  { headPosition, searchesTables }: VerifiedUpTo,
): Promise<VerifiedOrder> {
  const { tenantId, orderId } = rows;
  const differences: Difference[] = [];
  const report: Report = (kind, path, expected, actual) =>
    differences.push({ tenantId, orderId, kind, path, expected: shown(expected), actual: shown(actual) });
  const raw: RawEvent[] = [];
  for await (const event of eventStore.readStream(orderStream(tenantId, orderId))) raw.push(event);
  try {
    const events = await decode(raw);
    const folded = compareWithStream(rows, events, headPosition, report);
    const compareFound = searchesTables ? compareSearched : compareIndexed;
    if (folded) compareFound(report, folded, rows);
  } catch (error) {
    if (!(error instanceof UnreadableEvent || error instanceof UnfoldableEvent)) throw error;
    report('unreadable', '', undefined, error.message);
  }
  return { events: raw.length, differences };
}

class UnfoldableEvent extends Error {}

function compareWithStream(
  rows: VerifiedRows,
  stream: readonly StoredOrderEvent[],
  headPosition: bigint,
  report: Report,
): SearchedOrder | null {
  if (stream.length === 0) {
    report('extra_row', 'orders', undefined, rows.revision);
    return null;
  }
  const events = stream.slice(0, rows.revision + 1);
  const behind = stream.slice(rows.revision + 1).filter(({ position }) => position <= headPosition);
  if (behind.length > 0) report('behind', 'revision', behind.at(-1)!.recording.revision, rows.revision);
  if (events.length <= rows.revision) report('extra_row', 'revision', events.length - 1, rows.revision);

  const { order, history, searchedAt } = foldAll(events);
  compareJson(report, 'document', documentOf(order), rows.document);
  compareJson(hidingValues(report), 'personal', order.personal, rows.personal);
  compareSummary(report, 'summary', '', summaryOf(order), rows.summary);
  compareHistory(report, history, rows);
  return { order, searchedAt };
}

function foldAll(events: readonly StoredOrderEvent[]) {
  let order: Order | null = null;
  let searchedAt = 0;
  const history: HistoryRow[] = [];
  events.forEach((event, index) => {
    try {
      order = foldOrder(order, event);
    } catch (cause) {
      throw new UnfoldableEvent(`event ${event.recording.revision} (${event.type}) cannot be folded`, {
        cause,
      });
    }
    if (changesSearch(event.type)) searchedAt = event.recording.revision;
    history.push(historyRowOf(order, event, events[index + 1]));
  });
  return { order: order as unknown as Order, history, searchedAt };
}

function compareHistory(report: Report, expected: readonly HistoryRow[], rows: VerifiedRows): void {
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
