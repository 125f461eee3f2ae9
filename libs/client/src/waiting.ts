/** The longest delay of Node's timers. With a longer one they fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The delay of a timer that may be any number, such as a limit that is none (`Infinity`). */
export function timerMs(ms: number): number {
  return Math.min(Math.max(0, ms), MAX_TIMER_MS);
}

/** What is waited for did not come within the time of one try. */
export class TryTooLong extends Error {
  override readonly name = 'TryTooLong';
}

/**
 * @returns the awaited value, or null when `ms` are over first
 * @throws the signal's reason, as soon as it is given
 */
export async function within<T>(
  ms: number,
  awaited: Promise<T>,
  signal: AbortSignal | null,
): Promise<T | null> {
  signal?.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  try {
    return await new Promise<T | null>((done, failed) => {
      awaited.then(done, failed);
      onAbort = () => failed(signal!.reason as Error);
      timer = setTimeout(() => done(null), timerMs(ms));
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** @throws the signal's reason, as soon as it is given */
export async function pause(ms: number, signal: AbortSignal | null): Promise<void> {
  await within(ms, new Promise<never>(() => {}), signal);
}
