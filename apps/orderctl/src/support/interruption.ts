import { CliError } from './cli-error.js';

/** Ctrl-C ended the work between two steps. */
export class Stopped extends CliError {}

/** Ctrl-C and SIGTERM, for work that ends between two steps. */
export interface Interruption {
  readonly asked: () => boolean;
  /** No longer listens. */
  readonly forget: () => void;
}

/**
 * The first asks for an end, which `tell` is told; the second ends at once.
 *
 * @param underWay what is ended first; of work of several kinds, at that moment
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
    tell(`stopping after ${first} (again: at once)`);
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const forget = () => {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  };
  return { asked: () => asked, forget };
}
