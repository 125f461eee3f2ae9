import type { StoredOrderEvent } from '#event-store/port.js';
import type { Order, OrderState } from '#domain/order/state.js';
import { differencesBetween, shown } from '#projections/verify/differences.js';
import { documentOf } from '#read-models/order-document.js';
import { summaryOf } from '#read-models/order-summary.js';
import { foldOrder } from '#read-models/orders.projection.js';
import { searchRowOf } from '#read-models/search-row.js';
import { foundByOf, type Definition } from './definition.js';

/** One value in an order's rows that would change. Values are JSON, shortened; null: absent. */
export interface Change {
  /** `summary`, `history` (the summary after an event), `document` or `foundBy`, and the path in that part. */
  readonly path: string;
  /** The event after which the value differs, for `history`; null: in the current state. */
  readonly revision: number | null;
  readonly now: string | null;
  readonly then: string | null;
}

/**
 * Compares what a definition makes of an order with what this release makes of it.
 *
 * @throws what the definition throws
 */
export function compareOrder(events: readonly StoredOrderEvent[], definition: Definition): Change[] {
  const {
    fold = (_before, _event, asNow) => asNow(),
    summary = asIs,
    document = asIs,
    foundBy = asIs,
  } = definition;
  let now: Order | null = null;
  let then: OrderState = null;
  const changes: Change[] = [];
  const add = (part: string, revision: number | null, ofNow: unknown, ofThen: unknown) => {
    for (const { path, expected, actual } of differencesBetween(plain(ofNow), plain(ofThen)))
      changes.push({ path: `${part}.${path}`, revision, now: shown(expected), then: shown(actual) });
  };
  for (const event of events) {
    now = foldOrder(now, event);
    const before: OrderState = then;
    then = fold(before, event, () => foldOrder(before, event));
    const { revision } = event.recording;
    add('history', revision, summaryOf(now), summary(summaryOf(then), then));
  }
  if (now === null || then === null) return changes;
  add('summary', null, summaryOf(now), summary(summaryOf(then), then));
  add('document', null, documentOf(now), document(documentOf(then), then));
  add('foundBy', null, foundByOf(searchRowOf(now)), foundBy(foundByOf(searchRowOf(then)), then));
  return changes;
}

const asIs = <T>(asNow: T): T => asNow;

/** The content as it would be stored. */
function plain(content: unknown): unknown {
  return JSON.parse(JSON.stringify(content ?? null)) as unknown;
}
