import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { invariantNames, type Violation } from './checker/violations.js';
import type { RoundResult } from './round.js';

interface Settings {
  readonly seed: string;
  readonly engines: boolean;
  readonly roundSeconds: string;
}

/** Counts of what there is in every round: without it, nothing was checked. */
const NEVER_NONE = ['done', 'answered', 'obliged', 'history rows', 'told in the feed', 'ledger entries'];

/** Limit for each invariant; the folder has all violations. */
const SHOWN_VIOLATIONS = 5;

/** Prints the progress of a run and its findings. */
export class Reporter {
  readonly #settings: Settings;
  readonly #counts = new Map<string, number>();
  readonly #faults = new Map<string, number>();
  #rounds = 0;
  #failures = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  begin(): void {
    say(`seed ${this.#settings.seed}${this.#settings.engines ? ', with Elasticsearch and Kafka' : ''}`);
  }

  /**
   * Runs a round and reports on it.
   * @returns whether it found no violation, everything settled, no app ended by itself, and there was something to check
   */
  async round(seed: string, folder: string, run: () => Promise<RoundResult>): Promise<boolean> {
    const startedMs = performance.now();
    this.#rounds += 1;
    try {
      const result = await run();
      add(this.#counts, Object.entries(result.counts));
      add(this.#faults, result.faults);
      const took = ((performance.now() - startedMs) / 1_000).toFixed(0);
      const missing = NEVER_NONE.filter((name) => !result.counts[name]);
      const what = [
        ...(result.unsettled === null ? [] : [result.unsettled]),
        ...result.deaths.map((death) => `an app ended by itself and was started again: ${death}`),
        ...(missing.length === 0 ? [] : [`there was nothing to check of: ${missing.join(', ')}`]),
        ...(result.violations.length === 0 ? [] : [describe(result.violations)]),
      ];
      if (what.length === 0) {
        say(`round ${seed}: ok in ${took} s; ${listed(Object.entries(result.counts))}`);
        return true;
      }
      this.#fail(seed, folder, what.join('\n'), result.violations);
    } catch (error) {
      this.#fail(seed, folder, error instanceof Error ? (error.stack ?? error.message) : String(error), []);
    }
    return false;
  }

  /** Prints the last line: what was checked, and how much of it. */
  end(): void {
    const outcome = this.#failures === 0 ? 'no violation' : `${this.#failures} rounds failed`;
    say(
      `checked I1, I2, I3, I4, I5, I7, I8, I9, I10 and I11 in ${this.#rounds} rounds: ${outcome}; ` +
        `${listed(this.#counts)}; faults: ${listed(this.#faults)}`,
    );
  }

  #fail(seed: string, folder: string, what: string, violations: readonly Violation[]): void {
    this.#failures += 1;
    const { engines, roundSeconds } = this.#settings;
    const command = `npm run chaos -- --round ${seed} --round-seconds ${roundSeconds}${engines ? ' --engines' : ''}`;
    writeFileSync(join(folder, 'violations.json'), JSON.stringify(violations, null, 2));
    say(`round ${seed}: FAILED\n${what}\nrun it again with: ${command}\nlogs and all violations: ${folder}`);
  }
}

export function describe(violations: readonly Violation[]): string {
  const lines = Object.entries(invariantNames).flatMap(([invariant, name]) => {
    const own = violations.filter((violation) => violation.invariant === invariant);
    if (own.length === 0) return [];
    const shown = own.slice(0, SHOWN_VIOLATIONS).map(({ about, what }) => `    ${about}: ${what}`);
    const more = own.length > SHOWN_VIOLATIONS ? [`    and ${own.length - SHOWN_VIOLATIONS} more`] : [];
    return [`  ${invariant} (${name}): ${own.length}`, ...shown, ...more];
  });
  return lines.join('\n');
}

function add(sums: Map<string, number>, counts: Iterable<readonly [string, number]>): void {
  for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count);
}

function listed(counts: Iterable<readonly [string, number]>): string {
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
