import { nextOrderEventAgeMs } from '#event-store/next-order-event.js';
import type { EventStore } from '#event-store/port.js';

/** How far a projection is behind what a read asked for; part of the problem `not_caught_up`. */
export interface Behind {
  readonly projection: string;
  /** A position; null: it has read nothing yet, or this process does not know. */
  readonly reached: string | null;
  /**
   * Distance to what was asked for, in positions: events in the embedded event store, bytes in EventStoreDB. null:
   * not known.
   */
  readonly positions: number | null;
  /** Time since the oldest event that the projection lacks was recorded; 0: it lacks none; null: not known. */
  readonly seconds: number | null;
}

/** A read that is late already does not wait long to learn how late. */
const ASK_TIMEOUT_MS = 500;
/** How long an answer is shared: late reads come many at a time, and each question costs a subscription. */
const KEPT_MS = 1_000;

interface Missing {
  readonly projection: string;
  readonly reached: bigint | null;
  /** null: all that is in the event store. */
  readonly wanted: bigint | null;
}

/** Asks the event store how far projections are behind, for one projection about once a second. */
export class Lag {
  readonly #eventStore: Pick<EventStore, 'subscribeToAll' | 'headPosition'>;
  readonly #asked = new Map<string, { readonly untilMs: number; readonly seconds: Promise<number | null> }>();

  constructor(eventStore: Pick<EventStore, 'subscribeToAll' | 'headPosition'>) {
    this.#eventStore = eventStore;
  }

  async behind({ projection, reached, wanted }: Missing): Promise<Behind> {
    const [seconds, last] = await Promise.all([
      this.#seconds(projection, reached),
      wanted ?? this.#eventStore.headPosition().catch(() => null),
    ]);
    const togo = last === null || reached === null ? null : last - reached;
    const positions = togo === null ? null : Number(togo < 0n ? 0n : togo);
    return { projection, reached: reached?.toString() ?? null, positions, seconds };
  }

  #seconds(projection: string, reached: bigint | null): Promise<number | null> {
    const nowMs = performance.now();
    const known = this.#asked.get(projection);
    if (known && known.untilMs > nowMs) return known.seconds;
    const seconds = secondsSince(this.#eventStore, reached).catch(() => null); // the event store is away: not known
    this.#asked.set(projection, { untilMs: nowMs + KEPT_MS, seconds });
    return seconds;
  }
}

async function secondsSince(
  eventStore: Pick<EventStore, 'subscribeToAll'>,
  reached: bigint | null,
): Promise<number | null> {
  const sinceMs = await nextOrderEventAgeMs(eventStore, reached, { withinMs: ASK_TIMEOUT_MS });
  return sinceMs === null ? null : sinceMs / 1_000;
}
