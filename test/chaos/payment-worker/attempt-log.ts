import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { CommandAttempt, CommandOutcome } from '../checker/facts.js';
import type { AttemptRecorder } from '../workload/recorder.js';

type Sent = Omit<CommandAttempt, 'outcome'>;
type Line = { readonly sent: Sent } | { readonly correlationId: string; readonly outcome: unknown };

/**
 * The attempts of a separate process: a line before each sending and a line for its answer. They survive the
 * process.
 */
export class AttemptLog implements AttemptRecorder {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    appendFileSync(path, '\n'); // ends a line that a killed process may have left unfinished
  }

  /** Notes an attempt. @returns the function to call with its outcome */
  sending(sent: Sent): (outcome: CommandOutcome) => void {
    const { correlationId } = sent;
    this.#write({ sent });
    return (outcome) => this.#write({ correlationId, outcome });
  }

  #write(line: Line): void {
    const json = JSON.stringify(line, (_, value: unknown) =>
      typeof value === 'bigint' ? { bigint: value.toString() } : value,
    );
    appendFileSync(this.#path, `${json}\n`);
  }
}

/** Reads the attempts of a log. An attempt without an answer has an unknown outcome. */
export function readAttempts(path: string): CommandAttempt[] {
  if (!existsSync(path)) return [];
  const attempts = new Map<string, CommandAttempt>();
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    if (text === '') continue;
    const line = parsed(text);
    if (line === null) continue;
    if ('sent' in line) {
      const outcome = { kind: 'unknown', why: 'its sender ended' } as const;
      attempts.set(line.sent.correlationId, { ...line.sent, outcome });
    } else {
      const sent = attempts.get(line.correlationId)!;
      attempts.set(line.correlationId, { ...sent, outcome: line.outcome as CommandOutcome });
    }
  }
  return [...attempts.values()];
}

/** Returns null for an unfinished line of a killed process. Nothing was sent for it. */
function parsed(text: string): Line | null {
  try {
    return JSON.parse(text, (_, value: unknown) =>
      typeof value === 'object' && value !== null && 'bigint' in value ? BigInt(String(value.bigint)) : value,
    ) as Line;
  } catch {
    return null;
  }
}
