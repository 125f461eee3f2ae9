import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { ExactEvent } from '#event-store/port.js';

/**
 * An event as a file of events holds it: its content and its place in its stream, without its position in a store.
 */
export type EventOfStream = ExactEvent & { readonly stream: string; readonly revision: number };

/** Text where the bytes are UTF-8, so that people and tools can read it; base64 otherwise. */
type Content = string | { readonly base64: string };

interface Line {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Content;
  readonly metadata: Content;
}

/** One line of JSON without its line feed. The same event gives the same line, whichever store it comes from. */
export function lineOf({
  stream,
  revision,
  eventId,
  type,
  contentType,
  data,
  metadata,
}: EventOfStream): string {
  const line: Line = {
    ...{ stream, revision, id: eventId, type, contentType },
    data: contentOf(data),
    metadata: contentOf(metadata),
  };
  return JSON.stringify(line);
}

/** The event of a line that `lineOf` made. Lines from elsewhere are checked first (`checked-lines.ts`). */
export function eventOf(text: string): EventOfStream {
  const { stream, revision, id, type, contentType, data, metadata } = JSON.parse(text) as Line;
  return {
    stream,
    revision,
    eventId: id,
    type,
    contentType,
    data: bytesOf(data),
    metadata: bytesOf(metadata),
  };
}

/** The first 48 bits of the line's SHA-256. Two different events share them by accident once in 2^48. */
export function digestOf(line: string): number {
  return createHash('sha256').update(line).digest().readUIntBE(0, 6);
}

function contentOf(bytes: Uint8Array): Content {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return isUtf8(buffer) ? buffer.toString('utf8') : { base64: buffer.toString('base64') };
}

function bytesOf(content: Content): Uint8Array {
  const buffer =
    typeof content === 'string' ? Buffer.from(content, 'utf8') : Buffer.from(content.base64, 'base64');
  return new Uint8Array(buffer);
}
