import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { ERASED } from '#domain/decider.js';
import { instantAt } from '#domain/instant.js';
import type { Order } from '#domain/order/state.js';
import { play } from '#domain/testing/story.js';
import { searchSorts } from '#read-models/readers/order-sort.js';
import type { OrderSearchPage } from '#read-models/search/order-search.js';
import { describeWith } from '../../support/engines.js';
import { searchAdapters, type SearchSubject } from './adapters.js';
import { questionOf, type Asked } from './shapes.js';

jest.setTimeout(300_000);

const RUNS = 15;
const ORDERS = 40;
const QUESTIONS = 40;
const FIRST_MS = Date.UTC(2026, 0, 1);

// Few words, near each other, so that questions meet them, misspell them and stand between them.
const words = ['heart', 'hearts', 'heard', 'hanging', 'hangar', 'Café', 'cafés', 'mug', 'mugs', 'bag'].concat(
  [
    'Straße',
    'strasser',
    'light',
    'lights',
    'retrospot',
    'Αρης',
    'сова',
    '東京',
    '½',
    '85123A',
    'T',
    "d'or",
    'Dampfschifffahrt',
  ],
);
const names = ['Rosa', 'Rosas', 'Smith', 'Mug', 'García', 'Light'];
const skus = ['85123A', '85123B', '851-23', 'MUG & BAG', 'mug', 'Ünï', '東1', '&', 'heart-1'];
const word = fc.constantFrom(...words);
const some = (most: number) =>
  fc.array(word, { minLength: 1, maxLength: most }).map((each) => each.join(' '));

const personal = fc.record({
  name: fc.option(
    fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }).map((each) => each.join(' ')),
  ),
  email: fc.option(fc.constantFrom('Rosa@example.org', 'smith@example.org')),
  erased: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
});

/** What becomes of an order by a story of its own, with texts that are made up. */
const facts = fc.record({
  story: fc.array(fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), { minLength: 1, maxLength: 14 }),
  texts: fc.array(fc.record({ name: some(4), sku: fc.constantFrom(...skus) }), {
    minLength: 4,
    maxLength: 4,
  }),
  tenant: fc.constantFrom('default', 'default', 'default', 'other'),
  customer: fc.option(fc.constantFrom('c-1', 'c-2')),
  reference: fc.option(fc.constantFrom('heart 7', 'PO-1', 'PO-10', 'Mügs')),
  country: fc.option(fc.constantFrom('GB', 'FR', 'DE')),
  currency: fc.constantFrom('GBP', 'GBP', 'JPY', 'KWD'),
  tags: fc.uniqueArray(fc.constantFrom('gift', 'late', 'Café', 'heart bag'), { maxLength: 2 }),
  attribute: fc.option(some(2)),
  placedDay: fc.nat(70),
  personal,
});
type Facts = typeof facts extends fc.Arbitrary<infer T> ? T : never;

function orderOf(made: Facts, index: number): Order {
  const order = play(made.story).at(-1)!.after ?? play([Array.from({ length: 40 }, () => 1)]).at(-1)!.after!;
  const { name, email, erased } = made.personal;
  const placedAt = instantAt(FIRST_MS + made.placedDay * 86_400_000);
  return {
    ...order,
    tenantId: made.tenant,
    orderId: `${index.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`,
    number: `${(index * 7_919).toString(36).toUpperCase().padStart(5, '0')}-AB${index % 10}CD`,
    reference: made.reference,
    customerId: made.customer,
    currency: made.currency,
    placedAt,
    lastOccurredAt: placedAt,
    lines: order.lines.map((line, at) => ({ ...line, ...made.texts[at % made.texts.length]! })),
    tags: made.tags,
    attributes: made.attribute === null ? {} : { some: made.attribute },
    shippingAddress: { country: made.country, countryName: null },
    personal: erased
      ? ERASED
      : { contact: { name, email, phone: null }, shippingAddress: null, billingAddress: null, notes: {} },
  };
}

