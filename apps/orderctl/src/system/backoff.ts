export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** How many times in a row it is worth trying again. */
  readonly attempts: number;
}

/** Doubling pauses between attempts, until there have been too many of them. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** How long to wait before the next attempt; null: no more. */
  next(): number | null {
    const { firstMs, maxMs, attempts } = this.#options;
    if (this.#failures >= attempts) return null;
    return Math.min(maxMs, firstMs * 2 ** this.#failures++);
  }

  /** After it has gone well for a while. */
  reset(): void {
    this.#failures = 0;
  }
}
