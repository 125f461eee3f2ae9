import type { OrderEvent } from '#domain/order/order.js';
import { UnreadableEvent } from './errors.js';
import { newEventId } from './event-id.js';
import { checkedMetadata, isInstant } from './metadata.js';
import { plainPersonal, type PersonalCodec } from './personal-codec.js';
import type { EncodedEvent, EventMetadata, RawEvent, StoredOrderEvent } from './port.js';
import { parseOrderStream } from './streams.js';
import { isOrderEventType, schemaVersionOf, upcast, type StoredContent } from './upcasters.js';

export interface EventCodec {
  /** Seals and opens personal data, in snapshots too. */
  readonly personal: PersonalCodec;

  /**
   * The events of one decision, each with an id of its own. To repeat an append, send the same result again: the
   * server recognises a repeated append by the event ids.
   */
  readonly encode: (
    orderId: string,
    events: readonly OrderEvent[],
    metadata: Omit<EventMetadata, 'schemaVersion'>,
  ) => Promise<readonly EncodedEvent[]>;

  /**
   * Stored events in today's shape, in the same order. They may be of any number of orders.
   *
   * @throws UnreadableEvent for a type or version that this release does not know, or broken content
   */
  readonly decode: (events: readonly RawEvent[]) => Promise<readonly StoredOrderEvent[]>;

  /** Like `decode`, but returns an UnreadableEvent in the place of each event that cannot be read. */
  readonly decodeEach: (
    events: readonly RawEvent[],
  ) => Promise<readonly (StoredOrderEvent | UnreadableEvent)[]>;
}

/** Events are stored as `{ occurredAt, data, personal }`, with `personal` as the personal codec seals it. */
export function eventCodec(personalCodec: PersonalCodec): EventCodec {
  return {
    personal: personalCodec,

    async encode(orderId, events, metadata) {
      const owner = { tenantId: metadata.tenantId, orderId };
      const personal = await throughPersonal(
        events.map((event) => event.personal),
        (parts) =>
          personalCodec.seal(
            owner,
            parts.map(({ part }) => part),
          ),
      );
      return events.map(({ type, occurredAt, data }, index) => ({
        eventId: newEventId(),
        type,
        data: { occurredAt, data, personal: personal[index] },
        // Field by field: on Node 20, a field that is added after a spread costs more than all the others.
        metadata: {
          tenantId: metadata.tenantId,
          commandId: metadata.commandId,
          fingerprint: metadata.fingerprint,
          correlationId: metadata.correlationId,
          causationId: metadata.causationId,
          actor: metadata.actor,
          recordedAt: metadata.recordedAt,
          traceparent: metadata.traceparent,
          schemaVersion: schemaVersionOf(type),
        },
      }));
    },

    async decode(rawEvents) {
      const decoded = await eachDecoded(personalCodec, rawEvents);
      const unreadable = decoded.find((event) => event instanceof UnreadableEvent);
      if (unreadable) throw unreadable;
      return decoded as readonly StoredOrderEvent[];
    },

    decodeEach: (rawEvents) => eachDecoded(personalCodec, rawEvents),
  };
}

async function eachDecoded(
  personalCodec: PersonalCodec,
  rawEvents: readonly RawEvent[],
): Promise<readonly (StoredOrderEvent | UnreadableEvent)[]> {
  const read = rawEvents.map((raw) => orUnreadable(() => readRaw(raw)));
  const readable = read.filter((event): event is ReadEvent => !(event instanceof UnreadableEvent));
  const personal = await throughPersonal(
    readable.map(({ content }) => content.personal),
    (parts) =>
      personalCodec.open(parts.map(({ part, index }) => ({ owner: readable[index]!.owner, sealed: part }))),
  );
  let next = 0;
  return read.map((event) => {
    if (event instanceof UnreadableEvent) return event;
    const part = personal[next++];
    return orUnreadable(() => storedEvent(event, part));
  });
}

function orUnreadable<T>(read: () => T): T | UnreadableEvent {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnreadableEvent) return error;
    throw error;
  }
}

/** The codec that stores personal data unencrypted. */
export const { encode, decode, decodeEach } = eventCodec(plainPersonal);

/** Converts the personal parts that are not null. Events without one cost the personal codec nothing. */
async function throughPersonal(
  all: readonly unknown[],
  convert: (parts: { part: unknown; index: number }[]) => Promise<readonly unknown[]>,
): Promise<readonly unknown[]> {
  const parts = all.map((part, index) => ({ part, index })).filter(({ part }) => part !== null);
  if (parts.length === 0) return all;
  const converted = await convert(parts);
  const result = [...all];
  parts.forEach(({ index }, at) => (result[index] = converted[at]));
  return result;
}

interface ReadEvent {
  readonly raw: RawEvent;
  readonly type: OrderEvent['type'];
  readonly owner: { readonly tenantId: string; readonly orderId: string };
  readonly metadata: EventMetadata;
  readonly content: StoredContent;
}

function readRaw(raw: RawEvent): ReadEvent {
  const unreadable = (why: string) => new UnreadableEvent(raw, why);
  const owner = parseOrderStream(raw.stream);
  if (!owner) throw unreadable('its stream is not that of an order');
  const metadata = checkedMetadata(raw.metadata);
  if (typeof metadata === 'string') throw unreadable(metadata);
  if (metadata.tenantId !== owner.tenantId)
    throw unreadable(`its metadata names another tenant (${metadata.tenantId}) than its stream`);
  const { type } = raw;
  if (!isOrderEventType(type)) {
    throw unreadable(`this release does not know the type (version ${metadata.schemaVersion})`);
  }
  if (metadata.schemaVersion > schemaVersionOf(type)) {
    throw unreadable(
      `its version is ${metadata.schemaVersion}, but this release reads at most ${schemaVersionOf(type)}`,
    );
  }
  if (!isContent(raw.data)) throw unreadable('its content is not { occurredAt, data, personal }');
  return { raw, type, owner, metadata, content: raw.data };
}

function isContent(stored: unknown): stored is StoredContent {
  if (typeof stored !== 'object' || stored === null) return false;
  const { occurredAt, data, personal } = stored as Record<string, unknown>;
  return isInstant(occurredAt) && typeof data === 'object' && data !== null && personal !== undefined;
}

function storedEvent(
  { raw, type, owner, metadata, content }: ReadEvent,
  personal: unknown,
): StoredOrderEvent {
  const opened = { occurredAt: content.occurredAt, data: content.data, personal };
  const today = upcastOf({ raw, type, metadata }, opened);
  const { recordedAt, commandId, fingerprint } = metadata;
  return {
    type,
    occurredAt: today.occurredAt,
    data: today.data,
    personal: today.personal,
    recording: { revision: raw.revision, recordedAt, commandId, fingerprint },
    eventId: raw.eventId,
    orderId: owner.orderId,
    position: raw.position,
    metadata,
    // golden/shapes.json fixes the shape of each type and version, and the golden corpus tests the upcasters.
  } as StoredOrderEvent;
}

/** @throws UnreadableEvent when the content is not of the shape that its version says */
function upcastOf(
  { raw, type, metadata }: Pick<ReadEvent, 'raw' | 'type' | 'metadata'>,
  content: StoredContent,
): StoredContent {
  try {
    return upcast(type, metadata.schemaVersion, content);
  } catch (cause) {
    throw new UnreadableEvent(raw, `its content does not fit its version, ${metadata.schemaVersion}`, {
      cause,
    });
  }
}
