import type { CommandAttempt, CommandOutcome, CustomerAnswer, ReadAttempt } from '../checker/facts.js';

type Sent = Omit<CommandAttempt, 'outcome'>;

/** Gets each attempt before it is made, and then its outcome. */
export interface AttemptRecorder {
  /** Notes an attempt. @returns the function to call with the outcome */
  sending(attempt: Sent): (outcome: CommandOutcome) => void;
}

/** The attempts of the clients and their outcomes, kept outside of everything that may fail. */
export class Recorder implements AttemptRecorder {
  readonly commands: CommandAttempt[] = [];
  readonly reads: ReadAttempt[] = [];
  readonly customerAnswers: CustomerAnswer[] = [];
  /** Each attempt by its correlation id, whatever came of it. */
  readonly #sent = new Map<string, Sent>();
  /** Correlation ids of repeated requests whose clients record their attempts elsewhere. */
  readonly #repeated: string[] = [];

  sending(attempt: Sent): (outcome: CommandOutcome) => void {
    this.#sent.set(attempt.correlationId, attempt);
    return (outcome) => this.commands.push({ ...attempt, outcome });
  }

  /** Records that the network repeated a request. No client gets the answer to the repetition. */
  repeatedByNetwork(request: string): void {
    const id = /^x-correlation-id: (.+?)\r?$/im.exec(request)?.[1];
    if (id === undefined) return; // not even all headers: the server cannot make anything of it
    const attempt = this.#sent.get(id);
    if (attempt) this.commands.push(repeated(attempt));
    else this.#repeated.push(id);
  }

  /** Attempts that were recorded elsewhere, together with the network's repetitions of them. */
  withRepetitions(attempts: readonly CommandAttempt[]): CommandAttempt[] {
    const byId = new Map(attempts.map((attempt) => [attempt.correlationId, attempt]));
    return [...attempts, ...this.#repeated.flatMap((id) => byId.get(id) ?? []).map(repeated)];
  }
}

function repeated(attempt: Sent): CommandAttempt {
  const outcome = { kind: 'unknown', why: 'sent again' } as const;
  return { ...attempt, client: 'network', atMs: performance.now(), outcome };
}
