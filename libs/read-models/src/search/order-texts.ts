import type { Order } from '#domain/order/state.js';
import { joinTexts } from '../plain-words.js';

export const orderTextFields = ['number', 'reference', 'lineName', 'sku', 'tag', 'attribute'] as const;
export type OrderTextField = (typeof orderTextFields)[number];

/** A text of an order that its words are found in, as it was given. Never a personal one, and no note. */
export interface OrderText {
  readonly field: OrderTextField;
  readonly text: string;
}

/** What the texts are read from: an order, or its document. */
export type TextedOrder = Pick<Order, 'number' | 'reference' | 'lines' | 'tags' | 'attributes'>;

/** Each text once a field, in the order of the fields and then of the order. */
export function orderTextsOf({ number, reference, lines, tags, attributes }: TextedOrder): OrderText[] {
  const of = (field: OrderTextField, texts: Iterable<string>) =>
    Array.from(new Set(texts), (text) => ({ field, text }));
  return [
    ...of('number', [number]),
    ...of('reference', reference === null ? [] : [reference]),
    ...of(
      'lineName',
      lines.map(({ name }) => name),
    ),
    ...of(
      'sku',
      lines.map(({ sku }) => sku),
    ),
    ...of('tag', tags),
    ...of('attribute', Object.values(attributes)),
  ];
}

/** The same texts, joined into one for each field, as an index stores them: reading them makes no object of each. */
export type TextsByField = Readonly<Partial<Record<OrderTextField, string>>>;

export function byField(texts: readonly OrderText[]): TextsByField {
  const fields: Partial<Record<OrderTextField, string[]>> = {};
  for (const { field, text } of texts) (fields[field] ??= []).push(text);
  return Object.fromEntries(Object.entries(fields).map(([field, ofField]) => [field, joinTexts(ofField)]));
}
