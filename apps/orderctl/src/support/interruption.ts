/** Ctrl-C and SIGTERM, for work that ends between two steps. */
export interface Interruption {
  readonly asked: () => boolean;
  /** No longer listens. */
  readonly forget: () => void;
}

/** The first asks for an end, which `tell` is told; the second ends at once. */
export function onInterruption(tell: (line: string) => void, underWay: string): Interruption {
  let asked = false;
  const interrupt = () => {
    if (asked) process.exit(1);
    asked = true;
    tell(`stopping after ${underWay} (again: at once)`);
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const forget = () => {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  };
  return { asked: () => asked, forget };
}
