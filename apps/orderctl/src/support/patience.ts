import type { ApiAnswer } from './api-answer.js';
import { CliError } from './cli-error.js';

export interface PatienceOptions {
  /** Who is asked, for the error's line. */
  readonly name: string;
  readonly patienceMs: number;
  readonly onWaiting?: (reason: string) => void;
}

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;
const MAX_RETRY_AFTER_MS = 30_000;

/**
 * Asks again while the answer is "not now" (429, 503) or there is none, as long as Retry-After says, else
 * with doubling pauses.
 *
 * @throws CliError when that lasts longer than the patience.
 */
export async function patiently(ask: () => Promise<ApiAnswer>, options: PatienceOptions): Promise<ApiAnswer> {
  const startedMs = Date.now();
  for (let attempt = 0; ; attempt++) {
    const { answer, reason } = await tried(ask);
    if (answer !== null && reason === null) return answer;
    const waitedMs = Date.now() - startedMs;
    if (waitedMs >= options.patienceMs) {
      const seconds = Math.round(waitedMs / 1_000);
      throw new CliError(`${options.name} ${reason ?? 'is away'}, for ${seconds} s now: is it running?`);
    }
    options.onWaiting?.(reason ?? 'is away');
    await new Promise((next) => setTimeout(next, pauseMs(answer, attempt)));
  }
}

async function tried(
  ask: () => Promise<ApiAnswer>,
): Promise<{ answer: ApiAnswer | null; reason: string | null }> {
  try {
    const answer = await ask();
    const busy = answer.status === 429 || answer.status === 503;
    return { answer, reason: busy ? `answers ${answer.status}` : null };
  } catch (error) {
    if (!isConnectionFailure(error)) throw error;
    // The request may have been done: sent again with the same key, it is done once.
    return { answer: null, reason: `does not answer (${(error as NodeJS.ErrnoException).code})` };
  }
}

function isConnectionFailure(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return /^(UND_ERR_(SOCKET|CONNECT_TIMEOUT|HEADERS_TIMEOUT|BODY_TIMEOUT|ABORTED)|E[A-Z]+)$/.test(code);
}

function pauseMs(answer: ApiAnswer | null, attempt: number): number {
  const retryAfter = Number(answer?.headers['retry-after']);
  if (retryAfter > 0) return Math.min(MAX_RETRY_AFTER_MS, retryAfter * 1_000);
  const growing = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10));
  // Not all at once when the service is back.
  return growing * (0.5 + Math.random() / 2);
}
