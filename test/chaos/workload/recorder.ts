import type { CommandAttempt, CommandOutcome, ReadAttempt } from '../checker/facts.js';

type Sent = Omit<CommandAttempt, 'outcome'>;

/** Who is told of each attempt before it is made, and of what came of it. */
export interface AttemptRecorder {
  /** Returns what to call with the answer. The key is null for a dry run, which has none. */
  sending(key: string | null, attempt: Sent): (outcome: CommandOutcome) => void;
}

/** What clients tried, and what became of it; kept outside of all that may break. */
export class Recorder implements AttemptRecorder {
  readonly commands: CommandAttempt[] = [];
  readonly reads: ReadAttempt[] = [];
  /** By key: what was sent under it last, whatever became of it. */
  readonly #sent = new Map<string, Sent>();
  /** Keys of requests that the network sent again, of clients whose attempts are recorded elsewhere. */
  readonly #repeatedKeys = new Set<string>();

  sending(key: string | null, attempt: Sent): (outcome: CommandOutcome) => void {
    if (key !== null) this.#sent.set(key, attempt);
    return (outcome) => this.commands.push({ ...attempt, outcome });
  }

  /** The network sent a request again, which no client hears the answer of. */
  repeatedByNetwork(request: string): void {
    const key = /^idempotency-key: (.+?)\r?$/im.exec(request)?.[1];
    if (key === undefined) return; // a dry run
    const attempt = this.#sent.get(key);
    if (attempt) this.commands.push(repeated(attempt));
    else this.#repeatedKeys.add(key);
  }

  /** Attempts that were recorded elsewhere, with what the network made of them. */
  withRepetitions(attempts: readonly (CommandAttempt & { readonly key: string })[]): CommandAttempt[] {
    return attempts.flatMap(({ key, ...attempt }) =>
      this.#repeatedKeys.has(key) ? [attempt, repeated(attempt)] : [attempt],
    );
  }
}

function repeated(attempt: Sent): CommandAttempt {
  const outcome = { kind: 'unknown', why: 'sent again' } as const;
  return { ...attempt, client: 'network', atMs: performance.now(), outcome };
}
