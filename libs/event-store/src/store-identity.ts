import { randomUUID } from 'node:crypto';
import { AppendOutcomeUnknown, StoreUnavailable, WrongExpectedRevision } from './errors.js';
import type { EventStore, ExactEvent, ExactEventStore } from './port.js';
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
