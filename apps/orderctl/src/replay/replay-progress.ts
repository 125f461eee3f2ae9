import type { ReplayPhase, ReplayProgress } from '#read-models/stores/replays.store.js';
import { tellLine } from '../support/output.js';
import { Progress } from '../support/progress.js';

/** What the bar of each phase counts. */
const units: Readonly<Record<ReplayPhase, string>> = {
  loading: 'positions read',
  finishing: 'finishing steps',
  catching_up: 'positions caught up',
  verifying: 'orders verified',
  flipping: 'flips',
};

/** A bar for each phase, one after the other. */
export class ReplayProgressBars {
  #phase: ReplayPhase | null = null;
  #bar: Progress | null = null;

  advance({ phase, done, total }: ReplayProgress): void {
    if (total === null || phase === 'flipping') return;
    if (phase !== this.#phase) {
      this.end();
      this.#phase = phase;
      // Work that an earlier process did counts as done, but not for the rate.
      this.#bar = new Progress(total, units[phase], done);
    }
    this.#bar!.advance(done - this.#bar!.done);
  }

  /** Prints a line of its own. */
  tell(line: string): void {
    if (this.#bar === null) tellLine(line);
    else this.#bar.tell(line);
  }

  end(): void {
    this.#bar?.end();
    this.#bar = null;
  }
}
