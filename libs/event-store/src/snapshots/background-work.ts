/**
 * Work that nobody waits for, a few pieces at a time, after what is under way in this turn of the event loop. A piece
 * takes the place of one that still waits under the same key.
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
   * @returns whether it will be done; false: too much waits already
   */
  add(key: string, work: () => Promise<void>): boolean {
    if (this.#closed) return false;
    if (!this.#waiting.has(key) && this.#waiting.size >= this.#limits.waiting) return false;
    this.#waiting.set(key, work);
    this.#next();
    return true;
  }

  /** Once nothing waits and nothing is under way. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay.values());
  }

  /** Drops what waits, and ends with what is under way. */
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
