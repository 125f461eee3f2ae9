import { describe, expect, it } from '@jest/globals';
import { differencesOf } from '#test/support/copies-compared.js';
import type { EventCopy, Fields, FourCopies } from '#test/support/four-copies.js';

const KEY = 'default/1';

const event = (eventId: string, type: string, revision: number): EventCopy => ({
  eventId,
  type,
  revision,
  data: {},
});
const stream = [event('a', 'OrderPlaced', 0), event('b', 'PaymentCaptured', 1)];
const messages = [event('a', 'orderlog.order.placed.v1', 0), event('b', 'orderlog.payment.captured.v1', 1)];
const row: Fields = { revision: 1, totalMinor: 5, placedAt: new Date(0), tags: ['x'] };
const document: Fields = { revision: 1, totalMinor: 5, placedAt: '1970-01-01T00:00:00.000Z', tags: ['x'] };

type Seeded = Partial<Record<keyof FourCopies, Fields | readonly EventCopy[] | null>>;

function copies(seeded: Seeded = {}): FourCopies {
  const all: Seeded = { streams: stream, rows: row, documents: document, messages, ...seeded };
  const maps = Object.entries(all).map(([place, one]) => [place, new Map(one ? [[KEY, one]] : [])] as const);
  return Object.fromEntries<unknown>(maps) as unknown as FourCopies;
}

describe('what the four places hold', () => {
  it('is the same', () => {
    expect(differencesOf(copies())).toEqual([]);
  });

  it.each<[string, Seeded, RegExp]>([
    ['an order of which there is a row alone', { streams: null, messages: null }, /no stream/],
    ['a stream with a gap', { streams: [stream[0]!, { ...stream[1]!, revision: 2 }] }, /gap/],
    ['no row', { rows: null }, /no row/],
    ['a row that is behind', { rows: { ...row, revision: 0 } }, /the row is at 0, the stream at 1/],
    ['no document', { documents: null }, /no document/],
    [
      'a document with another sum',
      { documents: { ...document, totalMinor: 6 } },
      /totalMinor is 5 in the row, 6/,
    ],
    ['a message that is missing', { messages: [messages[1]!] }, /2 events, 1 message$/m],
    ['messages in another order', { messages: messages.toReversed() }, /event 0 is OrderPlaced a/],
    [
      'a message of another type',
      { messages: [messages[0]!, { ...messages[1]!, type: 'orderlog.payment.v1' }] },
      /event 1/,
    ],
    ['a message too many', { messages: [...messages, messages[1]!] }, /2 events, 3 messages/],
  ])('differs by %s', (_, seeded, expected) => {
    expect(differencesOf(copies(seeded)).join('\n')).toMatch(expected);
  });
});
