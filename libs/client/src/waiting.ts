/** The longest delay of Node's timers. With a longer one they fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The delay of a timer that may be any number, such as a limit that is none (`Infinity`). */
export function timerMs(ms: number): number {
  return Math.min(Math.max(0, ms), MAX_TIMER_MS);
}

interface Listeners {
  readonly all: Set<() => void>;
  readonly tell: () => void;
}

/** Those who listen to each signal share one listener on it: Node warns of more than ten. */
const listening = new WeakMap<AbortSignal, Listeners>();

/**
 * Calls the listener as soon as the signal is given.
 *
 * @returns what stops listening
 */
export function whenAborted(signal: AbortSignal, listener: () => void): () => void {
  const { all, tell } = listening.get(signal) ?? newListeners();
  listening.set(signal, { all, tell });
  if (all.size === 0) signal.addEventListener('abort', tell, { once: true });
  all.add(listener);
  return () => {
    all.delete(listener);
    if (all.size === 0) signal.removeEventListener('abort', tell);
  };
}

function newListeners(): Listeners {
  const all = new Set<() => void>();
  const tell = () => {
    for (const listener of all) listener();
  };
  return { all, tell };
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
  let stopListening = () => {};
  try {
    return await new Promise<T | null>((done, failed) => {
      awaited.then(done, failed);
      timer = setTimeout(() => done(null), timerMs(ms));
      if (signal !== null) stopListening = whenAborted(signal, () => failed(signal.reason as Error));
    });
  } finally {
    clearTimeout(timer);
    stopListening();
  }
}

/** @throws the signal's reason, as soon as it is given */
export async function pause(ms: number, signal: AbortSignal | null): Promise<void> {
  await within(ms, new Promise<never>(() => {}), signal);
}
