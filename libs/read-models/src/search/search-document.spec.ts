import { describe, expect, it } from '@jest/globals';
import { ERASED } from '#domain/decider.js';
import { line, orderPlaced } from '#domain/testing/events.js';
import { given } from '#domain/testing/given.js';
import { summaryOf } from '../order-summary.js';
import { searchRowOf } from '../search-row.js';
import { DocumentWriter } from './document-writer.js';
import { foundByOf, personalWordsOf, searchDocumentId, searchDocumentOf } from './search-document.js';

const { order } = given(
  orderPlaced(
    {
      lines: [
        line('85123A', 1, { name: 'Crème dish' }),
        line('85123A', 2, { lineId: 'b', name: 'Crème dish' }),
      ],
      reference: 'PO 77',
      tags: ['Gift'],
      attributes: { channel: 'Web Shop' },
    },
    { contact: { name: 'Ana García', email: ' Ana@Example.ORG ', phone: '123' } },
  ),
);

describe('searchDocumentOf', () => {
  it('holds the summary under its own names', () => {
    expect(searchDocumentOf(order)).toMatchObject(summaryOf(order));
    expect(searchDocumentId(order)).toBe(`${order.tenantId}.${order.orderId}`);
  });

  it('holds each text as it was given, once a field', () => {
    const { texts } = searchDocumentOf(order);
    expect(texts).toEqual({
      number: order.number,
      reference: 'PO 77',
      lineName: 'Crème dish',
      sku: '85123A',
      tag: 'Gift',
      attribute: 'Web Shop',
    });
  });

  it('names a person in its personal part alone, and not once that is erased', () => {
    const { personal, ...facts } = searchDocumentOf(order);
    expect(personal).toEqual({ email: 'ana@example.org', names: ['ana', 'garcia'] });
    expect(JSON.stringify(facts).toLowerCase()).not.toMatch(/ana@|garc/);
    expect(searchDocumentOf({ ...order, personal: ERASED }).personal).toEqual({ erased: true });
  });
});

describe('DocumentWriter', () => {
  it('writes the same document, of parts that were stored', () => {
    const writer = new DocumentWriter();
    const stored = (content: unknown) => {
      const source = Buffer.from(`in front${JSON.stringify(content)}`);
      return { source, start: 8, length: source.length - 8 };
    };
    const large = { ...order, reference: 'Ä'.repeat(400_000) };
    const orders = [order, { ...order, personal: ERASED } as const, large, order];
    const written = orders.map((one) => {
      const row = searchRowOf(one);
      return writer.write(summaryOf(one), stored(foundByOf(row)), stored(personalWordsOf(row)));
    });
    for (const [index, bytes] of written.entries()) {
      const text = Buffer.from(bytes).toString();
      expect(text).toBe(JSON.stringify(searchDocumentOf(orders[index]!)));
      expect(text).not.toContain('\n'); // a bulk request has a line for each
    }
  });
});
