import type { StoredEvent } from './stored-event.js';

/** So many that are gone are worth a copy of those that are not. */
const CUT_AT = 64;

export interface RecentEventsLimits {
  maxEvents: number;
  maxBytes: number;
}

/**
 * The last events of `$all`, committed and without a hole, so that live subscriptions and reads near the
 * end need no query. Positions in it follow each other one by one.
 */
export class RecentEvents {
  readonly #limits: RecentEventsLimits;
  #all = new Tail();
  #ofStreams = new Map<string, Tail>();
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

  /** The first position that is held; one past the last when nothing is. */
  get firstPosition(): number {
    return this.#lastPosition + 1 - this.#all.length;
  }

  /** Forgets everything: after an outage other events may have come in between. */
  reset(lastPosition: number): void {
    this.#all = new Tail();
    this.#ofStreams = new Map();
    this.#bytes = 0;
    this.#lastPosition = lastPosition;
  }

  push(event: StoredEvent): void {
    if (event.position !== this.#lastPosition + 1) {
      throw new Error(`position ${event.position} does not follow ${this.#lastPosition}`);
    }
    const known = this.#ofStreams.get(event.stream);
    const ofStream = known ?? new Tail();
    if (!known) this.#ofStreams.set(event.stream, ofStream);
    ofStream.push(event);
    this.#all.push(event);
    this.#lastPosition = event.position;
    this.#bytes += event.frame.length;
    const { maxEvents, maxBytes } = this.#limits;
    while (this.#all.length > maxEvents || this.#bytes > maxBytes) this.#evict();
  }

  /** Whether every event after `position` is here. */
  holdsAfter(position: number): boolean {
    return position + 1 >= this.firstPosition;
  }

  /** The events after `position`, at most `limit`. Ask `holdsAfter` first. */
  after(position: number, limit: number): StoredEvent[] {
    return this.#all.slice(Math.max(0, position + 1 - this.firstPosition), limit);
  }

  /** At most `limit` of the stream's events from `revision` on; null when the first of them is not here. */
  ofStreamFrom(stream: string, revision: number, limit: number): StoredEvent[] | null {
    const events = this.#ofStreams.get(stream);
    if (!events) return null;
    // Revisions follow each other one by one, but for that of a tombstone.
    const start = revision - events.first!.revision;
    return events.at(start)?.revision === revision ? events.slice(start, limit) : null;
  }

  #evict(): void {
    const event = this.#all.shift()!;
    const ofStream = this.#ofStreams.get(event.stream)!;
    ofStream.shift();
    if (ofStream.length === 0) this.#ofStreams.delete(event.stream);
    this.#bytes -= event.frame.length;
  }
}

/** Events to which more are added at the end, and from which the first is taken. */
class Tail {
  /** From `#head` on; what lies before is cut off from time to time. */
  #events: (StoredEvent | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#events.length - this.#head;
  }

  get first(): StoredEvent | undefined {
    return this.#events[this.#head];
  }

  at(index: number): StoredEvent | undefined {
    return index < 0 ? undefined : this.#events[this.#head + index];
  }

  slice(start: number, limit: number): StoredEvent[] {
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
