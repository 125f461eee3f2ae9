/** A clock that stands still while anything can be done, and then goes on to when the next one who waits is woken. */
export class VirtualTime {
  nowMs = 0;
  readonly #waiting: { readonly atMs: number; readonly wake: () => void }[] = [];

  readonly wait = (ms: number): Promise<void> =>
    new Promise((wake) => void this.#waiting.push({ atMs: this.nowMs + ms, wake }));

  /** @throws when it is not done, and nobody waits for a time */
  async until<T>(done: Promise<T>): Promise<T> {
    let isDone = false;
    const ended = done.finally(() => (isDone = true));
    ended.catch(() => {}); // told to the caller below
    for (;;) {
      // What follows from one waking is promises alone: all of it is done by then.
      await new Promise((resolve) => setImmediate(resolve));
      if (isDone) return ended;
      const next = this.#waiting.sort((a, b) => a.atMs - b.atMs).shift();
      if (!next) throw new Error('nothing is waited for, and it is not done');
      this.nowMs = next.atMs;
      next.wake();
    }
  }
}
