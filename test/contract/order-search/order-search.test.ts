import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ERASED } from '#domain/decider.js';
import { instantOf } from '#domain/instant.js';
import type { Order } from '#domain/order/state.js';
import type { EventStore } from '#event-store/port.js';
import { InvalidCursor } from '#read-models/readers/cursor.js';
import { filterOf, type OrderFilter } from '#read-models/readers/order-filter.js';
import {
  facetNames,
  type OrderSearchPage,
  type OrderSearchQuestion,
} from '#read-models/search/order-search.js';
import { place, WrittenOrder } from '../../support/order-streams.js';
import { searchAdapters, type SearchSubject } from './adapters.js';

// Whole systems start here, on a machine that may be busy with others.
jest.setTimeout(60_000);

type Asked = Partial<Omit<OrderSearchQuestion, 'filter'>> & { filter?: Partial<OrderFilter> };

interface Shape {
  ref: string;
  names: string[];
  skus?: string[];
  at?: string;
  country?: string | null;
  customer?: string | null;
  person?: string | null;
  email?: string | null;
  tags?: string[];
  tenant?: string;
  price?: number;
  currency?: string;
}

// Nothing is appended: the orders are folded here and handed to the index.
const nowhere = { append: async () => ({ revision: 0, position: 0n }) } as unknown as EventStore;

async function orderOf(shape: Shape): Promise<Order> {
  const { ref, names, skus, at = '2026-03-01T12:00:00Z', country = 'GB', customer = null, tags = [] } = shape;
  const written = new WrittenOrder(nowhere, shape.tenant ?? 'default');
  const command = place(written, names.length, {
    reference: ref,
    customerId: customer,
    currency: shape.currency ?? 'GBP',
    tags,
    shippingAddress: { country, countryName: null },
  });
  const lines = command.data.lines.map((line, index) => ({
    ...line,
    name: names[index]!,
    sku: skus?.[index] ?? `SKU-${ref}-${index}`,
    unitPriceMinor: shape.price ?? 100,
    quantity: 1,
  }));
  const contact = { name: shape.person ?? null, email: shape.email ?? null, phone: null };
  const personal = { contact, shippingAddress: null, billingAddress: null };
  await written.doesAt({ ...command, data: { ...command.data, lines }, personal }, instantOf(at));
  return written.order;
}

const shapes: Shape[] = [
  { ref: 'A1', names: ['White Hanging Heart T-Light Holder'], skus: ['85123A'], person: 'Rosa Smith' },
  { ref: 'A2', names: ['Heart of wicker', 'Red retrospot bag'], country: 'FR', at: '2026-04-02T00:00:00Z' },
  { ref: 'A3', names: ['Crème brûlée dish', 'Party bunting', 'Blue mug'], country: 'FR', tags: ['gift'] },
  { ref: 'A4', names: ['Party bunting'], customer: 'c-7', at: '2026-04-01T00:00:00Z', price: 900 },
  { ref: 'A5', names: ['Mug of Smith & Sons'], email: 'Ana@Example.org', country: null, price: 500 },
  { ref: 'A6', names: ['Straße sign', 'Smørrebrød board'], currency: 'EUR', customer: 'c-7' },
  { ref: 'A7', names: ['Heart shaped secret'], tenant: 'demo', email: 'ana@example.org' },
];

