import type { Instant } from '#domain/instant.js';
import type { Applied } from './batch-applier.js';
import type { Batch } from './event-buffer.js';
import { Rate } from './rate.js';

/** What the projector did, and how fast lately. */
export class Progress {
  position: bigint | null = null;
  /** When the last event written was recorded. */
  lastRecordedAt: Instant | null = null;
  readonly totals = { events: 0, duplicates: 0, filled: 0, parked: 0, rows: 0, batches: 0 };
  readonly #events = new Rate();
  readonly #rows = new Rate();
  readonly #batches = new Rate();

  wrote(applied: Applied, batch: Batch): void {
    this.position = batch.position;
    this.lastRecordedAt = applied.lastRecordedAt ?? this.lastRecordedAt;
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