/** A word as people type it: begun, misspelt, in other case, or as it is. */
const typed = fc.tuple(fc.constantFrom(...words, ...names), fc.nat(), fc.nat(4)).map(([text, at, how]) => {
  const letters = [...text];
  const place = at % letters.length;
  if (how === 0) return letters.slice(0, place + 1).join('');
  if (how === 1) return [...letters.slice(0, place), ...letters.slice(place + 1)].join('');
  if (how === 2) letters.splice(place, 2, ...letters.slice(place, place + 2).reverse());
  return how === 3 ? text.toUpperCase() : letters.join('');
});
const text = fc
  .array(
    fc.oneof({ weight: 4, arbitrary: typed }, { weight: 1, arbitrary: some(3).map((each) => `"${each}"`) }),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((parts) => parts.join(' '));

/** One of twelve times: all that is asked at once finds nothing. */
const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 11, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const question: fc.Arbitrary<Asked> = fc
  .record({
    text: fc.option(text, { freq: 4 }),
    sku: rarely(fc.constantFrom(...skus)),
    skuPrefix: rarely(fc.constantFrom('8', '851', 'MUG', 'mug', 'Ü', '東', '&', 'heart-')),
    numberPrefix: rarely(fc.constantFrom('0', '00', '01', '0ZZ')),
    referencePrefix: rarely(fc.constantFrom('P', 'PO-1', 'M', 'heart ')),
    email: rarely(fc.constantFrom('rosa@example.org', 'SMITH@example.org', 'nobody@example.org')),
    sort: fc.constantFrom(...searchSorts),
    limit: fc.constantFrom(1, 5, 100),
    customerId: rarely(fc.constantFrom('c-1', 'c-2')).map((customer) => customer ?? null),
    filter: fc.record({
      status: rarely(fc.constantFrom(['placed'], ['confirmed', 'completed'])),
      paymentStatus: rarely(fc.constantFrom(['none'], ['paid', 'partially_paid'])),
      fulfilmentStatus: rarely(fc.constantFrom(['unfulfilled'], ['shipped', 'delivered'])),
      returnStatus: rarely(fc.constantFrom(['none'], ['requested', 'closed'])),
      onHold: rarely(fc.boolean()),
      country: rarely(fc.constantFrom(['GB'], ['FR', 'DE'])),
      tag: rarely(fc.constantFrom('gift', 'Café', 'cafe')),
      from: rarely(fc.nat(70).map((day) => instantAt(FIRST_MS + day * 86_400_000))),
      to: rarely(fc.nat(70).map((day) => instantAt(FIRST_MS + day * 86_400_000))),
      total: rarely(fc.tuple(fc.constantFrom('GBP', 'JPY'), fc.nat(5_000))),
    }),
  })
  .map(({ customerId, filter: { total, ...filter }, ...asked }) => ({
    ...given(asked),
    audience: { tenantId: 'default', customerId },
    filter: {
      ...given(filter),
      ...(total ? { currency: total[0], minTotalMinor: total[1] } : {}),
    },
  }));

/** Without what was not asked: absent and undefined are not the same to those who read it. */
function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

/** What a reader sees of a page. */
type Shown = Omit<OrderSearchPage, 'shownThrough' | 'writtenThrough'>;

/** All pages of a question, a page at a time. */
async function pagesOf({ search }: SearchSubject, asked: Asked): Promise<Shown[]> {
  const pages: Shown[] = [];
  for (let cursor: string | null = null; ;) {
    const {
      shownThrough: _shown,
      writtenThrough: _,
      ...page
    } = await search.search(questionOf({ ...asked, cursor }));
    pages.push(page);
    if (page.nextCursor === null || pages.length === 5) return pages;
    cursor = page.nextCursor;
  }
}

describeWith(['elasticsearch'], 'the adapters of the search port', () => {
  let subjects: SearchSubject[];
  let position = 0n;
  let [answered, found] = [0, 0];
  beforeAll(async () => void (subjects = await Promise.all(searchAdapters.map(({ open }) => open()))));
  afterAll(() => Promise.all(subjects.map((subject) => subject.close())));

  it('answer alike whatever the orders and the questions (a failure prints its seed)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(facts, { minLength: ORDERS, maxLength: ORDERS }),
        fc.array(question, { minLength: QUESTIONS, maxLength: QUESTIONS }),
        async (made, questions) => {
          position += 1n;
          // The same ids each time, and each time further: what an order was before must not be found.
          const revision = Number(position);
          const orders = made.map((each, index) => ({ ...orderOf(each, index), revision }));
          await Promise.all(subjects.map((subject) => subject.index(orders, position)));
          for (const asked of questions) {
            const [first, ...others] = await Promise.all(subjects.map((subject) => pagesOf(subject, asked)));
            for (const other of others) expect({ asked, pages: other }).toEqual({ asked, pages: first });
            answered += 1;
            if (asked.text && first![0]!.total > 0) found += 1;
          }
        },
      ),
      { numRuns: RUNS, endOnFailure: true },
    );
    // Answers are alike as well where nothing is ever found.
    expect(found).toBeGreaterThan(answered / 10);
  });
});
