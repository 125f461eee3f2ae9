import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { instantAt } from '#domain/instant.js';
import { decodeOrderPosition, encodeOrderPosition } from '#platform/order-position.js';
import { decodeFeedPlace, encodeFeedPlace, FEED_PLACE } from './feed-place.js';
import { filterOf } from './order-filter.js';
import { givenIn, NO_LOOKUP } from './order-lookup.js';
import { OrderSort } from './order-sort.js';
import { Parameters } from './sql.js';
import type { SummaryItem } from './summary-item.js';

// Each form that a release has given: clients keep these texts, and bring them to later releases.
const known = JSON.parse(readFileSync(new URL('known-places.json', import.meta.url), 'utf8')) as Record<
  'feedPlaces' | 'orderPositions' | 'listCursors',
  Record<string, unknown>
>;
const plain = (content: object | null): unknown =>
  JSON.parse(
    JSON.stringify(content, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
  );

describe('what clients keep of the answers of earlier releases is read, and what is given is among it', () => {
  it('a place of the feed', () => {
    const texts = Object.keys(known.feedPlaces);
    expect(texts.filter((text) => !FEED_PLACE.test(text))).toEqual([]);
    const read = texts.map((text) => [text, plain(decodeFeedPlace(text))]);
    expect(Object.fromEntries(read)).toEqual(known.feedPlaces);
    expect(texts).toContain(encodeFeedPlace({ position: 281n, late: 0n, store: '529b0173c85a' }));
  });

  it('an Order-Position', () => {
    const texts = Object.keys(known.orderPositions);
    const read = texts.map((text) => [text, plain(decodeOrderPosition(text))]);
    expect(Object.fromEntries(read)).toEqual(known.orderPositions);
    const at = { position: 281n, store: '529b0173c85a' };
    const orderId = '0b9e7c52-6f0a-4b7e-9c3d-2f1a8d4e6b70';
    for (const of of [
      { orderId, revision: 3 },
      { orderId: null, revision: null },
    ])
      expect(texts).toContain(encodeOrderPosition({ ...at, ...of }));
  });

  it('a cursor of a list', () => {
    const filter = filterOf({ status: ['placed'] });
    const sort = new OrderSort('orders', '-placedAt', { filter, asOf: null, ...givenIn(NO_LOOKUP) });
    const texts = Object.keys(known.listCursors);
    const read = texts.map((text) => {
      const parameters = new Parameters();
      sort.after(text, parameters);
      return [text, parameters.values];
    });
    expect(Object.fromEntries(read)).toEqual(known.listCursors);
    const last: Partial<SummaryItem> = {
      placedAt: instantAt(Date.UTC(2026, 0, 1, 10)),
      orderId: '0b9e7c52-6f0a-4b7e-9c3d-2f1a8d4e6b70',
    };
    expect(texts).toContain(sort.cursorAfter(last as SummaryItem));
  });
});
