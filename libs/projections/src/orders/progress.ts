import type { Applied } from './batch-applier.js';
import type { EventBatch } from '../engine/event-buffer.js';
import { Rate } from '../engine/rate.js';

/** What a follower did, and how fast lately. */
export class Progress {
  position: bigint | null = null;
  /** Whether the checkpoint was read: until then, a null position does not mean the beginning. */
  isKnown = false;
  readonly totals = { events: 0, duplicates: 0, filled: 0, parked: 0, rows: 0, batches: 0 };
  readonly #events = new Rate();
  readonly #rows = new Rate();
  readonly #batches = new Rate();

  startsAt(checkpoint: bigint | null): void {
    this.position = checkpoint;
    this.isKnown = true;
  }

  wrote(applied: Applied, batch: EventBatch): void {
    this.position = batch.position;
    this.totals.events += applied.events;
    this.totals.duplicates += applied.duplicates;
    this.totals.filled += applied.filled;
    this.totals.parked += applied.parked.length;
    this.totals.rows += applied.rows;
    this.totals.batches += 1;
    this.#events.add(applied.events);
    this.#rows.add(applied.rows);
    this.#batches.add(1);
  }

  /** Over the last ten seconds. */
  rates(): { eventsPerSecond: number; rowsPerSecond: number; batchesPerSecond: number } {
    return {
      eventsPerSecond: this.#events.perSecond(),
      rowsPerSecond: this.#rows.perSecond(),
      batchesPerSecond: this.#batches.perSecond(),
    };
  }
}
