import type { StoredEvent } from './stored-event.js';
import { Tail } from './tail.js';

export interface RecentEventsLimits {
  maxEvents: number;
  maxBytes: number;
}

/**
 * The last committed events of `$all`, kept in memory so that live subscriptions need no query.
 * Their positions are consecutive.
 */
export class RecentEvents {
  readonly #limits: RecentEventsLimits;
  #all = new Tail();
  #bytes = 0;
  #lastPosition: number;

  constructor(lastPosition: number, limits: RecentEventsLimits) {
    this.#lastPosition = lastPosition;
    this.#limits = limits;
  }

  /** The last committed position of `$all`, 0 when there is no event. */
  get lastPosition(): number {
    return this.#lastPosition;
  }

  /** The first position that is held; one past the last position when no event is held. */
  get firstPosition(): number {
    return this.#lastPosition + 1 - this.#all.length;
  }

  /** Forgets everything: during an outage, events may have been stored that are not held here. */
  reset(lastPosition: number): void {
    this.#all = new Tail();
    this.#bytes = 0;
    this.#lastPosition = lastPosition;
  }

  push(event: StoredEvent): void {
    if (event.position !== this.#lastPosition + 1) {
      throw new Error(`position ${event.position} does not follow ${this.#lastPosition}`);
    }
    this.#all.push(event);
    this.#lastPosition = event.position;
    this.#bytes += event.frame.length;
    const { maxEvents, maxBytes } = this.#limits;
    while (this.#all.length > maxEvents || this.#bytes > maxBytes) this.#evict();
  }

  /** Whether every event after `position` is held. */
  holdsAfter(position: number): boolean {
    return position + 1 >= this.firstPosition;
  }

  /** The events after `position`, at most `limit`. Only valid where `holdsAfter(position)` is true. */
  after(position: number, limit: number): StoredEvent[] {
    return this.#all.slice(Math.max(0, position + 1 - this.firstPosition), limit);
  }

  #evict(): void {
    this.#bytes -= this.#all.shift()!.frame.length;
  }
}
