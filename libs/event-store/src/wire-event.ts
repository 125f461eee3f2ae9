import type { EventData } from '@eventstore/db-client';
import { AppendTooLarge } from './errors.js';
import type { EncodedEvent } from './port.js';

/** Below the server's default of 1 MiB, and the same on every server. */
export const APPEND_LIMIT_BYTES = 1_000_000;

/** Ids, content type and framing of one event, beside its type, data and metadata. */
const OVERHEAD_BYTES = 128;

const utf8 = new TextEncoder();

/**
 * An event whose JSON is already bytes. Given objects, the client would turn each into JSON, base64 and
 * back into bytes twice, which takes five times as long as all the rest of an append; given bytes, it
 * would store them as `application/octet-stream`, and no other tool would show them. It asks for the
 * content type twice: first to store it, then to choose how to encode `data`, and only the second time is
 * the answer to be `octet-stream`. The version is pinned, and a contract test reads the stored type.
 */
class WireEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
  #stored = false;

  constructor({ eventId, type, data, metadata }: EncodedEvent) {
    this.id = eventId;
    this.type = type;
    this.data = utf8.encode(JSON.stringify(data));
    this.metadata = utf8.encode(JSON.stringify(metadata));
  }

  get contentType(): string {
    if (this.#stored) return 'application/octet-stream';
    this.#stored = true;
    return 'application/json';
  }

  get sizeBytes(): number {
    return this.data.length + this.metadata.length + this.type.length + OVERHEAD_BYTES;
  }
}

/**
 * Events for one call of the client: what comes out cannot be sent twice.
 *
 * @throws AppendTooLarge when together they are over the limit
 */
export function wireEvents(events: readonly EncodedEvent[]): { events: EventData[]; sizeBytes: number } {
  const wire = events.map((event) => new WireEvent(event));
  const sizeBytes = wire.reduce((sum, event) => sum + event.sizeBytes, 0);
  if (sizeBytes > APPEND_LIMIT_BYTES) throw new AppendTooLarge(sizeBytes, APPEND_LIMIT_BYTES);
  return { events: wire as unknown as EventData[], sizeBytes };
}
