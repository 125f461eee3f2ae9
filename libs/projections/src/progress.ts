import type { Instant } from '#domain/instant.js';
import type { Applied } from './batch-applier.js';
import type { Batch } from './event-buffer.js';

const WINDOW_MS = 10_000;

interface Written extends Applied {
  readonly atMs: number;
}

/** What the projector did, and how fast lately. */
export class Progress {
  position: bigint | null = null;
  /** When the last event written was recorded. */
  lastRecordedAt: Instant | null = null;
  readonly totals = { events: 0, duplicates: 0, filled: 0, rows: 0, batches: 0 };
  #recent: Written[] = [];
  readonly #startedMs = performance.now();

  wrote(applied: Applied, batch: Batch): void {
    const atMs = performance.now();
    this.position = batch.position;
    this.lastRecordedAt = applied.lastRecordedAt ?? this.lastRecordedAt;
    this.totals.events += applied.events;
    this.totals.duplicates += applied.duplicates;
    this.totals.filled += applied.filled;
    this.totals.rows += applied.rows;
    this.totals.batches += 1;
    this.#recent.push({ ...applied, atMs });
    if (this.#recent[0]!.atMs < atMs - 2 * WINDOW_MS) this.#recent = this.#within(atMs);
  }

  /** Over the last ten seconds. */
  rates(): { eventsPerSecond: number; rowsPerSecond: number; batchesPerSecond: number } {
    const nowMs = performance.now();
    this.#recent = this.#within(nowMs);
    const seconds = Math.max(1, Math.min(WINDOW_MS, nowMs - this.#startedMs) / 1_000);
    const perSecond = (count: number) => Math.round((count / seconds) * 10) / 10;
    return {
      eventsPerSecond: perSecond(this.#recent.reduce((sum, { events }) => sum + events, 0)),
      rowsPerSecond: perSecond(this.#recent.reduce((sum, { rows }) => sum + rows, 0)),
      batchesPerSecond: perSecond(this.#recent.length),
    };
  }

  #within(nowMs: number): Written[] {
    return this.#recent.filter(({ atMs }) => atMs >= nowMs - WINDOW_MS);
  }
}
