const EVERY_MS = 2_000;

interface NowAndThen {
  /** When `tell` is called first; by default after the first two seconds. */
  readonly first?: 'at once' | 'later';
  readonly everyMs?: number;
}

/** Passes on what is told every two seconds at most, however often that is; what is told in between is dropped. */
export function nowAndThen<Told extends readonly unknown[]>(
  tell: (...told: Told) => void,
  { first = 'later', everyMs = EVERY_MS }: NowAndThen = {},
): (...told: Told) => void {
  let toldMs = first === 'at once' ? 0 : Date.now();
  return (...told) => {
    if (Date.now() - toldMs < everyMs) return;
    toldMs = Date.now();
    tell(...told);
  };
}
