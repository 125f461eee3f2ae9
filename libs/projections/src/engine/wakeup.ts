/** Ends a wait early; a `wake` before the `wait` counts too. */
export class Wakeup {
  #woken = false;
  #resolve: (() => void) | null = null;

  wake(): void {
    this.#woken = true;
    this.#resolve?.();
  }

  /** Discards earlier wakes: only those from here on count. */
  forget(): void {
    this.#woken = false;
  }

  /** @returns whether it was woken */
  async wait(timeoutMs: number): Promise<boolean> {
    if (!this.#woken) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
        timer = setTimeout(resolve, timeoutMs);
      });
      clearTimeout(timer);
      this.#resolve = null;
    }
    const woken = this.#woken;
    this.#woken = false;
    return woken;
  }
}
