import { orderStream } from '#event-store/streams.js';
import { isUnavailable } from '#platform/postgres.js';
import { readParked, type ParkedAt } from '#read-models/readers/parked.reader.js';
import { NoActiveGeneration, type ReadModels } from '#read-models/readers/read-models.js';
import { SkippedEvents, type SkippedRevisions } from '#read-models/skipped-events.js';
import { skippedEvents } from '#read-models/stores/skips.store.js';

/** What the read models leave out of an order, or could not take in. */
export interface LeftOut {
  readonly skipped: SkippedRevisions;
  readonly parked: ParkedAt | null;
}

const KNOWN_FOR_MS = 10_000;

/**
 * Asks PostgreSQL each time. While it is away an order's past can still be told: with the skips that were known last,
 * which are few and never taken back, and up to an event that cannot be read.
 */
export class LeftOutReader {
  readonly #models: ReadModels;
  #all = new SkippedEvents();
  #allAtMs = -Infinity;

  constructor(models: ReadModels) {
    this.#models = models;
  }

  /** To be called before the first question, so that something is known should PostgreSQL go. */
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
        // Whose order it is, the stream tells.
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
