import { searchTexts } from './workload.js';

const FACETS = [
  'status',
  'paymentStatus',
  'fulfilmentStatus',
  'returnStatus',
  'country',
  'month',
  'currency',
];

/** A search: words, some of them misspelt, with filters, sorts and all facets. `i` chooses among them. */
export function searchBody(i: number): Record<string, unknown> {
  const texts = searchTexts();
  const filters = {
    ...(i % 3 === 1 && { country: ['GB'] }),
    ...(i % 4 === 2 && { status: ['completed'] }),
  };
  const body = { text: texts[i % texts.length], filters, facets: FACETS, limit: 20 };
  return i % 5 === 0 ? { ...body, sort: '-placedAt' } : body;
}
