import type { StoredEvent } from './stored-event.js';

/** The array is copied without its taken events once there are this many of them, and they are half of it. */
const CUT_AT = 64;

/** A queue of events: they are added at the end and taken from the front. */
export class Tail {
  /** The queue begins at `#head`. The taken events before it are cut off from time to time. */
  #events: (StoredEvent | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#events.length - this.#head;
  }

  get first(): StoredEvent | undefined {
    return this.#events[this.#head];
  }

  get last(): StoredEvent | undefined {
    return this.#events.at(-1);
  }

  slice(start: number, limit: number = this.length): StoredEvent[] {
    const from = this.#head + start;
    return this.#events.slice(from, from + limit) as StoredEvent[];
  }

  push(event: StoredEvent): void {
    this.#events.push(event);
  }

  shift(): StoredEvent | undefined {
    const first = this.#events[this.#head];
    this.#events[this.#head++] = undefined;
    if (this.#head >= CUT_AT && this.#head * 2 >= this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }
}
