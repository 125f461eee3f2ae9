import { counted } from '#platform/counted.js';
import type { EventCopy, Fields, FourCopies } from './four-copies.js';

/** One line for each difference between the four places; none when every order is the same everywhere. */
export function differencesOf({ streams, rows, documents, messages }: FourCopies): string[] {
  const keys = new Set([...streams.keys(), ...rows.keys(), ...documents.keys(), ...messages.keys()]);
  return [...keys].flatMap((key) => {
    const stream = streams.get(key);
    if (!stream) return [`${key}: has no stream`];
    return [
      ...contiguous(stream),
      ...rowDiffers(stream, rows.get(key)),
      ...documentDiffers(rows.get(key), documents.get(key)),
      ...messagesDiffer(stream, messages.get(key) ?? []),
    ].map((difference) => `${key}: ${difference}`);
  });
}

function contiguous(stream: readonly EventCopy[]): string[] {
  return stream.every(({ revision }, index) => revision === index) ? [] : ['the stream has a gap'];
}

function rowDiffers(stream: readonly EventCopy[], row: Fields | undefined): string[] {
  if (!row) return ['has no row'];
  const last = stream.at(-1)!.revision;
  return row['revision'] === last ? [] : [`the row is at ${String(row['revision'])}, the stream at ${last}`];
}

/** Compares the fields that document and row share; both use the same names. */
function documentDiffers(row: Fields | undefined, document: Fields | undefined): string[] {
  if (!row) return [];
  if (!document) return ['has no document'];
  return Object.keys(row)
    .filter((field) => field in document && plain(document[field]) !== plain(row[field]))
    .map((field) => `${field} is ${plain(row[field])} in the row, ${plain(document[field])} in the document`);
}

function messagesDiffer(stream: readonly EventCopy[], messages: readonly EventCopy[]): string[] {
  const differences: string[] = [];
  if (messages.length !== stream.length) {
    differences.push(`${counted(stream.length, 'event')}, ${counted(messages.length, 'message')}`);
  }
  for (const [index, event] of stream.entries()) {
    const message = messages[index];
    if (!message) break;
    const same =
      message.eventId === event.eventId &&
      message.revision === event.revision &&
      lettersOf(message.type) === `orderlog${event.type.toLowerCase()}`;
    if (same) continue;
    differences.push(`event ${index} is ${event.type} ${event.eventId}, message ${index} ${message.type}`);
    break; // the ones after a gap differ too
  }
  return differences;
}

/**
 * The letters of a message type. `orderlog.order.placed.v1` stands for OrderPlaced, without additional or missing
 * words.
 */
function lettersOf(type: string): string {
  return type.replace(/\.v\d+$/, '').replace(/[.-]/g, '');
}

/** Makes times, lists and numbers comparable, whatever form a store returns them in. */
function plain(value: unknown): string {
  if (value === undefined) return 'null';
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT.*Z$/.test(value)) return new Date(value).toISOString();
  const text = JSON.stringify(value);
  return value instanceof Date ? (JSON.parse(text) as string) : text;
}
