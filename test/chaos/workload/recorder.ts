import type { CommandAttempt, ReadAttempt } from '../checker/facts.js';

/** What clients tried, and what became of it; kept outside of all that may break. */
export class Recorder {
  readonly commands: CommandAttempt[] = [];
  readonly reads: ReadAttempt[] = [];
  /** By key: what was sent under it last, whatever became of it. */
  readonly #sent = new Map<string, Omit<CommandAttempt, 'outcome'>>();
  repeated = 0;

  sending(key: string, attempt: Omit<CommandAttempt, 'outcome'>): void {
    this.#sent.set(key, attempt);
  }

  /** The network sent a request again, which no client hears the answer of. */
  repeatedByNetwork(request: string): void {
    const key = /^idempotency-key: (.+?)\r?$/im.exec(request)?.[1];
    const attempt = key === undefined ? undefined : this.#sent.get(key);
    this.repeated += 1;
    if (attempt === undefined) return; // a dry run
    this.commands.push({
      ...attempt,
      client: 'network',
      atMs: performance.now(),
      outcome: { kind: 'unknown', why: 'sent again' },
    });
  }
}
