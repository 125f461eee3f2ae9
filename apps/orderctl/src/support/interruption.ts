import { CliError } from './cli-error.js';

/** Ctrl-C ended the work between two steps. */
export class Stopped extends CliError {}

/** Ctrl-C and SIGTERM, for work that ends between two steps. */
export interface Interruption {
  readonly asked: () => boolean;
  /** Aborted at the same moment, for work that need not wait until its end. */
  readonly signal: AbortSignal;
  /** Stops listening. */
  readonly forget: () => void;
}

/**
 * The first signal asks for an end, and `tell` gets a line about it. The second ends the process at once.
 *
 * @param underWay what is finished first; a function where that changes during the work
 */
export function onInterruption(
  tell: (line: string) => void,
  underWay: string | (() => string),
): Interruption {
  const stop = new AbortController();
  const { signal } = stop;
  const forget = onFirst(() => {
    stop.abort();
    const first = typeof underWay === 'string' ? underWay : underWay();
    tell(`stopping after ${first} (press Ctrl-C again to stop at once)`);
  });
  return { asked: () => signal.aborted, signal, forget };
}

/**
 * For work that can be cut off anywhere: the first signal aborts it. The second ends the process at once.
 *
 * @param reason called at the first signal, for what the work is aborted with
 */
export function abortOnInterruption(reason?: () => Error): {
  readonly signal: AbortSignal;
  readonly forget: () => void;
} {
  const stop = new AbortController();
  const forget = onFirst(() => stop.abort(reason?.()));
  return { signal: stop.signal, forget };
}

/** @returns stops listening */
function onFirst(interrupted: () => void): () => void {
  let isFirst = true;
  const interrupt = () => {
    if (!isFirst) process.exit(1);
    isFirst = false;
    interrupted();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  return () => void process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
}
