import type { CommandAttempt, CommandOutcome, ReadAttempt } from '../checker/facts.js';

type Sent = Omit<CommandAttempt, 'outcome'>;

/** Gets each attempt before it is made, and then its outcome. */
export interface AttemptRecorder {
  /**
   * Notes an attempt.
   * @param key null for a dry run, which has none
   * @returns the function to call with the outcome
   */
  sending(key: string | null, attempt: Sent): (outcome: CommandOutcome) => void;
}

/** The attempts of the clients and their outcomes, kept outside of everything that may fail. */
export class Recorder implements AttemptRecorder {
  readonly commands: CommandAttempt[] = [];
  readonly reads: ReadAttempt[] = [];
  /** The latest attempt under each key, whatever came of it. */
  readonly #sent = new Map<string, Sent>();
  /** Keys of repeated requests whose clients record their attempts elsewhere. */
  readonly #repeatedKeys = new Set<string>();

  sending(key: string | null, attempt: Sent): (outcome: CommandOutcome) => void {
    if (key !== null) this.#sent.set(key, attempt);
    return (outcome) => this.commands.push({ ...attempt, outcome });
  }

  /** Records that the network repeated a request. No client gets the answer to the repetition. */
  repeatedByNetwork(request: string): void {
    const key = /^idempotency-key: (.+?)\r?$/im.exec(request)?.[1];
    if (key === undefined) return; // a dry run
    const attempt = this.#sent.get(key);
    if (attempt) this.commands.push(repeated(attempt));
    else this.#repeatedKeys.add(key);
  }

  /** Attempts that were recorded elsewhere, together with the network's repetitions of them. */
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
