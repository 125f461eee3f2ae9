import { StoreSilent } from './errors.js';
import { checkedMetadata } from './metadata.js';
import type { EventStore, RawEvent } from './port.js';
import { ORDER_STREAM_PREFIX } from './streams.js';

const ANSWER_LIMIT_MS = 5_000;

export interface AskOptions {
  readonly withinMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * The first event of any order after a position (null: from the start), as a subscription of its own delivers it.
 * Null when there is none now, or when the signal aborts.
 *
 * @throws StoreUnavailable, and StoreSilent when the store has delivered neither an event nor CaughtUp in time
 */
export async function nextOrderEvent(
  eventStore: Pick<EventStore, 'subscribeToAll'>,
  after: bigint | null,
  { withinMs = ANSWER_LIMIT_MS, signal }: AskOptions = {},
): Promise<RawEvent | null> {
  const enough = new AbortController();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    enough.abort();
  }, withinMs);
  const either = signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]);
  try {
    const messages = eventStore.subscribeToAll({ after, streamPrefix: ORDER_STREAM_PREFIX, signal: either });
    for await (const message of messages) {
      if (message.kind === 'event') return message.event;
      if (message.kind === 'caught_up') return null;
    }
    if (isLate && !signal?.aborted) {
      const what = after === null ? 'there is an event' : `an event follows position ${after}`;
      throw new StoreSilent(`the event store did not say in ${withinMs} ms whether ${what}`);
    }
    return null;
  } finally {
    clearTimeout(timer);
    enough.abort();
  }
}

/**
 * For how many milliseconds the next event of any order after a position has been in the log; 0 when there is none,
 * null when its metadata cannot be read.
 *
 * @throws StoreUnavailable, and StoreSilent
 */
export async function nextOrderEventAgeMs(
  eventStore: Pick<EventStore, 'subscribeToAll'>,
  after: bigint | null,
  options: AskOptions = {},
): Promise<number | null> {
  const next = await nextOrderEvent(eventStore, after, options);
  if (next === null) return 0;
  const metadata = checkedMetadata(next.metadata);
  return typeof metadata === 'string' ? null : ageMs(metadata.recordedAt);
}

/** For how many milliseconds an event has been there; never less than 0, whatever the clocks say. */
export function ageMs(recordedAt: string): number {
  return Math.max(0, Date.now() - Date.parse(recordedAt));
}
