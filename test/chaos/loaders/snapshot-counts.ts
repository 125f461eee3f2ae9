import type { SnapshotCounts } from '../checker/facts.js';

const COUNTER = /^orderlog_snapshot_(reads|checks)_total\{outcome="(\w+)"\} (\d+)$/gm;
const ANSWER_LIMIT_MS = 500;

/**
 * What the command-apis count about snapshots, over all their processes. A process that ends takes with it what it
 * counted since it was asked last.
 */
export class SnapshotCounting {
  readonly counts = {
    reads: new Map<string, number>(),
    checks: new Map<string, number>(),
  } satisfies SnapshotCounts;
  /** By address and counter, as last told. */
  readonly #told = new Map<string, number>();

  async ask(urls: readonly string[]): Promise<void> {
    await Promise.all(urls.map((url) => this.#ask(url)));
  }

  async #ask(url: string): Promise<void> {
    const text = await metricsOf(url);
    for (const [, what, outcome, value] of text.matchAll(COUNTER)) {
      const counter = `${url} ${what} ${outcome}`;
      const before = this.#told.get(counter) ?? 0;
      const now = Number(value);
      this.#told.set(counter, now);
      // A counter that went back belongs to a new process.
      const counts = this.counts[what as keyof SnapshotCounts];
      counts.set(outcome!, (counts.get(outcome!) ?? 0) + (now < before ? now : now - before));
    }
  }
}

/** Nothing while the process is away or paused. */
async function metricsOf(url: string): Promise<string> {
  try {
    const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
    return await answer.text();
  } catch {
    return '';
  }
}
