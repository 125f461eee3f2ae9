import type { EventData } from '@eventstore/db-client';
import { AppendTooLarge } from './errors.js';
import type { EncodedEvent, ExactEvent } from './port.js';

/** Below the server's default of 1 MiB, and the same on every server. */
export const APPEND_LIMIT_BYTES = 1_000_000;

/** The content type of data that is JSON. */
export const JSON_TYPE = 'application/json';

/** Ids, content type and framing of one event, beside its type, data and metadata. */
const OVERHEAD_BYTES = 128;

const utf8 = new TextEncoder();

/** The event with its data and metadata as the JSON that is stored. */
export function toExactEvent({ eventId, type, data, metadata }: EncodedEvent): ExactEvent {
  return {
    eventId,
    type,
    contentType: JSON_TYPE,
    data: utf8.encode(JSON.stringify(data)),
    metadata: utf8.encode(JSON.stringify(metadata)),
  };
}

/** What an event counts towards the limit of one append. */
export function eventSizeBytes({ type, data, metadata }: ExactEvent): number {
  return data.length + metadata.length + type.length + OVERHEAD_BYTES;
}

/**
 * An event whose content is already bytes. Given objects, the client would turn each into JSON, base64 and back
 * into bytes twice, which takes five times as long as all the rest of an append. Given bytes, the client would
 * store them as `application/octet-stream`, and no other tool would show them. The client asks for the content
 * type twice: first to store it, then to choose how to encode `data`. Only the second answer has to be
 * `octet-stream`. The version of the client is pinned, and a contract test reads the stored type.
 */
class WireEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
  readonly #contentType: string;
  #stored = false;

  constructor({ eventId, type, contentType, data, metadata }: ExactEvent) {
    this.id = eventId;
    this.type = type;
    this.data = data;
    // The client takes a subclass of Uint8Array, such as Buffer, for an object and turns it into JSON.
    this.metadata = metadata.constructor === Uint8Array ? metadata : new Uint8Array(metadata);
    this.#contentType = contentType;
  }

  get contentType(): string {
    if (this.#stored) return 'application/octet-stream';
    this.#stored = true;
    return this.#contentType;
  }
}

/**
 * Events for one call of the client. The result cannot be sent twice.
 *
 * @throws AppendTooLarge when the events together are over the limit
 */
export function wireEvents(events: readonly ExactEvent[]): { events: EventData[]; sizeBytes: number } {
  const sizeBytes = appendSizeBytes(events);
  if (sizeBytes > APPEND_LIMIT_BYTES) throw new AppendTooLarge(sizeBytes, APPEND_LIMIT_BYTES);
  const wire = events.map((event) => new WireEvent(event));
  return { events: wire as unknown as EventData[], sizeBytes };
}

/** What the events of one append count towards its limit, in bytes. */
export function appendSizeBytes(events: readonly ExactEvent[]): number {
  return events.reduce((sum, event) => sum + eventSizeBytes(event), 0);
}
