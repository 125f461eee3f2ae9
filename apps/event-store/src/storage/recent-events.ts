import type { StoredEvent } from './stored-event.js';

interface Entry {
  event: StoredEvent;
  earlier: Entry | null;
  later: Entry | null;
}

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
  /** Entries from `#head` on; what lies before is cut off from time to time. */
  #entries: (Entry | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  #lastOfStream = new Map<string, Entry>();
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
    return this.#lastPosition + 1 - (this.#entries.length - this.#head);
  }

  /** Forgets everything: after an outage other events may have come in between. */
  reset(lastPosition: number): void {
    this.#entries = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#lastOfStream = new Map();
    this.#lastPosition = lastPosition;
  }

  push(event: StoredEvent): void {
    if (event.position !== this.#lastPosition + 1) {
      throw new Error(`position ${event.position} does not follow ${this.#lastPosition}`);
    }
    const earlier = this.#lastOfStream.get(event.stream) ?? null;
    const entry: Entry = { event, earlier, later: null };
    if (earlier) earlier.later = entry;
    this.#lastOfStream.set(event.stream, entry);
    this.#entries.push(entry);
    this.#lastPosition = event.position;
    this.#bytes += event.frame.length;
    while (
      this.#entries.length - this.#head > this.#limits.maxEvents ||
      this.#bytes > this.#limits.maxBytes
    ) {
      this.#evict();
    }
  }

  /** Whether every event after `position` is here. */
  holdsAfter(position: number): boolean {
    return position + 1 >= this.firstPosition;
  }

  /** The events after `position`, at most `limit`. Ask `holdsAfter` first. */
  after(position: number, limit: number): StoredEvent[] {
    const start = this.#head + Math.max(0, position + 1 - this.firstPosition);
    const end = Math.min(this.#entries.length, start + limit);
    const events: StoredEvent[] = [];
    for (let index = start; index < end; index++) events.push(this.#entries[index]!.event);
    return events;
  }

  /** The stream's events from `revision` on, or null when they are not all here. */
  ofStreamFrom(stream: string, revision: number): StoredEvent[] | null {
    let entry = this.#lastOfStream.get(stream) ?? null;
    const found: StoredEvent[] = [];
    while (entry && entry.event.revision >= revision) {
      found.push(entry.event);
      entry = entry.earlier;
    }
    return found.at(-1)?.revision === revision ? found.reverse() : null;
  }

  #evict(): void {
    const entry = this.#entries[this.#head]!;
    this.#entries[this.#head++] = undefined;
    this.#bytes -= entry.event.frame.length;
    if (entry.later) entry.later.earlier = null;
    else this.#lastOfStream.delete(entry.event.stream);
    if (this.#head < 1_024 || this.#head * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }
}
