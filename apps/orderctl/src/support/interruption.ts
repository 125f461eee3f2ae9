import { CliError } from './cli-error.js';

/** Ctrl-C ended the work between two steps. */
export class Stopped extends CliError {}

/** Ctrl-C and SIGTERM, for work that ends between two steps. */
export interface Interruption {
  readonly asked: () => boolean;
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
  let asked = false;
  const interrupt = () => {
    if (asked) process.exit(1);
    asked = true;
    const first = typeof underWay === 'string' ? underWay : underWay();
    tell(`stopping after ${first} (press Ctrl-C again to stop at once)`);
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const forget = () => {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  };
  return { asked: () => asked, forget };
}
