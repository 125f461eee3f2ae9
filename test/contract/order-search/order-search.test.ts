import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { ERASED } from '#domain/decider.js';
import type { Order } from '#domain/order/state.js';
import type { OrderSearchPage } from '#read-models/search/order-search.js';
import { describeWith } from '../../support/engines.js';
import { searchAdapters, type SearchSubject } from './adapters.js';
import { orderOf, questionOf, type Asked, type Shape } from './shapes.js';

// Whole systems start here, on a machine that may be busy with others.
jest.setTimeout(60_000);

const shapes: Shape[] = [
  {
    ref: 'A1',
    names: ['White Hanging Heart T-Light Holder'],
    skus: ['85123A'],
    person: 'Rosa Smith',
    email: 'rosa@example.org',
  },
  { ref: 'A2', names: ['Heart of wicker', 'Red retrospot bag'], country: 'FR', at: '2026-04-02T00:00:00Z' },
  { ref: 'A3', names: ['Crème brûlée dish', 'Party bunting', 'Blue mug'], country: 'FR', tags: ['gift'] },
  {
    ref: 'U4', // unlike the others, nothing that a number of an order can begin with, of either half
    names: ['Party bunting'],
    skus: ['85199'],
    customer: 'c-7',
    at: '2026-04-01T00:00:00Z',
    price: 900,
  },
  { ref: 'A5', names: ['Mug of Smith & Sons'], email: 'Ana@Example.org', country: null, price: 500 },
  {
    ref: 'A6',
    names: ['Straße sign', 'Smørrebrød board', 'Кружка большая', 'Ποτήρι'],
    currency: 'EUR',
    customer: 'c-7',
    attributes: { channel: 'Web Shop', town: 'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch' },
  },
  { ref: 'A7', names: ['Heart shaped secret'], tenant: 'demo', email: 'ana@example.org' },
];

