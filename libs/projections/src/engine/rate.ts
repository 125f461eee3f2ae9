const WINDOW_MS = 10_000;

/** How often something happened per second, lately. */
export class Rate {
  #recent: { readonly atMs: number; readonly count: number }[] = [];
  readonly #startedMs = performance.now();

  add(count: number): void {
    const atMs = performance.now();
    this.#recent.push({ atMs, count });
    if (this.#recent[0]!.atMs < atMs - 2 * WINDOW_MS) this.#recent = this.#within(atMs);
  }

  /** Over the last ten seconds. */
  perSecond(): number {
    const nowMs = performance.now();
    this.#recent = this.#within(nowMs);
    const seconds = Math.max(1, Math.min(WINDOW_MS, nowMs - this.#startedMs) / 1_000);
    return Math.round((this.#recent.reduce((sum, { count }) => sum + count, 0) / seconds) * 10) / 10;
  }

  #within(nowMs: number): { readonly atMs: number; readonly count: number }[] {
    return this.#recent.filter(({ atMs }) => atMs >= nowMs - WINDOW_MS);
  }
}
