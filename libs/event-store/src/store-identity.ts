import { randomUUID } from 'node:crypto';
import { AppendOutcomeUnknown, StoreUnavailable, StreamDeleted, WrongExpectedRevision } from './errors.js';
import type { EventStore, ExactEvent, ExactEventStore, RawEvent } from './port.js';
import { JSON_TYPE } from './wire-event.js';

/** Holds one event for ever. It is no order's stream, so no projection reads it and no export copies it. */
export const IDENTITY_STREAM = 'orderlog_store';
const IDENTITY_TYPE = 'StoreIdentified';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ATTEMPTS_MAX = 5;

/** The UUID of this event store; null while it has no identity yet. @throws StoreUnavailable */
export async function knownStoreIdentity(store: Pick<EventStore, 'readStream'>): Promise<string | null> {
  for await (const { data } of store.readStream(IDENTITY_STREAM, { maxCount: 1 })) {
    const { storeId } = (data ?? {}) as { storeId?: unknown };
    if (typeof storeId === 'string' && UUID.test(storeId)) return storeId;
    throw new Error(`the stream ${IDENTITY_STREAM} holds no identity of the event store`);
  }
  return null;
}

/**
 * What to call an event store that is not the wanted one; null: it is the wanted one, or `wanted` is null.
 * @throws StoreUnavailable
 */
export async function otherStore(
  store: Pick<EventStore, 'readStream'>,
  wanted: string | null,
): Promise<string | null> {
  const own = await knownStoreIdentity(store);
  return wanted === null || own === wanted ? null : (own ?? 'one that was never used');
}

/**
 * The UUID of this event store. The first caller writes it. Of several callers at once one wins, and all get the
 * UUID that it wrote.
 *
 * @throws StoreUnavailable, also when the UUID that was written cannot be found out
 */
export async function storeIdentity(
  store: Pick<ExactEventStore, 'readStream' | 'appendExact'>,
): Promise<string> {
  const proposed = identityEvent();
  for (let attempt = 1; ; attempt++) {
    const known = await knownStoreIdentity(store);
    if (known !== null) return known;
    try {
      await store.appendExact(IDENTITY_STREAM, [proposed], 'no_stream');
    } catch (error) {
      const readAgain = error instanceof WrongExpectedRevision || error instanceof AppendOutcomeUnknown;
      if (!readAgain) throw error;
      if (attempt < ATTEMPTS_MAX) continue;
      throw new StoreUnavailable(
        'the event store has no identity yet, and it is not known whether one was stored',
        { cause: error },
      );
    }
  }
}

/** An event and where it was when it was read. */
export type SeenEvent = Pick<RawEvent, 'stream' | 'revision' | 'eventId'>;

/** An event store as it is when it answers. */
export interface StoreNow {
  readonly storeId: string;
  readonly headPosition: bigint | null;
  /** Whether it has lost the event: there is another one in its place, or none, and nobody has deleted it. */
  readonly lacks: (event: SeenEvent) => Promise<boolean>;
}

/** @throws as `storeIdentity`, and so does `lacks` */
export async function storeNow(
  store: Pick<ExactEventStore, 'readStream' | 'appendExact' | 'headPosition'>,
): Promise<StoreNow> {
  return {
    storeId: await storeIdentity(store),
    headPosition: await store.headPosition(),
    lacks: (event) => lacks(store, event),
  };
}

async function lacks(
  store: Pick<EventStore, 'readStream' | 'headPosition'>,
  { stream, revision, eventId }: SeenEvent,
): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      const [found] = await eventsOf(store, stream, revision);
      if (found?.eventId === eventId) return false;
      if (found?.revision === revision) return true;
      // A stream that was deleted, or cut at its beginning, says so in its metadata, unless it was deleted for good.
      return (await eventsOf(store, `$$${stream}`, 0)).length === 0;
    } catch (error) {
      if (error instanceof StreamDeleted) return false;
      if (!(error instanceof StoreUnavailable)) throw error;
      await store.headPosition(); // throws unless it is this stream alone that cannot be read
      if (tries === 2) return false; // nobody knows of its events
    }
  }
}

/** The first event from that revision on, if any. */
async function eventsOf(
  store: Pick<EventStore, 'readStream'>,
  stream: string,
  fromRevision: number,
): Promise<RawEvent[]> {
  const events: RawEvent[] = [];
  for await (const event of store.readStream(stream, { fromRevision, maxCount: 1 })) events.push(event);
  return events;
}

/** A mark of an event store, short enough for every token. The chance that two stores share it is 1 in 2^48. */
export function storeMarkOf(storeId: string): string {
  return storeId.replaceAll('-', '').slice(0, 12);
}

function identityEvent(): ExactEvent {
  const data = JSON.stringify({ storeId: randomUUID() });
  return {
    eventId: randomUUID(),
    type: IDENTITY_TYPE,
    contentType: JSON_TYPE,
    data: new TextEncoder().encode(data),
    metadata: new TextEncoder().encode('{}'),
  };
}
