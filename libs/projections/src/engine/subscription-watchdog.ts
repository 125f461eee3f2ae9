import { setTimeout as delay } from 'node:timers/promises';
import { StoreSilent } from '#event-store/errors.js';
import type { EventStore } from '#event-store/port.js';
import { nextOrderEvent } from '#event-store/next-order-event.js';

/** A subscription that looks alive and delivers nothing. */
class SubscriptionSilent extends StoreSilent {}

/** What a subscription has said so far. */
export interface Heard {
  /** Of the last event or checkpoint, or where the subscription began; null: at the beginning. */
  position: bigint | null;
  messages: number;
  /** Whether the reader waits for the next message; otherwise silence is the reader's doing. */
  awaited: boolean;
}

export interface WatchOptions {
  readonly eventStore: Pick<EventStore, 'subscribeToAll' | 'headPosition'>;
  /** Kept up to date by its reader. */
  readonly heard: Readonly<Heard>;
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  /** Called when the log holds no order event after the one heard last, up to a position. */
  readonly onNothing: (heardLast: bigint | null, upTo: bigint) => void;
}

/** How long this subscription may take to deliver an event that another subscription already has. */
const ON_ITS_WAY_MS = 1_000;
const LOOK_EVERY_MS = 50;
/** How many times `silenceMs` another subscription may take to find the next event. */
const SILENCES_OF_ANOTHER = 3;

/**
 * Watches a subscription until the signal aborts. While it is silent, the head of the store is looked at. When the
 * head is past what was heard, another subscription is asked for the next order event: the head may belong to
 * something else.
 *
 * @throws SubscriptionSilent when the other subscription has an event that this one does not deliver
 * @throws StoreSilent when the other subscription is silent too
 * @throws StoreUnavailable when the event store does not answer at all
 */
export async function watch({
  eventStore,
  heard,
  silenceMs,
  signal,
  onNothing,
}: WatchOptions): Promise<void> {
  let before = { messages: heard.messages, atMs: performance.now() };
  while (await passed(silenceMs / 4, signal)) {
    const { position, messages, awaited } = heard;
    const atMs = performance.now();
    if (!awaited || messages !== before.messages) before = { messages, atMs };
    if (atMs - before.atMs < silenceMs) continue;
    const head = (await eventStore.headPosition()) ?? -1n;
    if (head <= (position ?? -1n)) continue;
    const missed = await nextOrderEvent(eventStore, position, {
      withinMs: silenceMs * SILENCES_OF_ANOTHER,
      signal,
    });
    if (missed === null && !signal.aborted) onNothing(position, head);
    if (missed !== null && !(await arrives(missed.position, heard, signal))) {
      if (signal.aborted) return;
      const since = position === null ? 'from the beginning' : `after position ${position}`;
      const forMs = Math.round(atMs - before.atMs);
      throw new SubscriptionSilent(
        `the subscription has delivered nothing ${since} for ${forMs} ms, although there is an event at ${missed.position}`,
      );
    }
  }
}

async function arrives(position: bigint, heard: Readonly<Heard>, signal: AbortSignal): Promise<boolean> {
  const deadlineMs = performance.now() + ON_ITS_WAY_MS;
  while (performance.now() < deadlineMs) {
    if ((heard.position ?? -1n) >= position || !heard.awaited) return true;
    if (!(await passed(LOOK_EVERY_MS, signal))) return false;
  }
  return false;
}

/** @returns false when the signal aborts */
async function passed(timeMs: number, signal: AbortSignal): Promise<boolean> {
  await delay(timeMs, undefined, { signal }).catch(() => {}); // aborted: the return value says so
  return !signal.aborted;
}
