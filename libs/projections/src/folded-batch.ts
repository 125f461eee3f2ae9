import type { StoredOrderEvent } from '#event-store/port.js';
import type { Order } from '#domain/order/state.js';
import { changesSearch, foldOrder, historyRowOf, type HistoryRow } from '#read-models/orders.projection.js';
import { searchRowOf, type SearchRow } from '#read-models/search-row.js';
import type { PeriodEnd } from '#read-models/stores/orders-store.js';
import { UnappliableEvent } from './errors.js';

/** What a batch comes to, while it is being folded. */
export class FoldedBatch {
  readonly orders = new Map<string, Order>();
  readonly history: HistoryRow[] = [];
  readonly periodEnds: PeriodEnd[] = [];
  readonly searched: SearchRow[] = [];
  duplicates = 0;
  filled = 0;
  repeated = 0;

  withoutDuplicates(order: Order | null, events: readonly StoredOrderEvent[]): readonly StoredOrderEvent[] {
    let revision = order?.revision ?? -1;
    const next = events.filter(({ recording }) => {
      if (recording.revision <= revision) return false;
      revision = recording.revision;
      return true;
    });
    this.duplicates += events.length - next.length;
    return next;
  }

  fold(stream: string, before: Order | null, events: readonly StoredOrderEvent[]): void {
    const first = events[0];
    if (!first) return;
    let order = before;
    let searchChanged = false;
    events.forEach((event, index) => {
      order = foldOne(stream, order, event);
      this.history.push(historyRowOf(order, event, events[index + 1]));
      searchChanged ||= changesSearch(event.type);
    });
    if (before) this.#endPeriod(before, first);
    this.orders.set(stream, order!);
    if (searchChanged) this.searched.push(searchRowOf(order!));
  }

  counts() {
    const { duplicates, filled, repeated } = this;
    return { duplicates, filled, repeated, rows: this.orders.size };
  }

  #endPeriod({ tenantId, orderId, revision }: Order, next: StoredOrderEvent): void {
    const { occurredAt: occurredUntil } = next;
    this.periodEnds.push({
      tenantId,
      orderId,
      revision,
      occurredUntil,
      recordedUntil: next.recording.recordedAt,
    });
  }
}

function foldOne(stream: string, order: Order | null, event: StoredOrderEvent): Order {
  try {
    return foldOrder(order, event);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UnappliableEvent(stream, event.recording.revision, `(${event.type}) cannot be folded: ${why}`, {
      cause,
    });
  }
}
