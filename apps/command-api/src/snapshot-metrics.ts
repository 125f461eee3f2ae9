import { Counter, type Registry } from 'prom-client';
import {
  checkOutcomes,
  readOutcomes,
  writeOutcomes,
  type CheckOutcome,
  type ReadOutcome,
  type SnapshotObserver,
  type WriteOutcome,
} from '#event-store/snapshots/snapshot-observer.js';
import type { Logger } from '#platform/logging.js';

/** Counts what happens to snapshots, for `/metrics`, and logs what a person has to look at. */
export class SnapshotMetrics implements SnapshotObserver {
  readonly #logger: Logger;
  readonly #reads: Counter<'outcome'>;
  readonly #writes: Counter<'outcome'>;
  readonly #checks: Counter<'outcome'>;

  constructor(registry: Registry, logger: Logger) {
    this.#logger = logger;
    const counter = (name: string, help: string, outcomes: readonly string[]) => {
      const metric = new Counter({ name, help, labelNames: ['outcome'], registers: [registry] });
      for (const outcome of outcomes) metric.inc({ outcome }, 0); // an alarm on an increase needs a first value
      return metric;
    };
    this.#reads = counter(
      'orderlog_snapshot_reads_total',
      'Attempts to read a snapshot, by outcome.',
      readOutcomes,
    );
    this.#writes = counter(
      'orderlog_snapshot_writes_total',
      'Snapshots to write, by outcome.',
      writeOutcomes,
    );
    this.#checks = counter(
      'orderlog_snapshot_checks_total',
      'Loads from a snapshot that were compared with a fold of all events, by outcome.',
      checkOutcomes,
    );
  }

  read(outcome: ReadOutcome, stream: string): void {
    this.#reads.inc({ outcome });
    const isOdd =
      outcome === 'corrupt' || outcome === 'foreign' || outcome === 'future' || outcome === 'oversized';
    if (isOdd)
      this.#logger.warn(
        { stream, outcome },
        'a snapshot cannot be used: run `orderctl snapshot rebuild` to replace it',
      );
  }

  wrote(outcome: WriteOutcome): void {
    this.#writes.inc({ outcome });
  }

  checked(outcome: CheckOutcome, stream: string, details: Readonly<Record<string, unknown>>): void {
    this.#checks.inc({ outcome });
    if (outcome !== 'different') return;
    this.#logger.error(
      { stream, ...details },
      'a snapshot gave an order another state than its events do: run `orderctl snapshot verify`',
    );
  }

  failed(what: 'read' | 'write' | 'check', stream: string, error: unknown): void {
    this.#logger.warn({ stream, err: error }, `the ${what} of a snapshot failed`);
  }
}
