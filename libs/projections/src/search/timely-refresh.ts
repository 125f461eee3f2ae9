/** A change is found once the refresh has ended that begins, at the latest, so long after it happened. */
export const REFRESH_WITHIN_MS = 800;
/** From one refresh to the next at least: it costs much the same, however little it shows. */
const REFRESH_GAP_MS = REFRESH_WITHIN_MS / 2;

/**
 * Has an index refreshed in time for what is written into it: at once when the last time is long ago, else as late as may
 * be, so that each shows as much as it can. Elasticsearch by itself would refresh some time after it last did, and
 * knows nothing of how long a change has been on its way.
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
   * Something is in the index that no refresh shows yet.
   * @param ageMs since the first of it happened; what is older than any wait here comes late or from an import, and nobody
   * waits for it to the moment
   */
  wrote(ageMs: number): void {
    const nowMs = performance.now();
    const dueMs = this.#dueFrom(nowMs, ageMs);
    if (dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    if (this.#running === null) this.#arm(nowMs);
  }

  /** None is under way when it resolves, nor begins later. */
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
