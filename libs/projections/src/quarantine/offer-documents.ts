import { setTimeout as delay } from 'node:timers/promises';
import { count, counted } from '#platform/counted.js';
import { generationById } from '#read-models/generations/generation.js';
import type { Queryable } from '#read-models/queryable.js';
import { SEARCH_PROJECTION } from '#read-models/orders.projection.js';
import type { Action } from '#read-models/stores/quarantine-actions.store.js';
import { parkedOrders } from '#read-models/stores/quarantine.store.js';
import { SearchProgressStore } from '#read-models/stores/search-progress.store.js';
import type { OwnedOrders } from '../orders/owned-orders.js';

interface Offering {
  readonly db: Queryable;
  readonly orders: OwnedOrders;
}

const LOOK_EVERY_MS = 50;
const INDEX_LIMIT_MS = 5_000;

/**
 * Offers refused documents to the index once more, and reports whether the index took them. A document follows its
 * row, so the row is written again as it is.
 */
export async function offerDocuments(
  { action, generation, tenantId, orderId }: Action,
  { db, orders: { oneAtATime, store } }: Offering,
  signal: AbortSignal,
): Promise<{ succeeded: boolean; outcome: string }> {
  if (action === 'skip') {
    return {
      succeeded: false,
      outcome: 'the index refuses the whole document of an order, so there is no event to skip',
    };
  }
  const isAsked = (one: { tenantId: string; orderId: string }) =>
    action === 'retry_all' || (one.tenantId === tenantId && one.orderId === orderId);
  const parked = async () => {
    const orders = await parkedOrders(db, { projection: SEARCH_PROJECTION, generation });
    return orders.filter(isAsked);
  };
  const before = await parked();
  if (before.length === 0) return { succeeded: true, outcome: 'no document is parked' };
  const last = await oneAtATime.run(() => store.touch(before));
  await store.announce();
  const progress = new SearchProgressStore(db, await generationById(db, generation));
  if (!(await isFollowed(progress, last ?? 0n, signal))) {
    const outcome = 'offered again, but the index is not being written now: it gets the documents once it is';
    return { succeeded: false, outcome };
  }
  const [refused, ...more] = await parked();
  if (!refused)
    return {
      succeeded: true,
      outcome: `the index has taken the documents of ${counted(before.length, 'order')}`,
    };
  const outcome = `the index still refuses the documents of ${count(more.length + 1)} of ${counted(before.length, 'order')}: ${refused.reason}`;
  return { succeeded: false, outcome };
}

async function isFollowed(
  progress: SearchProgressStore,
  writeSeq: bigint,
  signal: AbortSignal,
): Promise<boolean> {
  const deadlineMs = performance.now() + INDEX_LIMIT_MS;
  while (performance.now() < deadlineMs) {
    if ((await progress.checkpoint()).writeSeq >= writeSeq) return true;
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
  return false;
}
