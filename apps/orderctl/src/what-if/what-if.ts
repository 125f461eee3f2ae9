import type pg from 'pg';
import { decode } from '#event-store/codec.js';
import type { EventStore, RawEvent } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';
import { orderKeys } from '#projections/verify/verified-rows.js';
import type { Generation } from '#read-models/generations.js';
import { withoutSkipped } from '#read-models/skipped-events.js';
import type { OrderKey } from '#read-models/stores/orders-store.js';
import { skippedEvents } from '#read-models/stores/skips.store.js';
import { compareOrder, type Change } from './compared-order.js';
import type { Definition } from './definition.js';

export interface WhatIfOptions {
  readonly eventStore: Pick<EventStore, 'readStream'>;
  /** Only read from. */
  readonly pool: pg.Pool;
  /** Whose orders are looked at. */
  readonly generation: Generation;
  readonly definition: Definition;
  readonly onProgress?: (orders: number) => void;
  /** Ends it early, with what was found until then. */
  readonly asked?: () => boolean;
}

/** Which orders would differ, and how. */
export interface WhatIfReport {
  readonly orders: number;
  readonly events: number;
  /** Orders with at least one change. */
  readonly differing: number;
  /** Orders that the definition, or this release, cannot fold. */
  readonly failing: number;
  /** How many orders would differ in what; the most first. Places in lists are left out of the paths. */
  readonly fields: readonly { readonly path: string; readonly orders: number }[];
  /** At most a thousand orders. */
  readonly changed: readonly ChangedOrder[];
  /** Whether all orders were looked at. */
  readonly complete: boolean;
  readonly seconds: number;
}

export interface ChangedOrder extends OrderKey {
  readonly changes: readonly Change[];
  /** Why it cannot be folded; null: it can. */
  readonly failure: string | null;
}

const PAGE_ORDERS = 200;
const CONCURRENT_STREAMS = 12;
const CHANGED_MAX = 1_000;

/** Folds every order's events twice, as this release does and as the definition would; writes nothing anywhere. */
export async function whatIf(options: WhatIfOptions): Promise<WhatIfReport> {
  const startedMs = performance.now();
  const { pool, generation, asked = () => false, onProgress } = options;
  const found = new Found();
  for await (const keys of orderKeys(pool, generation, PAGE_ORDERS)) {
    if (asked()) return found.report(false, startedMs);
    await comparePage(options, keys, found);
    onProgress?.(found.orders);
  }
  return found.report(true, startedMs);
}

async function comparePage(options: WhatIfOptions, keys: readonly OrderKey[], found: Found): Promise<void> {
  const { eventStore, definition } = options;
  const skipped = await skippedEvents(options.pool, { orders: keys });
  const next = keys.values();
  const worker = async () => {
    for (const key of next) {
      const stream = orderStream(key.tenantId, key.orderId);
      const raw: RawEvent[] = [];
      for await (const event of eventStore.readStream(stream, { fromRevision: 0 })) raw.push(event);
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
  readonly #fields = new Map<string, number>();
  readonly #changed: ChangedOrder[] = [];

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
    if (this.#changed.length < CHANGED_MAX) this.#changed.push({ tenantId, orderId, changes, failure });
  }

  report(complete: boolean, startedMs: number): WhatIfReport {
    const fields = [...this.#fields].map(([path, orders]) => ({ path, orders }));
    return {
      orders: this.orders,
      events: this.#events,
      differing: this.#differing,
      failing: this.#failing,
      fields: fields.sort((a, b) => b.orders - a.orders || (a.path < b.path ? -1 : 1)),
      changed: this.#changed,
      complete,
      seconds: Math.round(performance.now() - startedMs) / 1_000,
    };
  }
}
