import { describedStream, isNotFound, lastRevision, visibleFrom } from '../rules/stream-state.js';
import type { StoredEvent } from '../storage/stored-event.js';
import { streamDeleted } from '../wire/errors.js';
import type { ReadRequest } from '../wire/read-request.js';
import { encodeStreamNotFound } from '../wire/read-responses.js';
import type { ReplyStream } from '../wire/reply-stream.js';
import { PAGE_MAX_EVENTS, pagesAhead, sendFrames } from './send-events.js';
import type { Store } from './store.js';

type Read = ReadRequest & { maxCount: number };

/** Answers a read of one stream, as it is when the read begins. */
export async function readStream(store: Store, request: Read & { stream: string }, reply: ReplyStream) {
  const { stream, from, direction } = request;
  const state = await store.states.committed(describedStream(stream));
  if (state.tombstoned) return reply.fail(streamDeleted(stream));
  const last = lastRevision(stream, state);
  if (isNotFound(stream, state)) {
    await reply.send([encodeStreamNotFound(stream)]);
    return reply.end();
  }
  const { minRevision, minCreatedMs } = visibleFrom(stream, state, Date.now());
  const visible = (event: StoredEvent) =>
    event.revision >= minRevision && event.revision <= last && event.createdMs >= minCreatedMs;

  if (direction === 'forwards') {
    const first = Math.max(minRevision, from === 'start' ? 0 : from === 'end' ? Infinity : from);
    if (first > last || request.maxCount === 0) return reply.end();
    const fetch = (before: StoredEvent | null) =>
      pageOf(store, request, before ? before.revision + 1 : first, last);
    return sendVisible(request, reply, fetch, visible);
  }
  const first = Math.min(last, from === 'end' ? last : from === 'start' ? 0 : from);
  if (first < minRevision || request.maxCount === 0) return reply.end();
  const fetch = (before: StoredEvent | null) =>
    pageOf(store, request, before ? before.revision - 1 : first, minRevision);
  return sendVisible(request, reply, fetch, visible);
}

async function pageOf(
  store: Store,
  { stream, direction, maxCount }: Read & { stream: string },
  from: number,
  to: number,
): Promise<StoredEvent[]> {
  const left = direction === 'forwards' ? to - from + 1 : from - to + 1;
  if (left <= 0) return [];
  const limit = Math.min(PAGE_MAX_EVENTS, maxCount, left);
  if (direction === 'backwards') return store.reader.pageOfStream(stream, direction, from, limit);
  return store.cache.from(stream, from, limit) ?? (await pageToKeep(store, stream, from, limit));
}

async function pageToKeep(store: Store, stream: string, from: number, limit: number): Promise<StoredEvent[]> {
  const page = await store.reader.pageOfStream(stream, 'forwards', from, limit);
  store.cache.keep(page);
  return page;
}

/** Answers a read of `$all`, which does not go past the last position at the time the read begins. */
export async function readAll(store: Store, request: Read, reply: ReplyStream) {
  const { from, direction, filter } = request;
  const last = await store.lastPosition();
  const limit = Math.min(PAGE_MAX_EVENTS, filter ? PAGE_MAX_EVENTS : request.maxCount);
  const visible = (event: StoredEvent) => event.position <= last && (!filter || filter(event));
  // As in EventStoreDB, a read forwards begins with the event at `from`, a read backwards with the one before it.
  let first: number;
  if (direction === 'forwards') first = from === 'start' ? 0 : from === 'end' ? last : from - 1;
  else first = from === 'start' ? 0 : from === 'end' ? last + 1 : Math.min(from, last + 1);
  const isPast = (position: number) => (direction === 'forwards' ? position >= last : position <= 1);
  const fetch = async (before: StoredEvent | null) => {
    const position = before ? before.position : first;
    return isPast(position) ? [] : store.reader.pageOfAll(direction, position, limit);
  };
  if (request.maxCount === 0) return reply.end();
  return sendVisible(request, reply, fetch, visible);
}

interface Page {
  /** The next page begins after it. */
  readonly last: StoredEvent;
  /** Of the visible events that are still wanted. */
  readonly frames: readonly Buffer[];
}

async function sendVisible(
  request: Read,
  reply: ReplyStream,
  fetch: (before: StoredEvent | null) => Promise<StoredEvent[]>,
  visible: (event: StoredEvent) => boolean,
): Promise<void> {
  let left = request.maxCount;
  // What is visible is counted when the page comes: the next one is fetched ahead only if it is wanted.
  const pages = pagesAhead<Page>(async (previous) => {
    if (left <= 0) return null;
    const events = await fetch(previous?.last ?? null);
    const last = events.at(-1);
    if (!last) return null;
    const frames: Buffer[] = [];
    for (const event of events) {
      if (left <= 0) break;
      if (!visible(event)) continue;
      frames.push(event.frame);
      left--;
    }
    return { last, frames };
  });
  for await (const { frames } of pages) {
    if (!(await sendFrames(reply, frames))) return;
  }
  reply.end();
}
