import type { Order } from '#domain/order/state.js';

/** Heap of an order, and of each part that it can have many of, as measured on orders of the shop. */
const ORDER_BYTES = 3_000;
const LINE_BYTES = 450;
const ITEM_BYTES = 350;
/** Of the units of one line, in the list of a shipment, a return, a refund … */
const UNITS_BYTES = 110;
/** Of an attribute, or a tag. */
const WORD_BYTES = 160;
/** A text up to this length, such as an id, is included in the figure of the part that holds it. */
const SHORT_CHARACTERS = 40;

/** A field of an order, and how its size is estimated. */
interface Part {
  readonly field: keyof Order;
  readonly bytesOf: (value: never) => number;
}

const part = <Field extends keyof Order>(
  field: Field,
  bytesOf: (value: Order[Field]) => number = longTextBytes,
): Part => ({ field, bytesOf });

const items = (list: readonly unknown[]) => list.length * ITEM_BYTES + longTextBytes(list);
const ids = ({ length }: readonly unknown[]) => length * ITEM_BYTES;
const unitsOf = ({ lines }: { readonly lines: readonly unknown[] }) => lines.length * UNITS_BYTES;
const withUnits = (list: readonly { readonly lines: readonly unknown[] }[]) =>
  list.reduce((sum, item) => sum + unitsOf(item), items(list));

/** Every field whose size varies. */
const parts: readonly Part[] = [
  part('lines', (lines) =>
    lines.reduce((sum, { name, sku }) => sum + LINE_BYTES + longTextBytes(name) + longTextBytes(sku), 0),
  ),
  part('handled', ids),
  part('retiredIds', ids),
  part('discounts', items),
  part('surcharges', items),
  part('notes', items),
  part('payments', ({ authorizations, captures, failures, voids, reversals }) =>
    [authorizations, captures, failures, voids, reversals].reduce((sum, list) => sum + items(list), 0),
  ),
  part('refunds', (refunds) =>
    refunds.reduce((sum, { of }) => sum + (of.kind === 'lines' ? unitsOf(of) : 0), items(refunds)),
  ),
  part('shipments', withUnits),
  part('cancellations', withUnits),
  part('returns', withUnits),
  part('stock', (stock) => unitsOf(stock) + longTextBytes(stock)),
  part('tags', (tags) => tags.length * WORD_BYTES + longTextBytes(tags)),
  part('attributes', (words) => Object.keys(words).length * WORD_BYTES + longTextBytes(words)),
  part('personal'),
  part('shipping'),
  part('shippingAddress'),
  part('billingAddress'),
  part('reference'),
  part('customerId'),
  part('statusReason'),
  part('holdReason'),
];

/** The estimated heap of an order's state. A command changes few parts of it, so the next estimate is quick. */
export class StateSize {
  readonly bytes: number;
  readonly #order: Order;
  /** In the order of `parts`. */
  readonly #ofParts: readonly number[];

  /** @param before of an earlier state of the order, whose parts are the same objects where they did not change */
  constructor(order: Order, before: StateSize | null = null) {
    this.#order = order;
    this.#ofParts = parts.map(({ field, bytesOf }, index) =>
      before !== null && before.#order[field] === order[field]
        ? before.#ofParts[index]!
        : bytesOf(order[field] as never),
    );
    this.bytes = this.#ofParts.reduce((sum, bytes) => sum + bytes, ORDER_BYTES);
  }
}

/** Heap of the long texts in a value: two bytes a character, as for most scripts other than Latin. */
function longTextBytes(value: unknown): number {
  if (typeof value === 'string') return 2 * Math.max(0, value.length - SHORT_CHARACTERS);
  if (typeof value !== 'object' || value === null) return 0;
  let bytes = 0;
  for (const one of Object.values(value)) bytes += longTextBytes(one);
  return bytes;
}
