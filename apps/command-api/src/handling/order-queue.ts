/** Lets what concerns one order happen one after another; different orders do not wait for each other. */
export class OrderQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  async inTurn<T>(stream: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(stream);
    // Whether the one before succeeded concerns only whoever asked for it.
    const mine = before === undefined ? work() : before.then(work, work);
    this.#last.set(stream, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(stream) === mine) this.#last.delete(stream);
    }
  }
}
