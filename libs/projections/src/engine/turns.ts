/** One after the other, in the order in which they are asked for: work that may not overlap. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => {}); // thrown where it was asked for
    return turn;
  }
}
