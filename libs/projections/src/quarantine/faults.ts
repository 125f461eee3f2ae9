import { StoreUnavailable, StreamDeleted, UnreadableEvent } from '#event-store/errors.js';
import type { EventStore, RawEvent, StoredOrderEvent } from '#event-store/port.js';
import { parseOrderStream } from '#event-store/streams.js';
import { BEHIND_REASON, type EventToPark } from '#read-models/stores/quarantine.store.js';
import { messageOf } from '../engine/interruptions.js';

/** Why an event is not applied. */
export interface Fault {
  readonly reason: string;
  /**
   * `permanent`: stays as it is until a person or another release comes. `doubtful`: may pass by itself; counts as
   * permanent after some tries. `away`: a store cannot give the event now, and is asked until it can.
   */
  readonly nature: 'permanent' | 'doubtful' | 'away';
}

/** How often an event was tried. */
export interface Tried {
  readonly revision: number;
  readonly tries: number;
}

/** An event that its stream should have, and does not give. */
export class MissingEvent {
  constructor(
    readonly stream: string,
    readonly revision: number,
    readonly fault: Fault,
  ) {}
}

/** What an order is to be advanced by: an event, or what stands in its place. */
export type OrderItem = StoredOrderEvent | UnreadableEvent | MissingEvent;

/** The event that the server writes into the stream of an order that was deleted for good. */
const STREAM_DELETED = '$streamDeleted';
/** The revision that such an event is parked at: its own, 2^63 - 1, is beyond what the table holds. */
export const DELETION_REVISION = 2_147_483_647;
export const DELETED: Fault = { reason: 'its stream was deleted for good', nature: 'permanent' };

/** Tries, the first one included, after which a `doubtful` fault counts as permanent. */
const TRIES_MAX = 5;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 30_000;

export function revisionOf(item: OrderItem): number {
  if (item instanceof MissingEvent) return item.revision;
  if (!(item instanceof UnreadableEvent)) return item.recording.revision;
  return storableRevision(item.event);
}

export function storableRevision({ type, revision }: Pick<RawEvent, 'type' | 'revision'>): number {
  return type === STREAM_DELETED ? DELETION_REVISION : revision;
}

/** null: as far as can be seen, the event can be folded. */
export function faultOf(item: OrderItem): Fault | null {
  if (item instanceof MissingEvent) return item.fault;
  if (!(item instanceof UnreadableEvent)) return null;
  if (item.event.type === STREAM_DELETED) return DELETED;
  return { reason: item.message, nature: 'permanent' };
}

/**
 * Why this stream alone cannot be read.
 * @throws StoreUnavailable when the event store as a whole is away; and any error that is not one of reading
 */
export async function faultOfStream(
  eventStore: Pick<EventStore, 'headPosition'>,
  error: unknown,
): Promise<Fault> {
  if (error instanceof StreamDeleted) return DELETED;
  if (!(error instanceof StoreUnavailable)) throw error;
  await eventStore.headPosition();
  return { reason: messageOf(error), nature: 'away' };
}

/**
 * The fault of an event that its order cannot take, or of which no row can be made: a bug, or nobody should have
 * appended it.
 */
export function unappliable(event: StoredOrderEvent, error: unknown): Fault {
  const { revision } = event.recording;
  return {
    reason: `event ${revision} (${event.type}) cannot be applied: ${messageOf(error)}`,
    nature: 'doubtful',
  };
}

/** The fault of an event that its stream does not give, although there are later ones. */
export function lacking(revision: number): Fault {
  return {
    reason: `event ${revision} is missing: reading its stream does not return it`,
    nature: 'doubtful',
  };
}

/** @param tried the event of the order that failed before; another one may fail now */
export function parkedWith(item: OrderItem, stream: string, fault: Fault, tried: Tried | null): EventToPark {
  const tries = (tried?.revision === revisionOf(item) ? tried.tries : 0) + 1;
  const permanent = fault.nature === 'permanent' || (fault.nature === 'doubtful' && tries >= TRIES_MAX);
  return {
    ...placeOf(item, stream),
    kind: permanent ? 'permanent' : 'transient',
    reason: fault.reason,
    tries,
    nextTryAfterMs: permanent ? null : backoffMs(tries),
  };
}

export function parkedBehind(item: OrderItem, stream: string): EventToPark {
  const notTried = { kind: 'behind', reason: BEHIND_REASON, tries: 0, nextTryAfterMs: null } as const;
  return { ...placeOf(item, stream), ...notTried };
}

/** Three times as long with every try, up to a limit, and at random down to half of that: not all wait equally long. */
export function backoffMs(tries: number, random = Math.random()): number {
  return Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 3 ** (tries - 1)) * (0.5 + random / 2);
}

type Place = Pick<EventToPark, 'tenantId' | 'orderId' | 'revision' | 'position' | 'eventId' | 'type'>;

function placeOf(item: OrderItem, stream: string): Place {
  const order = parseOrderStream(stream)!;
  const revision = revisionOf(item);
  if (item instanceof MissingEvent) return { ...order, revision, position: null, eventId: null, type: null };
  const { position, eventId, type } = item instanceof UnreadableEvent ? item.event : item;
  return { ...order, revision, position, eventId, type };
}
