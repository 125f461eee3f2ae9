import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { describeWith } from '../../support/engines.js';
import { note } from '../../support/order-streams.js';
import { searchAdapters, type SearchSubject } from './adapters.js';
import { orderOf, questionOf, type Asked, type Shape } from './shapes.js';

jest.setTimeout(60_000);

const shapes: Shape[] = [
  {
    ref: 'PO-Müller 7',
    names: ['Crème brûlée dish', 'Crème brûlée dish', 'Blue mug'],
    skus: ['85123A', '85123B', 'MUG-BLUE'],
    person: 'Rosa Blue',
    customer: 'c-7',
    tags: ['blue monday'],
    attributes: { channel: 'Web – blue' },
    then: (order) => order.does(note('the blue one is for Rosa')),
  },
  { ref: 'A2', names: ['Party bunting'] },
];

for (const { name, needs, open } of searchAdapters) {
  describeWith(needs, `highlights on ${name}`, () => {
    let subject: SearchSubject;
    beforeAll(async () => {
      subject = await open();
      await subject.index(await Promise.all(shapes.map(orderOf)), 7n);
    });
    afterAll(() => subject.close());

    const marked = async (asked: Asked) => {
      const { items } = await subject.search.search(questionOf(asked));
      return items.flatMap(({ highlights }) =>
        highlights.map(({ field, text, ranges }) => [
          field,
          ...ranges.map(([start, end]) => text.slice(start, end)),
        ]),
      );
    };

    it('show what was found as the order has it, each text once', async () => {
      expect(await marked({ text: 'creme brule' })).toEqual([['lineName', 'Crème', 'brûlée']]);
      expect(await marked({ text: '"brulee dish"' })).toEqual([['lineName', 'brûlée dish']]);
      expect(await marked({ text: 'muller' })).toEqual([['reference', 'Müller']]);
      expect(await marked({ text: 'buntign' })).toEqual([['lineName', 'bunting']]);
      expect(await marked({ skuPrefix: '85123' })).toEqual([
        ['sku', '85123'],
        ['sku', '85123'],
      ]);
      expect(await marked({ sku: 'MUG-BLUE' })).toEqual([['sku', 'MUG-BLUE']]);
    });

    it.each([null, 'c-7'])('show neither people nor notes (customer: %s)', async (customerId) => {
      const audience = { tenantId: 'default', customerId };
      expect(await marked({ audience, text: 'rosa blue' })).toEqual([
        ['lineName', 'Blue'],
        ['sku', 'BLUE'],
        ['tag', 'blue'],
        ['attribute', 'blue'],
      ]);
      expect(await marked({ audience, text: 'rosa' })).toEqual([]);
    });

    it('are none where no words were asked for', async () => {
      expect(await marked({})).toEqual([]);
    });
  });
}