for (const { name, needs, open } of searchAdapters) {
  describeWith(needs, `OrderSearch on ${name}`, () => {
    let subject: SearchSubject;
    const byReference = new Map<string, Order>();

    beforeAll(async () => {
      subject = await open();
      for (const shape of shapes) byReference.set(shape.ref, await orderOf(shape));
      await subject.index([...byReference.values()], 41n);
    });
    afterAll(() => subject.close());

    const ask = (asked: Asked = {}) => subject.search.search(questionOf(asked));
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
      ['a missing letter in the middle word', 'part buntng', ['A3', 'U4']],
      ['a word that nothing resembles', 'xylophone', []],
      ['a sku among the words', '85123a', ['A1']],
      ['no number in place of another', '85124a', []],
      ['a reference', 'u4', ['U4']],
      ['a tag', 'gift', ['A3']],
      ["a person's name", 'rosa', ['A1']],
      ["a person's name and a product", 'smith heart', ['A1']],
      ['a name that is a product too', 'smith', ['A1', 'A5']],
      ["the beginning of a person's name", 'ros', ['A1']],
      ['words side by side', '"heart t light"', ['A1']],
      ['not words side by side that are apart', '"white heart"', []],
      ['not words side by side in another order', '"light t"', []],
      ['not words side by side of two texts', '"wicker red"', []],
      ['words side by side, in any case and accents', '“CRÈME brulee”', ['A3']],
      ['not words side by side that are misspelt', '"retrosopt bag"', []],
      ['not a half typed word in quotes', '"hangin"', []],
      ['words side by side and others', '"party bunting" mug', ['A3']],
      ['words side by side, with a misspelt one beside them', '"party bunting" dsih', ['A3']],
      ['two texts of words side by side', '"blue mug" "creme brulee"', ['A3']],
      ['quotes that were not closed', 'red "retrospot b', ['A2']],
      ['words side by side in an attribute', '"web shop"', ['A6']],
      ['a long word swapped near its beginning', 'hnaging', ['A1']],
      ['a misspelt word of 58 letters', 'llanfairpwlgwyngyllgogerychwyrndrobwllllantysiliogogogohc', ['A6']],
      ['a word in letters that are not Latin', 'кружка', ['A6']],
      ['one that is misspelt', 'кружкп', ['A6']],
      ['one that begins with another letter', 'вружка', ['A6']],
      ['one whose first letter is missing', 'οτηρι', ['A6']],
      ['one that begins with two letters swapped', 'обльшая', ['A6']],
      ['one that nothing resembles', 'ветерок', []],
      ['one misspelt in three places', 'lanfairpwlgwyngyllgogerychwyrndrobwllllantysiliogogogohc', []],
      ['signs beside words', 'hanging 🧡 & "%" heart', ['A1']],
      ['blanks only, which ask for nothing', '  ', ['A1', 'A2', 'A3', 'A5', 'A6', 'U4']],
      ['nothing by signs only', '&!?', []],
      ['nothing by a pictogram', '🧡', []],
      ['nothing by a wildcard', '%', []],
      ['nothing by a phrase that has just begun', '"', []],
    ])('finds by text: %s', async (_what, text, references) => {
      expect(await found({ text })).toEqual(references);
    });

    it('finds nothing by signs only, whatever else is asked', async () => {
      expect(await ask({ text: '&!?', sku: '85123A', facets: ['status'] })).toMatchObject({
        items: [],
        nextCursor: null,
        total: 0,
        facets: { status: [] },
      });
    });

    it('finds by every word and every phrase of a text, however many they are', async () => {
      const letters = [...'abcdefghijklmnopqrstuvwxyz'];
      const order = await orderOf({ ref: 'C1', names: letters, tenant: 'letters' });
      const long = await orderOf({ ref: 'C2', names: [letters.join(' ')], tenant: 'letters' });
      await subject.index([order, long], 41n);
      const audience = { tenantId: 'letters', customerId: null };
      const all = letters.join(' ');
      expect(await found({ audience, text: all })).toEqual(['C1', 'C2']);
      expect(await found({ audience, text: `${all} xylophone` })).toEqual([]);
      const each = letters.map((letter) => `"${letter}"`).join('');
      expect(await found({ audience, text: each })).toEqual(['C1', 'C2']);
      expect(await found({ audience, text: `${each}"xylophone"` })).toEqual([]);
      expect(await found({ audience, text: `"${all}"` })).toEqual(['C2']);
      expect(await found({ audience, text: `"${all} xylophone"` })).toEqual([]);
    });

    it('takes a reference and a name of a person as they are spelt', async () => {
      const order = await orderOf({
        ref: 'Sunflower',
        names: ['Garden gnome'],
        skus: ['G1'],
        person: 'Rosalind',
        tenant: 'spelt',
      });
      await subject.index([order], 41n);
      const audience = { tenantId: 'spelt', customerId: null };
      expect(await found({ audience, text: 'rosalind sunflower gadren' })).toEqual(['Sunflower']);
      expect(await found({ audience, text: 'sunfolwer garden' })).toEqual([]);
      expect(await found({ audience, text: 'roslaind garden' })).toEqual([]);
    });

    it('takes no word for misspelt that is a name or a reference of some order', async () => {
      const crown = { ref: 'C1', names: ['Paper crown'], skus: ['C1'] };
      const brown = { ref: 'C2', names: ['Teapot'], skus: ['C2'], person: 'Ann Brown' };
      const called = { ref: 'Brown', names: ['Plate'], skus: ['C3'] };
      const foundAmong = async (tenant: string, some: readonly (typeof crown)[]) => {
        await subject.index(await Promise.all(some.map((one) => orderOf({ ...one, tenant }))), 41n);
        return (await found({ audience: { tenantId: tenant, customerId: null }, text: 'brown' })).sort();
      };
      // The last word may be unfinished, but what only begins with it does not show that it is spelt right.
      const browning = { ref: 'BrownX', names: ['Plate'], skus: ['C4'], person: 'Ann Brownlow' };
      expect(await foundAmong('beginnings', [crown, browning])).toEqual(['BrownX', 'C1']);
      expect(await foundAmong('crowns', [crown])).toEqual(['C1']);
      expect(await foundAmong('names', [crown, brown])).toEqual(['C2']);
      expect(await foundAmong('references', [crown, called])).toEqual(['Brown']);
    });

    it.each(['1e1a', '3e5labs', '-7up', '0x1f', '10km', 'κάππα9', 'ﬁx1e2'])(
      'finds by a name that might be taken for a number: %s',
      async (name) => {
        const tenant = `numbers-${Buffer.from(name).toString('hex')}`;
        const person = `Ann ${name} Brown`;
        await subject.index([await orderOf({ ref: 'N1', names: ['Teapot'], person, tenant })], 41n);
        expect(await found({ audience: { tenantId: tenant, customerId: null }, text: name })).toEqual(['N1']);
      },
    );

    it('finds an order by all its words, however many of them are names of others', async () => {
      const tenant = 'surnames';
      const smith = {
        ...{ ref: 'S1', names: ['White heart light holder'], skus: ['S1'] },
        ...{ person: 'John Smith', tenant },
      };
      const others = ['White', 'Heart', 'Light', 'Bell', 'Wood'].map((name, at) => {
        return { ref: `O${at}`, names: ['Teapot'], skus: [`O${at}`], person: `Ann ${name}`, tenant };
      });
      await subject.index(await Promise.all([smith, ...others].map(orderOf)), 41n);
      const audience = { tenantId: tenant, customerId: null };
      expect(await found({ audience, text: 'smith white heart light' })).toEqual(['S1']);
      expect(await found({ audience, text: 'smith white heart light holder' })).toEqual(['S1']);
      expect(await found({ audience, text: 'smith white heart light teapot' })).toEqual([]);
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

    it('finds by what a SKU, a number and a reference begin with', async () => {
      expect(await found({ skuPrefix: '851' })).toEqual(['A1', 'U4']);
      expect(await found({ skuPrefix: '85123A' })).toEqual(['A1']);
      expect(await found({ skuPrefix: '5123A' })).toEqual([]);
      expect(await found({ skuPrefix: 'SKU-A3' })).toEqual(['A3']);
      expect(await found({ skuPrefix: 'SKU-A3-2' })).toEqual(['A3']);
      expect(await found({ referencePrefix: 'A' })).toEqual(['A1', 'A2', 'A3', 'A5', 'A6']);
      expect(await found({ referencePrefix: 'U4' })).toEqual(['U4']);
      const { number } = byReference.get('A2')!;
      expect(await found({ numberPrefix: number.slice(0, 8) })).toEqual(['A2']);
      expect(await found({ numberPrefix: number.slice(1) })).toEqual([]);
    });

    it('finds by all that is asked together', async () => {
      expect(await found({ text: 'mug', email: 'ana@example.org' })).toEqual(['A5']);
      expect(
        await found({ text: '"party bunting"', skuPrefix: '851', filter: { customerId: 'c-7' } }),
      ).toEqual(['U4']);
      expect(await found({ text: 'mug', skuPrefix: '851' })).toEqual([]);
    });

    it('puts the order first that is most about the words', async () => {
      const { items } = await ask({ text: 'bunting' });
      expect(items.map(({ reference }) => reference)).toEqual(['U4', 'A3']);
    });

    it('keeps tenants and customers apart', async () => {
      const demo = { tenantId: 'demo', customerId: null };
      expect(await found({ text: 'heart', audience: demo })).toEqual(['A7']);
      expect(await found({ email: 'ana@example.org', audience: demo })).toEqual(['A7']);
      expect(await found({ text: '"heart shaped"' })).toEqual([]);
      expect(await found({ skuPrefix: 'SKU-A7' })).toEqual([]);
      // No other tenant's words are taken for what was meant.
      expect(await found({ text: 'secert' })).toEqual([]);
      const customer = { tenantId: 'default', customerId: 'c-7' };
      const { items, total, facets } = await ask({ text: 'party', audience: customer });
      expect(items.map(({ reference }) => reference)).toEqual(['U4']);
      expect([total, facets.country]).toEqual([1, [{ value: 'GB', orders: 1 }]]);
    });

    it('says how far it is, and the revision of each hit', async () => {
      const { items, indexedThrough } = await ask({ text: 'heart' });
      expect(indexedThrough).toBe(41n);
      expect(items.map(({ revision }) => revision)).toEqual([0, 0]);
    });

    it('shows the newest state, and finds a person no more once their data is erased', async () => {
      const before = byReference.get('A1')!;
      expect(await found({ email: 'rosa@example.org' })).toEqual(['A1']);
      const erased: Order = { ...before, revision: 1, status: 'confirmed', personal: ERASED };
      await subject.index([erased], 42n);
      expect(await found({ text: 'rosa' })).toEqual([]);
      expect(await found({ text: 'smith' })).toEqual(['A5']);
      expect(await found({ email: 'rosa@example.org' })).toEqual([]);
      const { items, indexedThrough } = await ask({ text: 'hanging', facets: ['status'] });
      expect(items).toMatchObject([{ reference: 'A1', revision: 1, status: 'confirmed' }]);
      expect(indexedThrough).toBe(42n);
    });

    it('takes a word that no order holds any more for one it resembles', async () => {
      const first = await orderOf({ ref: 'B1', names: ['Wickre basket'], tenant: 'spelling' });
      const second = await orderOf({ ref: 'B2', names: ['Wicker chair'], tenant: 'spelling' });
      const audience = { tenantId: 'spelling', customerId: null };
      await subject.index([first, second], 50n);
      expect(await found({ audience, text: 'wickre chair' })).toEqual([]);
      const lines = [{ ...first.lines[0]!, name: 'Wicker basket' }];
      await subject.index([{ ...first, revision: 1, lines }], 51n);
      expect(await found({ audience, text: 'wickre chair' })).toEqual(['B2']);
      expect(await found({ audience, text: 'wickre' })).toEqual(['B1', 'B2']);
    });

    it('corrects a customer’s words by the customer’s own orders: the others’ tell nothing', async () => {
      const strangers: Shape[] = [
        { ref: 'E1', names: ['Lantern'], customer: 'c-1', tenant: 'strangers' },
        { ref: 'E2', names: ['Lanetrn'], customer: 'c-2', tenant: 'strangers' },
      ];
      await subject.index(await Promise.all(strangers.map(orderOf)), 52n);
      const of = (customerId: string | null) => ({ tenantId: 'strangers', customerId });
      expect(await found({ audience: of('c-1'), text: 'lanetrn' })).toEqual(['E1']);
      expect(await found({ audience: of('c-2'), text: 'lanetrn' })).toEqual(['E2']);
      expect(await found({ audience: of(null), text: 'lanetrn' })).toEqual(['E2']);
      expect(await found({ audience: of('c-3'), text: 'lanetrn' })).toEqual([]);
    });

    it('finds what resembles a word, whatever else resembles it that others hold, or that no order holds any more', async () => {
      const near = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'].map((letter) => `Heart${letter}`);
      const theirs = near.map((name, at) => ({
        ref: `F${at}`,
        names: [name],
        customer: 'c-2',
        tenant: 'crowd',
      }));
      const own: Shape = { ref: 'F9', names: ['Hearty'], customer: 'c-1', tenant: 'crowd' };
      const orders = await Promise.all([...theirs, own].map(orderOf));
      const of = (customerId: string | null) => ({ tenantId: 'crowd', customerId });
      await subject.index(orders, 53n);
      expect(await found({ audience: of('c-1'), text: 'hearts' })).toEqual(['F9']);
      const renamed = orders.slice(0, near.length).map((order) => ({
        ...order,
        revision: 1,
        lines: [{ ...order.lines[0]!, name: 'Something else' }],
      }));
      await subject.index(renamed, 54n);
      expect(await found({ audience: of(null), text: 'hearts' })).toEqual(['F9']);
    });

    it('ends a page after some megabytes, and the next goes on', async () => {
      const audience = { tenantId: 'large', customerId: null };
      const name = `Heart ${'mug '.repeat(300_000)}`;
      const large = await Promise.all(
        ['G1', 'G2', 'G3', 'G4', 'G5', 'G6'].map(async (ref) => {
          const order = await orderOf({ ref, names: ['Heart'], tenant: 'large' });
          return { ...order, lines: [{ ...order.lines[0]!, name }] };
        }),
      );
      await subject.index(large, 55n);
      const pages: string[][] = [];
      for (let cursor: string | null = null; ;) {
        const asked = { audience, text: 'heart', sort: 'placedAt', limit: 100, cursor } as const;
        const page: OrderSearchPage = await ask(asked);
        expect(page.total).toBe(large.length);
        pages.push(page.items.map(({ reference }) => reference!));
        if (page.nextCursor === null) break;
        cursor = page.nextCursor;
      }
      expect(pages.length).toBeGreaterThan(1);
      expect(pages.flat().sort()).toEqual(['G1', 'G2', 'G3', 'G4', 'G5', 'G6']);
    });

    it('keeps a position that no JSON number holds', async () => {
      const position = 2n ** 53n + 1n;
      await subject.index([], position);
      expect((await ask()).indexedThrough).toBe(position);
    });
  });
}