describe.each(searchAdapters)('OrderSearch on $name', ({ open }) => {
  let subject: SearchSubject;
  const byReference = new Map<string, Order>();

  beforeAll(async () => {
    subject = await open();
    for (const shape of shapes) byReference.set(shape.ref, await orderOf(shape));
    await subject.index([...byReference.values()], 41n);
  });
  afterAll(() => subject.close());

  const ask = ({ filter = {}, ...asked }: Asked = {}): Promise<OrderSearchPage> =>
    subject.search.search({
      audience: { tenantId: 'default', customerId: null },
      text: null,
      sku: null,
      skuPrefix: null,
      numberPrefix: null,
      referencePrefix: null,
      email: null,
      facets: facetNames,
      sort: asked.text ? 'relevance' : '-placedAt',
      cursor: null,
      limit: 20,
      ...asked,
      filter: filterOf(filter),
    });
  const found = async (asked: Asked) => (await ask(asked)).items.map(({ reference }) => reference).sort();

  it.each([
    ['a word in any case', 'HEART', ['A1', 'A2']],
    ['all words, in any order', 'light white', ['A1']],
    ['words that are not in one order', 'white bunting', []],
    ['the beginning of the last word', 'red retro', ['A2']],
    ['not the beginning of another word', 'retro red', []],
    ['without accents', 'creme brulee', ['A3']],
    ['with accents that are not there', 'héart', ['A1', 'A2']],
    ['letters that are no letter plus accent', 'strasse smorrebrod', ['A6']],
    ['a misspelt word', 'retrosopt', ['A2']],
    ['several misspelt words', 'hangin haert', ['A1']],
    ['a swapped letter in a short word', 'mgu', ['A3', 'A5']],
    ['a missing letter in the middle word', 'part buntng', ['A3', 'A4']],
    ['a word that nothing resembles', 'xylophone', []],
    ['a sku among the words', '85123a', ['A1']],
    ['no number in place of another', '85124a', []],
    ['a reference', 'a4', ['A4']],
    ['a tag', 'gift', ['A3']],
    ["a person's name", 'rosa', ['A1']],
    ["a person's name and a product", 'smith heart', ['A1']],
    ['a name that is a product too', 'smith', ['A1', 'A5']],
    ['signs only', '&!?', ['A1', 'A2', 'A3', 'A4', 'A5', 'A6']],
  ])('finds by text: %s', async (_what, text, references) => {
    expect(await found({ text })).toEqual(references);
  });

  it('finds by the number that people say', async () => {
    expect(await found({ text: byReference.get('A5')!.number.toLowerCase() })).toEqual(['A5']);
  });

  it('finds by SKU and by e-mail, whole', async () => {
    expect(await found({ sku: '85123A' })).toEqual(['A1']);
    expect(await found({ sku: '85123' })).toEqual([]);
    expect(await found({ email: ' ana@example.ORG ' })).toEqual(['A5']);
    expect(await found({ email: 'ana@example' })).toEqual([]);
  });

  it.each<[string, Partial<OrderFilter>, string[]]>([
    ['country', { country: ['FR'] }, ['A2', 'A3']],
    ['customer', { customerId: 'c-7' }, ['A4', 'A6']],
    ['currency', { currency: 'EUR' }, ['A6']],
    ['reference', { reference: 'A2' }, ['A2']],
    ['tag', { tag: 'gift' }, ['A3']],
    ['status', { status: ['confirmed', 'completed'] }, []],
    [
      'the time of placing, half open',
      { from: instantOf('2026-04-01T00:00:00Z'), to: instantOf('2026-04-02T00:00:00Z') },
      ['A4'],
    ],
    ['total', { currency: 'GBP', minTotalMinor: 500, maxTotalMinor: 900 }, ['A4', 'A5']],
  ])('narrows by %s', async (_what, filter, references) => {
    expect(await found({ filter })).toEqual(references);
  });

  it('counts facets over all that matches, not over the page', async () => {
    const { items, total, facets } = await ask({ text: 'party', limit: 1 });
    expect([items.length, total]).toEqual([1, 2]);
    expect(facets).toMatchObject({
      status: [{ value: 'placed', orders: 2 }],
      country: [
        { value: 'FR', orders: 1 },
        { value: 'GB', orders: 1 },
      ],
      month: [
        { value: '2026-03', orders: 1 },
        { value: '2026-04', orders: 1 },
      ],
      currency: [{ value: 'GBP', orders: 2 }],
    });
    const all = await ask({ facets: ['country', 'currency'] });
    expect(all.facets).toEqual({
      country: [
        { value: 'GB', orders: 3 },
        { value: 'FR', orders: 2 },
        { value: null, orders: 1 },
      ],
      currency: [
        { value: 'GBP', orders: 5 },
        { value: 'EUR', orders: 1 },
      ],
    });
    expect(await ask({ text: 'xylophone' })).toMatchObject({ items: [], total: 0, facets: { status: [] } });
    expect((await ask({ facets: [] })).facets).toEqual({});
  });

  it('keeps tenants and customers apart', async () => {
    const demo = { tenantId: 'demo', customerId: null };
    expect(await found({ text: 'heart', audience: demo })).toEqual(['A7']);
    expect(await found({ email: 'ana@example.org', audience: demo })).toEqual(['A7']);
    const customer = { tenantId: 'default', customerId: 'c-7' };
    const { items, total, facets } = await ask({ text: 'party', audience: customer });
    expect(items.map(({ reference }) => reference)).toEqual(['A4']);
    expect([total, facets.country]).toEqual([1, [{ value: 'GB', orders: 1 }]]);
  });

  it.each(['relevance', '-placedAt', 'placedAt', '-total', 'total'] as const)(
    'pages through everything once, by %s',
    async (sort) => {
      const seen: (string | null)[] = [];
      let cursor: string | null = null;
      do {
        const page: OrderSearchPage = await ask({ sort, limit: 2, cursor });
        seen.push(...page.items.map(({ reference }) => reference));
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect([...seen].sort()).toEqual(['A1', 'A2', 'A3', 'A4', 'A5', 'A6']);
      expect(seen).toEqual((await ask({ sort })).items.map(({ reference }) => reference));
    },
  );

  it('puts the order first that is most about the words', async () => {
    const { items } = await ask({ text: 'bunting' });
    expect(items.map(({ reference }) => reference)).toEqual(['A4', 'A3']);
  });

  it('refuses a cursor that is made up or of another question', async () => {
    const { nextCursor } = await ask({ text: 'heart', limit: 1 });
    expect(nextCursor).not.toBeNull();
    await expect(ask({ text: 'party', cursor: nextCursor })).rejects.toThrow(InvalidCursor);
    await expect(ask({ text: 'heart', cursor: nextCursor, sort: 'total' })).rejects.toThrow(InvalidCursor);
    await expect(ask({ cursor: 'bm9uZQ' })).rejects.toThrow(InvalidCursor);
  });

  it('says how far it is, and the revision of each hit', async () => {
    const { items, indexedThrough } = await ask({ text: 'heart' });
    expect(indexedThrough).toBe(41n);
    expect(items.map(({ revision }) => revision)).toEqual([0, 0]);
  });

  it('shows the newest state, and finds a person no more once their data is erased', async () => {
    const before = byReference.get('A1')!;
    const erased: Order = { ...before, revision: 1, status: 'confirmed', personal: ERASED };
    await subject.index([erased], 42n);
    expect(await found({ text: 'rosa' })).toEqual([]);
    const { items, indexedThrough } = await ask({ text: 'hanging', facets: ['status'] });
    expect(items).toMatchObject([{ reference: 'A1', revision: 1, status: 'confirmed' }]);
    expect(indexedThrough).toBe(42n);
  });
});
