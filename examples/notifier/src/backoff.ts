/** An engine that is back is noticed within this. */
export const AWAY_PAUSE_MAX_MS = 60_000;

/**
 * How long to wait before another try: doubled each time, up to a limit, of which the half is left to chance so that
 * what failed together does not come again together.
 *
 * @param failures before this pause, from 1
 */
export function pauseMs(failures: number, baseMs: number, maxMs: number): number {
  const wholeMs = Math.min(maxMs, baseMs * 2 ** (Math.min(failures, 40) - 1));
  return Math.round(wholeMs / 2 + (Math.random() * wholeMs) / 2);
}
