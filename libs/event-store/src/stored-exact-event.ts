import type { StoredExactEvent } from './port.js';

/** The protocol's `ReadResp.ReadEvent`, as far as it is read here (`streams.proto` of EventStoreDB). */
interface ReadEvent {
  getEvent(): RecordedEvent | undefined;
}

interface RecordedEvent {
  getId(): { getString(): string } | undefined;
  getStreamIdentifier(): { getStreamName_asU8(): Uint8Array } | undefined;
  getStreamRevision(): string;
  getCommitPosition(): string;
  getMetadataMap(): { get(key: string): string | undefined };
  getCustomMetadata_asU8(): Uint8Array;
  getData_asU8(): Uint8Array;
}

/** An event with the very bytes that the server sent: the client itself would parse them. */
export function storedExactEventOf(message: unknown): StoredExactEvent {
  const event = (message as ReadEvent).getEvent();
  const stream = event?.getStreamIdentifier();
  const eventId = event?.getId()?.getString();
  if (!event || !stream || !eventId)
    throw new Error('the server sent a link or an event without stream or id');
  const described = event.getMetadataMap();
  return {
    eventId,
    stream: Buffer.from(stream.getStreamName_asU8()).toString('utf8'),
    revision: Number(event.getStreamRevision()),
    position: BigInt(event.getCommitPosition()),
    type: described.get('type') ?? '',
    contentType: described.get('content-type') ?? 'application/octet-stream',
    data: event.getData_asU8(),
    metadata: event.getCustomMetadata_asU8(),
  };
}
