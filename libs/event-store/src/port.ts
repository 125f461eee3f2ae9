import type { Instant } from '#domain/instant.js';
import type { OrderEvent } from '#domain/order/order.js';
import type { Recording } from '#domain/decider.js';

/*
 * The forms of an event, and what makes one of the other:
 *
 *   OrderEvent        as it was decided
 *   EncodedEvent      with its id and metadata              EventCodec.encode
 *   ExactEvent        as bytes                              toExactEvent
 *   WireEvent         as the client of the server takes it  wireEvents
 *
 *   StoredExactEvent  as bytes, as the server gives it      readRecordedEvent
 *   RawEvent          with its JSON parsed                  rawEventOf
 *   StoredOrderEvent  upcast, with its personal data open   EventCodec.decode
 *
 * A fold takes a RecordedOrderEvent: a StoredOrderEvent is one, and `recorded` makes one of an event that is not
 * stored yet.
 */

/** Who asked. A customer acts on their own orders, a user is staff, a service is another system. */
export interface Actor {
  readonly type: 'customer' | 'user' | 'service';
  readonly id: string;
}

/** Stored beside every event, in its metadata. */
export interface EventMetadata {
  readonly tenantId: string;
  readonly commandId: string;
  readonly fingerprint: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly actor: Actor;
  readonly recordedAt: Instant;
  readonly schemaVersion: number;
  readonly traceparent: string | null;
}

/** An event to append; its data and metadata are stored as JSON. */
export interface EncodedEvent {
  readonly eventId: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: EventMetadata;
}

/** An event byte for byte, for copies that must be exact. */
export interface ExactEvent {
  readonly eventId: string;
  readonly type: string;
  /** `application/json`, or another type that the event was appended with. */
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** Where an event is stored. */
interface Place {
  readonly stream: string;
  /** 0 for the first event of the stream. */
  readonly revision: number;
  /** Commit position in `$all`. */
  readonly position: bigint;
}

export type StoredExactEvent = ExactEvent & Place;

/** An event as a server gave it, not yet decoded. */
export interface RawEvent extends Place {
  readonly eventId: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: unknown;
  /** Size of data and metadata as they were received. It bounds how much may wait to be processed. */
  readonly sizeBytes: number;
}

/** An order's event, upcast to today's shape, with what was recorded about it. */
export type StoredOrderEvent = OrderEvent & {
  readonly recording: Recording;
  readonly eventId: string;
  readonly orderId: string;
  readonly position: bigint;
  readonly metadata: EventMetadata;
};

export type ExpectedRevision = number | 'no_stream';

export interface Appended {
  /** Of the last event appended. */
  readonly revision: number;
  readonly position: bigint;
}

/** What a catch-up subscription delivers. Positions only grow. */
export type SubscriptionMessage<Event = RawEvent> =
  | { readonly kind: 'event'; readonly event: Event }
  /** The server has looked at everything up to here, though the last events may not have matched. */
  | { readonly kind: 'checkpoint'; readonly position: bigint }
  | { readonly kind: 'caught_up' };

export interface SubscriptionOptions {
  /** null: from the start. */
  readonly after: bigint | null;
  readonly streamPrefix: string;
  readonly signal: AbortSignal;
}

/** Of a stream's events: by default, from the first to the last. */
export interface StreamRange {
  readonly fromRevision?: number;
  readonly maxCount?: number;
}

/**
 * Where events live: EventStoreDB, or the embedded store that speaks its protocol.
 * Every method throws StoreUnavailable when the server cannot be reached in time.
 */
export interface EventStore {
  /**
   * Appends all of the events or none, at exactly the revision given.
   * @throws WrongExpectedRevision when the stream is at another revision
   * @throws AppendOutcomeUnknown when no answer came in time: the same events may be sent again at the same revision
   * @throws AppendTooLarge above 1,000,000 bytes
   * @throws StreamDeleted when the stream was deleted for good
   */
  append(stream: string, events: readonly EncodedEvent[], expected: ExpectedRevision): Promise<Appended>;

  /**
   * Reads forwards from a revision (default 0). A stream that does not exist has no events.
   * @throws StreamDeleted when the stream was deleted for good
   */
  readStream(stream: string, options?: StreamRange): AsyncIterable<RawEvent>;

  /**
   * Delivers the events after a position (null: the start), first history, then live, until the signal aborts.
   * @throws StoreUnavailable when the server goes away
   * @throws StoreSilent when the server is silent for too long before it has caught up; after that it may be
   * silent
   */
  subscribeToAll(options: SubscriptionOptions): AsyncIterable<SubscriptionMessage>;

  /** The position of the last event of all; null when there is none. */
  headPosition(): Promise<bigint | null>;

  close(): Promise<void>;
}

/** An event store from and to which events can be copied byte for byte. Errors as in `EventStore`. */
export interface ExactEventStore extends EventStore {
  /** As `append`. */
  appendExact(stream: string, events: readonly ExactEvent[], expected: ExpectedRevision): Promise<Appended>;

  /** As `readStream`. */
  readStreamExact(stream: string, options?: StreamRange): AsyncIterable<StoredExactEvent>;

  /** As `subscribeToAll`. */
  subscribeToAllExact(options: SubscriptionOptions): AsyncIterable<SubscriptionMessage<StoredExactEvent>>;
}
