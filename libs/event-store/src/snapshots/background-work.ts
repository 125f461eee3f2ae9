/**
 * Work that nobody waits for. A few pieces run at a time, each begun after the current turn of the event loop. A
 * new piece replaces one that still waits under the same key.
 */
export class BackgroundWork {
  readonly #waiting = new Map<string, () => Promise<void>>();
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #limits: { readonly atOnce: number; readonly waiting: number };
  #closed = false;

  constructor(limits: { readonly atOnce: number; readonly waiting: number }) {
    this.#limits = limits;
  }

  /**
   * @param work never rejects
   * @returns whether it will be done; false: too much waits already, or this is closed
   */
  add(key: string, work: () => Promise<void>): boolean {
    if (this.#closed) return false;
    if (!this.#waiting.has(key) && this.#waiting.size >= this.#limits.waiting) return false;
    this.#waiting.set(key, work);
    this.#next();
    return true;
  }

  /** Resolves once nothing waits and nothing is under way. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay.values());
  }

  /** Drops the pieces that wait. Resolves once the pieces under way have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.clear();
    await this.settled();
  }

  #next(): void {
    for (const [key, work] of this.#waiting) {
      if (this.#underWay.size >= this.#limits.atOnce) return;
      if (this.#underWay.has(key)) continue;
      this.#waiting.delete(key);
      const done = new Promise<void>((begin) => setImmediate(begin)).then(work).finally(() => {
        this.#underWay.delete(key);
        this.#next();
      });
      this.#underWay.set(key, done);
    }
  }
}
