export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** How many attempts in a row are worthwhile. */
  readonly attempts: number;
}

/** Doubling pauses between attempts, up to a number of attempts. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** How long to wait before the next attempt; null: give up. */
  next(): number | null {
    const { firstMs, maxMs, attempts } = this.#options;
    if (this.#failures >= attempts) return null;
    return Math.min(maxMs, firstMs * 2 ** this.#failures++);
  }

  /** Called after things have gone well for a while. */
  reset(): void {
    this.#failures = 0;
  }
}
