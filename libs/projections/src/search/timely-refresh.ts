/** The refresh that makes a change findable begins at most this long after the change happened. */
export const REFRESH_WITHIN_MS = 800;
/** The least time from one refresh to the next: a refresh costs much the same, however little it shows. */
const REFRESH_GAP_MS = REFRESH_WITHIN_MS / 2;

/**
 * Refreshes an index in time for what is written into it: at once when the last refresh was long ago, otherwise as
 * late as possible, so that each refresh shows as much as it can. Elasticsearch's own refresh counts from its last
 * one, and does not know how long a change has been on its way.
 */
export class TimelyRefresh {
  readonly #refresh: () => Promise<void>;
  #beganMs = -Infinity;
  #running: Promise<void> | null = null;
  #dueMs = Infinity;
  #timer: NodeJS.Timeout | undefined;

  /** @param refresh never rejects */
  constructor(refresh: () => Promise<void>) {
    this.#refresh = refresh;
  }

  /**
   * Called when something was written that no refresh shows yet.
   * @param ageMs since the oldest of the changes happened; a change older than any wait here counts as new, as it
   * is late or imported and nobody waits for it to the moment
   */
  wrote(ageMs: number): void {
    const nowMs = performance.now();
    const dueMs = this.#dueFrom(nowMs, ageMs);
    if (dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    if (this.#running === null) this.#arm(nowMs);
  }

  /** When it resolves, no refresh is under way, and none begins later. */
  async stop(): Promise<void> {
    this.#dueMs = -Infinity;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #dueFrom(nowMs: number, ageMs: number): number {
    if (nowMs - this.#beganMs >= REFRESH_WITHIN_MS) return nowMs;
    const waitedMs = ageMs > REFRESH_WITHIN_MS ? 0 : Math.max(0, ageMs);
    return Math.max(nowMs + REFRESH_WITHIN_MS - waitedMs, this.#beganMs + REFRESH_GAP_MS);
  }

  #arm(nowMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#begin(), Math.max(0, this.#dueMs - nowMs));
  }

  #begin(): void {
    this.#dueMs = Infinity;
    this.#beganMs = performance.now();
    this.#running = this.#refresh().then(() => {
      this.#running = null;
      if (Number.isFinite(this.#dueMs)) this.#arm(performance.now());
    });
  }
}
