import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { instantOf } from '#domain/instant.js';
import type { OrderFilter } from '#read-models/readers/order-filter.js';
import { describeWith } from '../../support/engines.js';
import { confirm, payment } from '../../support/order-streams.js';
import { searchAdapters, type SearchSubject } from './adapters.js';
import { hold, orderOf, questionOf, type Asked, type Shape } from './shapes.js';

jest.setTimeout(60_000);

const shapes: Shape[] = [
  { ref: 'A1', names: ['White heart'], then: (order) => order.isFulfilled() },
  { ref: 'A2', names: ['Wicker heart'], country: 'FR', at: '2026-04-02T00:00:00Z', price: 999 },
  {
    ref: 'A3',
    names: ['Dish', 'Party bunting'],
    country: 'FR',
    tags: ['gift', 'late'],
    then: (order) => order.does(confirm),
  },
  { ref: 'A4', names: ['Party bunting'], customer: 'c-7', at: '2026-04-01T00:00:00Z', price: 1_000 },
  {
    ref: 'A5',
    names: ['Mug'],
    country: null,
    price: 50_000,
    then: (order) => order.does(hold, payment(order.order)),
  },
  { ref: 'A6', names: ['Sign'], currency: 'JPY', customer: 'c-7', price: 5_000, tags: ['gift'] },
  { ref: 'A7', names: ['Heart'], tenant: 'demo', country: 'DE' },
];

for (const { name, needs, open } of searchAdapters) {
  describeWith(needs, `OrderSearch on ${name}`, () => {
    let subject: SearchSubject;

    beforeAll(async () => {
      subject = await open();
      await subject.index(await Promise.all(shapes.map(orderOf)), 7n);
    });
    afterAll(() => subject.close());

    const ask = (asked: Asked = {}) => subject.search.search(questionOf(asked));
    const found = async (asked: Asked) => (await ask(asked)).items.map(({ reference }) => reference).sort();

    it.each<[string, Partial<OrderFilter>, string[]]>([
      ['status', { status: ['completed'] }, ['A1']],
      ['any of several statuses', { status: ['confirmed', 'completed'] }, ['A1', 'A3']],
      ['payment status', { paymentStatus: ['paid'] }, ['A1', 'A5']],
      ['fulfilment status', { fulfilmentStatus: ['delivered'] }, ['A1']],
      ['return status', { returnStatus: ['none'] }, ['A1', 'A2', 'A3', 'A4', 'A5', 'A6']],
      ['a status that none has', { returnStatus: ['closed'] }, []],
      ['being on hold', { onHold: true }, ['A5']],
      ['not being on hold', { onHold: false, country: ['GB'] }, ['A1', 'A4', 'A6']],
      ['country', { country: ['FR'] }, ['A2', 'A3']],
      ['any of several countries', { country: ['FR', 'DE'] }, ['A2', 'A3']],
      ['customer', { customerId: 'c-7' }, ['A4', 'A6']],
      ['currency', { currency: 'JPY' }, ['A6']],
      ['reference', { reference: 'A2' }, ['A2']],
      ['tag', { tag: 'gift' }, ['A3', 'A6']],
      ['tag, whole', { tag: 'gif' }, []],
      [
        'the time of placing, half open',
        { from: instantOf('2026-04-01T00:00:00Z'), to: instantOf('2026-04-02T00:00:00Z') },
        ['A4'],
      ],
      [
        'total, both ends included',
        { currency: 'GBP', minTotalMinor: 999, maxTotalMinor: 1_000 },
        ['A2', 'A4'],
      ],
      ['least total', { currency: 'GBP', minTotalMinor: 1_001 }, ['A5']],
      [
        'all of them together',
        { country: ['GB'], customerId: 'c-7', status: ['placed'], tag: 'gift' },
        ['A6'],
      ],
      ['nothing where lists are empty', { status: [], country: [] }, ['A1', 'A2', 'A3', 'A4', 'A5', 'A6']],
    ])('narrows by %s', async (_what, filter, references) => {
      expect(await found({ filter })).toEqual(references);
    });

    it('counts every facet over all that matches', async () => {
      expect((await ask()).facets).toEqual({
        status: [
          { value: 'placed', orders: 4 },
          { value: 'completed', orders: 1 },
          { value: 'confirmed', orders: 1 },
        ],
        paymentStatus: [
          { value: 'none', orders: 4 },
          { value: 'paid', orders: 2 },
        ],
        fulfilmentStatus: [
          { value: 'unfulfilled', orders: 5 },
          { value: 'delivered', orders: 1 },
        ],
        returnStatus: [{ value: 'none', orders: 6 }],
        country: [
          { value: 'GB', orders: 3 },
          { value: 'FR', orders: 2 },
          { value: null, orders: 1 },
        ],
        month: [
          { value: '2026-03', orders: 4 },
          { value: '2026-04', orders: 2 },
        ],
        currency: [
          { value: 'GBP', orders: 5 },
          { value: 'JPY', orders: 1 },
        ],
        totalBand: [
          { value: 'GBP 0-10', orders: 3 },
          { value: 'GBP 10-20', orders: 1 },
          { value: 'GBP 500-1000', orders: 1 },
          { value: 'JPY 5000-10000', orders: 1 },
        ],
      });
    });

    it('counts what is found, not what is on the page, and not what another asks for', async () => {
      const { items, total, facets } = await ask({ text: 'party', limit: 1, facets: ['country'] });
      expect([items.length, total]).toEqual([1, 2]);
      expect(facets).toEqual({
        country: [
          { value: 'FR', orders: 1 },
          { value: 'GB', orders: 1 },
        ],
      });
      const customer = { tenantId: 'default', customerId: 'c-7' };
      const own = await ask({ audience: customer, facets: ['currency'] });
      expect([own.total, own.facets.currency]).toEqual([
        2,
        [
          { value: 'GBP', orders: 1 },
          { value: 'JPY', orders: 1 },
        ],
      ]);
    });

    it('answers in full where nothing is found, and counts nothing where nothing is asked', async () => {
      expect(await ask({ text: 'xylophone' })).toEqual({
        items: [],
        nextCursor: null,
        total: 0,
        facets: {
          status: [],
          paymentStatus: [],
          fulfilmentStatus: [],
          returnStatus: [],
          country: [],
          month: [],
          currency: [],
          totalBand: [],
        },
        indexedThrough: 7n,
        shownThrough: 7n,
        writtenThrough: needs.includes('elasticsearch') ? 7n : null,
      });
      expect((await ask({ facets: [] })).facets).toEqual({});
    });
  });
}
