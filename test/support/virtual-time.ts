/**
 * A clock that stands still while anything is left to do. It then jumps to the time of the next waiting wake-up.
 */
export class VirtualTime {
  nowMs = 0;
  readonly #waiting: { readonly atMs: number; readonly wake: () => void }[] = [];

  readonly wait = (ms: number): Promise<void> =>
    new Promise((wake) => void this.#waiting.push({ atMs: this.nowMs + ms, wake }));

  /** Runs the clock until `done` settles. @throws when it is not settled and nothing waits for a time */
  async until<T>(done: Promise<T>): Promise<T> {
    let isDone = false;
    const ended = done.finally(() => (isDone = true));
    ended.catch(() => {}); // the caller gets the error below
    for (;;) {
      // Everything that follows from a wake-up is promises, which are all settled by then.
      await new Promise((resolve) => setImmediate(resolve));
      if (isDone) return ended;
      const next = this.#waiting.sort((a, b) => a.atMs - b.atMs).shift();
      if (!next) throw new Error('nothing is waited for, and it is not done');
      this.nowMs = next.atMs;
      next.wake();
    }
  }
}
