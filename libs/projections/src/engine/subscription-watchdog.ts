import { setTimeout as delay } from 'node:timers/promises';
import { StoreSilent } from '#event-store/errors.js';
import type { EventStore } from '#event-store/port.js';
import { nextOrderEvent } from '#event-store/next-order-event.js';

/** A subscription that looks alive and delivers nothing. */
class SubscriptionSilent extends StoreSilent {}

/** What a subscription has said so far. */
export interface Heard {
  /** Of the last event or checkpoint; null: none, and it began at the beginning. */
  position: bigint | null;
  messages: number;
  /** Whether its reader waits for it; else its silence is the reader's. */
  awaited: boolean;
}

export interface WatchOptions {
  readonly eventStore: Pick<EventStore, 'subscribeToAll' | 'headPosition'>;
  /** Kept up to date by its reader. */
  readonly heard: Readonly<Heard>;
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  /** There is nothing of ours after what was heard last, up to a position. */
  readonly onNothing: (heardLast: bigint | null, upTo: bigint) => void;
}

/** How long an event that another subscription has may be on its way in this one. */
const ON_ITS_WAY_MS = 1_000;
const LOOK_EVERY_MS = 50;
/** How many times as long as this one may be silent, another one may take to find what comes next. */
const SILENCES_OF_ANOTHER = 3;

/**
 * Watches a subscription until the signal aborts. While it is silent, the head of the store is looked at; when that
 * moves, another subscription is asked for the next event: the head may be of events that are none of ours.
 *
 * @throws SubscriptionSilent when the other one has an event that this one does not deliver
 * @throws StoreSilent when the other one says nothing either
 * @throws StoreUnavailable when nothing answers either
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
      const since = `since position ${position ?? 'none'}, for ${Math.round(atMs - before.atMs)} ms`;
      throw new SubscriptionSilent(
        `the subscription has said nothing ${since}, and there is an event at ${missed.position}`,
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
  await delay(timeMs, undefined, { signal }).catch(() => {}); // aborted: told by what is returned
  return !signal.aborted;
}
