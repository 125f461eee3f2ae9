/** The longest pause while an engine is away: within this time it is noticed that the engine is back. */
export const AWAY_PAUSE_MAX_MS = 60_000;

/**
 * How long to wait before another try. The pause doubles each time, up to a limit. Half of it is random, so that
 * messages that failed together are not tried again together.
 *
 * @param failures how many tries failed before this pause, from 1
 */
export function pauseMs(failures: number, baseMs: number, maxMs: number): number {
  const wholeMs = Math.min(maxMs, baseMs * 2 ** (Math.min(failures, 40) - 1));
  return Math.round(wholeMs / 2 + (Math.random() * wholeMs) / 2);
}
