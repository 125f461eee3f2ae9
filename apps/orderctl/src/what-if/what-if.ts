import type pg from 'pg';
import { decode } from '#event-store/codec.js';
import { StreamDeleted } from '#event-store/errors.js';
import type { EventStore } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';
import { eventsUpTo } from '#projections/verify/events-up-to.js';
import type { Generation } from '#read-models/generations/generation.js';
import { withoutSkipped } from '#read-models/skipped-events.js';
import { orderKeys, rowRevisions } from '#read-models/stores/order-keys.js';
import type { OrderKey } from '#read-models/order-key.js';
import { skippedEvents } from '#read-models/stores/skips.store.js';
import { compareOrder, type Change } from './compared-order.js';
import type { Definition } from './definition.js';

export interface WhatIfOptions {
  readonly eventStore: Pick<EventStore, 'readStream' | 'headPosition'>;
  /** Only read from. */
  readonly pool: pg.Pool;
  /** The orders of this generation are compared. */
  readonly generation: Generation;
  readonly definition: Definition;
  readonly onProgress?: (orders: number) => void;
  /** Asked between pages of orders: true ends the work early, with what was found so far. */
  readonly asked?: () => boolean;
}

/** Which orders would differ, and how. */
export interface WhatIfReport {
  readonly orders: number;
  readonly events: number;
  /** Orders with at least one change. */
  readonly differing: number;
  /** Orders that the definition or this release cannot fold, and orders whose stream cannot be read. */
  readonly failing: number;
  /** Orders whose stream was deleted: their rows remain, but there are no events to fold. */
  readonly deleted: number;
  /**
   * How many orders would differ in which path, the most frequent first. List indexes are left out of the paths.
   */
  readonly fields: readonly { readonly path: string; readonly orders: number }[];
  /** At most a thousand orders. */
  readonly changed: readonly ChangedOrder[];
  /** Whether all orders were looked at. */
  readonly complete: boolean;
  readonly seconds: number;
}

export interface ChangedOrder extends OrderKey {
  /** At most a hundred. */
  readonly changes: readonly Change[];
  /** How many changes there are in all. */
  readonly changeCount: number;
  /** Why the order cannot be folded; null: it can. */
  readonly failure: string | null;
}

const CONCURRENT_STREAMS = 12;
const CHANGED_MAX = 1_000;
/** Limit for one order, in which every event may bring changes. */
const CHANGES_MAX = 100;

/**
 * Folds every order's events twice, as this release does and as the definition would. Writes nothing. Each order
 * is folded up to the revision of its row: the later events of a parked order are in no row, and this release may
 * be unable to fold them.
 */
export async function whatIf(options: WhatIfOptions): Promise<WhatIfReport> {
  const startedMs = performance.now();
  const { pool, generation, asked = () => false, onProgress } = options;
  const found = new Found();
  for await (const keys of orderKeys(pool, generation)) {
    if (asked()) return found.report(false, startedMs);
    await comparePage(options, keys, found);
    onProgress?.(found.orders);
  }
  return found.report(true, startedMs);
}

async function comparePage(options: WhatIfOptions, keys: readonly OrderKey[], found: Found): Promise<void> {
  const { eventStore, definition } = options;
  const [skipped, rows] = await Promise.all([
    skippedEvents(options.pool, { orders: keys }),
    rowRevisions(options.pool, options.generation, keys),
  ]);
  const revisions = new Map(
    rows.map(({ tenantId, orderId, revision }) => [orderStream(tenantId, orderId), revision]),
  );
  const next = keys.values();
  const worker = async () => {
    for (const key of next) {
      const stream = orderStream(key.tenantId, key.orderId);
      const revision = revisions.get(stream);
      if (revision === undefined) continue; // its row has gone
      const raw = await eventsUpTo(eventStore, stream, revision);
      if (raw instanceof Error) {
        if (raw instanceof StreamDeleted) found.addDeleted();
        else found.add(key, 0, [], raw.message);
        continue;
      }
      try {
        const events = await decode(withoutSkipped(raw, skipped.of(stream)));
        found.add(key, raw.length, compareOrder(events, definition), null);
      } catch (error) {
        found.add(key, raw.length, [], error instanceof Error ? error.message : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_STREAMS }, worker));
}

class Found {
  orders = 0;
  #events = 0;
  #differing = 0;
  #failing = 0;
  #deleted = 0;
  readonly #fields = new Map<string, number>();
  readonly #changed: ChangedOrder[] = [];

  addDeleted(): void {
    this.orders += 1;
    this.#deleted += 1;
  }

  add(
    { tenantId, orderId }: OrderKey,
    events: number,
    changes: readonly Change[],
    failure: string | null,
  ): void {
    this.orders += 1;
    this.#events += events;
    if (failure !== null) this.#failing += 1;
    else if (changes.length === 0) return;
    else this.#differing += 1;
    for (const path of new Set(changes.map((change) => change.path.replace(/\[\d+\]/g, '[]'))))
      this.#fields.set(path, (this.#fields.get(path) ?? 0) + 1);
    if (this.#changed.length === CHANGED_MAX) return;
    const kept = changes.slice(0, CHANGES_MAX);
    this.#changed.push({ tenantId, orderId, changes: kept, changeCount: changes.length, failure });
  }

  report(complete: boolean, startedMs: number): WhatIfReport {
    const fields = [...this.#fields].map(([path, orders]) => ({ path, orders }));
    return {
      orders: this.orders,
      events: this.#events,
      differing: this.#differing,
      failing: this.#failing,
      deleted: this.#deleted,
      fields: fields.sort((a, b) => b.orders - a.orders || (a.path < b.path ? -1 : 1)),
      changed: this.#changed,
      complete,
      seconds: Math.round(performance.now() - startedMs) / 1_000,
    };
  }
}
