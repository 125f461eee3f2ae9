import { LRUCache } from 'lru-cache';
import type { StoredEvent } from './stored-event.js';
import { Tail } from './tail.js';

/** Estimated memory of an event besides its frame. */
const OVERHEAD_BYTES = 256;

export interface StreamCacheLimits {
  maxBytes: number;
  /** Limit for one stream. Of a longer stream, the cache holds the last events. */
  maxStreamBytes: number;
}

interface Range {
  readonly events: Tail;
  readonly bytes: number;
}

/**
 * Committed events of the streams that were read or written last, so that a stream in use is read without a query.
 * For each stream the cache holds every event between two revisions. Stored events never change; the state of the
 * stream decides which of them a reader may see.
 */
export class StreamCache {
  readonly #limits: StreamCacheLimits;
  readonly #ranges: LRUCache<string, Range>;

  constructor(limits: StreamCacheLimits) {
    this.#limits = limits;
    this.#ranges = new LRUCache({ maxSize: limits.maxBytes });
  }

  /** Adds an event that was just committed, the last of its stream. */
  push(event: StoredEvent): void {
    const held = this.#ranges.peek(event.stream);
    const isNext = held?.events.last?.revision === event.revision - 1;
    const { events, bytes } = isNext ? held : { events: new Tail(), bytes: 0 };
    events.push(event);
    this.#set(event.stream, events, bytes + sizeOf(event));
  }

  /**
   * Adds consecutive events of one stream that were read from storage. A page over `maxStreamBytes` is not kept.
   */
  keep(page: readonly StoredEvent[]): void {
    const first = page[0];
    if (!first || sizeOfAll(page) > this.#limits.maxStreamBytes) return;
    const held = this.#ranges.peek(first.stream);
    const together = held ? joined(held.events.slice(0), page) : page;
    const events = new Tail();
    for (const event of together) events.push(event);
    this.#set(first.stream, events, sizeOfAll(together));
  }

  /** At most `limit` of the stream's events from `revision` on; null when the first of them is not held. */
  from(stream: string, revision: number, limit: number): StoredEvent[] | null {
    const events = this.#ranges.get(stream)?.events;
    if (!events) return null;
    const start = revision - events.first!.revision;
    const isHeld = start >= 0 && start < events.length;
    return isHeld ? events.slice(start, limit) : null;
  }

  /** Forgets all: another store may have written to the database meanwhile, to an older copy of it even. */
  clear(): void {
    this.#ranges.clear();
  }

  #set(stream: string, events: Tail, bytes: number): void {
    while (bytes > this.#limits.maxStreamBytes && events.length > 1) bytes -= sizeOf(events.shift()!);
    // A new object each time: the LRU cache ignores the new size when the value is the same object.
    this.#ranges.set(stream, { events, bytes }, { size: bytes });
  }
}

/** Joins two ranges of a stream. Where there is a gap between them, returns the later range alone. */
function joined(one: readonly StoredEvent[], other: readonly StoredEvent[]): readonly StoredEvent[] {
  const [early, late] = one[0]!.revision <= other[0]!.revision ? [one, other] : [other, one];
  const begins = late[0]!.revision - early[0]!.revision;
  if (begins > early.length) return late;
  return early.length >= begins + late.length ? early : [...early.slice(0, begins), ...late];
}

function sizeOfAll(events: readonly StoredEvent[]): number {
  return events.reduce((sum, event) => sum + sizeOf(event), 0);
}

function sizeOf({ frame }: StoredEvent): number {
  return frame.length + OVERHEAD_BYTES;
}
