import { describe, expect, it } from '@jest/globals';
import { ERASED } from '#domain/decider.js';
import { line, orderPlaced } from '#domain/testing/events.js';
import { given } from '#domain/testing/given.js';
import { longNames, longWord } from '#test/support/long-names.js';
import { plainWords } from './plain-words.js';
import { searchRowOf } from './search-row.js';

const address = { company: 'Müller & Söhne', line1: 'Am Markt 1', line2: null, city: 'Köln', region: null };
const { order } = given(
  orderPlaced(
    {
      lines: [line('85123A', 1, { name: 'Crème dish' }), line('85123A', 2, { lineId: 'b', name: 'DISH' })],
      reference: 'PO 77',
      tags: ['Gift'],
      attributes: { channel: 'Web Shop' },
    },
    {
      contact: { name: 'Ana García', email: ' Ana@Example.ORG ', phone: '123' },
      shippingAddress: { ...address, name: 'Ana García', postalCode: '50667' },
    },
  ),
);

describe('searchRowOf', () => {
  it('holds words of products, SKUs, number, reference, tags and attributes, once each', () => {
    const number = order.number.toLowerCase().split('-');
    const { vocabulary, ownWords } = searchRowOf(order);
    expect([...vocabulary, ...ownWords].sort()).toEqual(
      [...number, '77', '85123a', 'creme', 'dish', 'gift', 'po', 'shop', 'web'].sort(),
    );
    expect(searchRowOf(order).skus).toEqual(['85123A']);
  });

  it('keeps what names a person apart, and nothing of it once it is erased', () => {
    expect(searchRowOf(order).personal).toEqual({
      email: 'ana@example.org',
      names: 'ana garcia muller sohne',
    });
    const erased = searchRowOf({ ...order, personal: ERASED });
    expect(erased.personal).toBe(ERASED);
    const { ownWords, vocabulary, phrases, texts } = erased;
    expect(JSON.stringify([ownWords, [...vocabulary], phrases, texts])).not.toMatch(/ana|garcia|koln|markt/);
  });

  it('holds the words of each text in their order, where there are several', () => {
    const number = order.number.toLowerCase().replace('-', ' ');
    expect(searchRowOf(order).phrases).toEqual([number, 'po 77', 'creme dish', 'web shop']);
  });

  it('offers no numbers or references as words that others may have meant', () => {
    expect([...searchRowOf(order).vocabulary].sort()).toEqual([
      '85123a',
      'creme',
      'dish',
      'gift',
      'shop',
      'web',
    ]);
  });

  it('has no more words than one row of PostgreSQL holds, and leaves out those of the last names', () => {
    const lines = longNames.map((name, index) => line(`sku${index}`, 1, { lineId: `line-${index}`, name }));
    const large = given(orderPlaced({ lines, reference: 'PO 77' })).order;
    const { vocabulary, ownWords } = searchRowOf(large);
    const bytes = Buffer.byteLength([...vocabulary, ...ownWords].join(''));
    expect(bytes).toBeGreaterThan(990_000);
    expect(bytes).toBeLessThanOrEqual(1_000_000);
    expect(ownWords).toContain('77');
    const found = (text: string) => plainWords(text).every((each) => vocabulary.has(each));
    expect([found('sku899'), found(longWord(0)), found(longWord(8_099))]).toEqual([true, true, false]);
  });
});
