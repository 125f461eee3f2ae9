interface Waiter {
  readonly projection: string;
  readonly position: bigint;
  readonly done: (reached: boolean) => void;
}

/** Callers that wait until a projection has reached a position. */
export class PositionWaiters {
  readonly #waiters = new Set<Waiter>();
  readonly #positionOf: (projection: string) => bigint | null;

  /** @param positionOf where a projection is now; null: not known */
  constructor(positionOf: (projection: string) => bigint | null) {
    this.#positionOf = positionOf;
  }

  /** Resolves with true once the projection has reached the position, with false when the time is over. */
  reached(projection: string, position: bigint, timeoutMs: number): Promise<boolean> {
    if (timeoutMs <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        projection,
        position,
        done: (reached) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve(reached);
        },
      };
      const timer = setTimeout(() => waiter.done(false), timeoutMs);
      this.#waiters.add(waiter);
    });
  }

  /** To be called when projections may have moved. */
  wake(): void {
    for (const waiter of this.#waiters) {
      if ((this.#positionOf(waiter.projection) ?? -1n) >= waiter.position) waiter.done(true);
    }
  }

  /** Ends every wait with false. */
  end(): void {
    for (const waiter of [...this.#waiters]) waiter.done(false);
  }
}
