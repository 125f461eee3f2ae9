import { orderStream } from '#event-store/streams.js';
import { isUnavailable } from '#platform/postgres.js';
import { readParked, type ParkedAt } from '#read-models/readers/parked.reader.js';
import { NoActiveGeneration, type ReadModels } from '#read-models/readers/read-models.js';
import { SkippedEvents, type SkippedRevisions } from '#read-models/skipped-events.js';
import { skippedEvents } from '#read-models/stores/skips.store.js';

/** What the read models lack of an order: skipped events, and all events from the parked one on. */
export interface LeftOut {
  readonly skipped: SkippedRevisions;
  readonly parked: ParkedAt | null;
}

const KNOWN_FOR_MS = 10_000;

/**
 * Asks PostgreSQL each time. While PostgreSQL is away, an order's past can still be told: with the skips that were
 * known last, which are few and never taken back, and up to the first event that cannot be read.
 */
export class LeftOutReader {
  readonly #models: ReadModels;
  #all = new SkippedEvents();
  #allAtMs = -Infinity;

  constructor(models: ReadModels) {
    this.#models = models;
  }

  /** Call it before the first question, so that skips are known if PostgreSQL goes away. */
  async refresh(): Promise<void> {
    this.#allAtMs = performance.now();
    try {
      this.#all = await skippedEvents(this.#models.pool);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
    }
  }

  async of(tenantId: string, orderId: string): Promise<LeftOut> {
    const stream = orderStream(tenantId, orderId);
    try {
      const [skips, parked] = await Promise.all([
        skippedEvents(this.#models.pool, { orders: [{ tenantId, orderId }] }),
        // For any customer: the caller checks the owner by the stream.
        readParked(this.#models, { tenantId, customerId: null }, orderId),
      ]);
      if (performance.now() - this.#allAtMs > KNOWN_FOR_MS) await this.refresh();
      return { skipped: skips.of(stream), parked };
    } catch (error) {
      if (!isUnavailable(error) && !(error instanceof NoActiveGeneration)) throw error;
      return { skipped: this.#all.of(stream), parked: null };
    }
  }
}
