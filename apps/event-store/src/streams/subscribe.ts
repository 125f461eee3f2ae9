import { randomUUID } from 'node:crypto';
import { describedStream, isNotFound, lastRevision, visibleFrom } from '../rules/stream-state.js';
import { StorageUnavailable } from '../storage/event-reader.js';
import type { StoredEvent } from '../storage/stored-event.js';
import { streamDeleted } from '../wire/errors.js';
import type { ReadRequest } from '../wire/read-request.js';
import { CAUGHT_UP, encodeCheckpoint, encodeConfirmation, FELL_BEHIND } from '../wire/read-responses.js';
import { TOMBSTONE_REVISION } from '../wire/recorded-event.js';
import type { ReplyStream } from '../wire/reply-stream.js';
import type { Signal } from './live-signals.js';
import { PAGE_MAX_EVENTS, sendFrames } from './send-events.js';
import type { Store } from './store.js';

/** How long a subscription waits before it asks PostgreSQL again after an error. */
const RETRY_MS = 250;

/**
 * A subscription is a place in the log and nothing else. It takes the events after that place from memory or,
 * further back, from PostgreSQL, and waits for a signal when there are none. So there is no seam between history
 * and live events, and a slow reader costs no more memory than two pages: the one that is sent, and the next.
 */
export async function subscribeToAll(store: Store, request: ReadRequest, reply: ReplyStream): Promise<void> {
  const { recent } = store;
  const { from, filter, checkpointIntervalEvents } = request;
  let cursor = from === 'start' ? 0 : from === 'end' ? recent.lastPosition : from;
  let checkpoint = cursor;
  let told = cursor;
  let considered = 0;
  let isLive = false;
  const signal = listen(store, null, reply);
  await reply.send([encodeConfirmation(randomUUID())]);
  const history = historyAhead(store, reply);

  while (reply.isOpen) {
    if (cursor >= recent.lastPosition) {
      // When the last events do not pass the filter, EventStoreDB sends a checkpoint only after many more events.
      // Here it is sent at once, so that no reader waits for events between its last one and the end of the log.
      const passed = filter && cursor > (isLive ? told : checkpoint) ? [encodeCheckpoint(cursor)] : [];
      if (passed.length > 0) checkpoint = cursor;
      told = cursor;
      if (!isLive) await reply.send([...passed, CAUGHT_UP]);
      else if (passed.length > 0) await reply.send(passed);
      isLive = true;
      await signal.wait();
      continue;
    }
    const isRecent = recent.holdsAfter(cursor);
    if (isLive && !isRecent) {
      isLive = false;
      await reply.send([FELL_BEHIND]);
    }
    const events = isRecent ? recent.after(cursor, PAGE_MAX_EVENTS) : await history(cursor);
    const frames: Buffer[] = [];
    for (const event of events) {
      cursor = event.position;
      if (!filter || filter(event)) {
        frames.push(event.frame);
        told = cursor;
      }
      if (filter && ++considered % checkpointIntervalEvents === 0) {
        frames.push(encodeCheckpoint(cursor));
        checkpoint = told = cursor;
      }
    }
    await sendFrames(reply, frames);
  }
}

/**
 * Like `subscribeToAll`, for one stream. Of the history, what the stream's metadata hides is not sent. As in
 * EventStoreDB (`SubscriptionsService`), a subscription that has caught up gets every event that is appended, even one
 * that its append or a later one hides at once.
 */
export async function subscribeToStream(
  store: Store,
  { stream, from }: ReadRequest & { stream: string },
  reply: ReplyStream,
): Promise<void> {
  const signal = listen(store, stream, reply);
  const described = describedStream(stream);
  const current = async () => patiently(store, reply, () => store.states.committed(described));
  let cursor: number;
  let isLive = from === 'end';
  if (from === 'end') {
    // Looked up before the confirmation: what is appended after that is sent.
    const state = await current();
    if (!state) return;
    if (state.tombstoned) return reply.fail(streamDeleted(stream));
    cursor = lastRevision(stream, state);
  } else cursor = from === 'start' ? -1 : from;
  const confirmation = encodeConfirmation(randomUUID());
  await reply.send(isLive ? [confirmation, CAUGHT_UP] : [confirmation]);

  while (reply.isOpen) {
    const state = await current();
    if (!state) return;
    if (state.tombstoned && !isLive) return reply.fail(streamDeleted(stream));
    const last = lastRevision(stream, state);
    if (!isLive && isNotFound(stream, state)) {
      // As in EventStoreDB (`StreamSubscription` of its Enumerators), CaughtUp waits until the stream exists.
      await signal.wait();
      continue;
    }
    const { minRevision, minCreatedMs } = isLive ? ALL_VISIBLE : visibleFrom(stream, state, Date.now());
    const first = Math.max(cursor + 1, minRevision);
    if (first > last) {
      if (state.tombstoned) return reply.fail(streamDeleted(stream)); // nothing has so great a revision
      // Every event of the stream was sent or is hidden.
      cursor = Math.max(cursor, last);
      if (!isLive) await reply.send([CAUGHT_UP]);
      isLive = true;
      await signal.wait();
      continue;
    }
    const events =
      store.cache.from(stream, first, PAGE_MAX_EVENTS) ??
      (await patiently(store, reply, () =>
        store.reader.pageOfStream(stream, 'forwards', first, PAGE_MAX_EVENTS),
      ));
    if (!events) return;
    const appended = events.filter((event) => event.revision !== TOMBSTONE_REVISION);
    // What was appended before the tombstone was sent.
    if (state.tombstoned && appended.length === 0) return reply.fail(streamDeleted(stream));
    const visible = appended.filter((event) => event.createdMs >= minCreatedMs);
    cursor = appended.at(-1)?.revision ?? cursor;
    await sendFrames(
      reply,
      visible.map((event) => event.frame),
    );
  }
}

const ALL_VISIBLE = { minRevision: 0, minCreatedMs: 0 };

function listen(store: Store, stream: string | null, reply: ReplyStream): Signal {
  const signal = store.signals.add(stream);
  reply.onClosed(() => store.signals.remove(stream, signal));
  return signal;
}

/** Pages of history. While one is sent, the next is already being fetched. */
function historyAhead(store: Store, reply: ReplyStream): (cursor: number) => Promise<StoredEvent[]> {
  let ahead: { after: number; page: Promise<StoredEvent[]> } | null = null;
  const fetch = (after: number) => store.reader.pageOfAll('forwards', after, PAGE_MAX_EVENTS);
  return async (cursor) => {
    const ready = ahead?.after === cursor ? ahead.page : null;
    ahead = null;
    const page =
      (await patiently(store, reply, (attempt) => (attempt === 0 && ready) || fetch(cursor))) ?? [];
    const last = page.at(-1);
    if (last && !store.recent.holdsAfter(last.position)) {
      ahead = { after: last.position, page: fetch(last.position) };
      // A failure is seen when the page is awaited. Until then it must not count as an unhandled rejection.
      ahead.page.catch(() => undefined);
    }
    return page;
  };
}

/**
 * Asks until there is an answer: an outage of PostgreSQL delays a subscription, but does not end it. Any other error
 * would come again each time. Null: nobody listens any more.
 */
async function patiently<T>(
  store: Store,
  reply: ReplyStream,
  ask: (attempt: number) => Promise<T>,
): Promise<T | null> {
  for (let attempt = 0; reply.isOpen; attempt++) {
    try {
      return await ask(attempt);
    } catch (err) {
      if (!(err instanceof StorageUnavailable)) throw err;
      store.logger.warn({ err }, 'a subscription waits for PostgreSQL');
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  return null;
}
