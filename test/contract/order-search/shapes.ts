import { instantOf } from '#domain/instant.js';
import type { OrderCommand } from '#domain/order/order.js';
import type { Order } from '#domain/order/state.js';
import type { EventStore } from '#event-store/port.js';
import { filterOf, type OrderFilter } from '#read-models/readers/order-filter.js';
import { facetNames, type OrderSearchQuestion } from '#read-models/search/order-search.js';
import { place, WrittenOrder } from '../../support/order-streams.js';

/** What an order of these tests is told by; the rest is as little as an order can have. */
export interface Shape {
  readonly ref: string;
  /** One line each. */
  readonly names: readonly string[];
  readonly skus?: readonly string[];
  readonly at?: string;
  readonly country?: string | null;
  readonly customer?: string | null;
  readonly person?: string | null;
  readonly email?: string | null;
  readonly tags?: readonly string[];
  readonly attributes?: Readonly<Record<string, string>>;
  readonly tenant?: string;
  readonly price?: number;
  readonly currency?: string;
  /** What happens to it after it was placed. */
  readonly then?: (written: WrittenOrder) => Promise<unknown>;
}

// Nothing is appended: the orders are folded here and handed to the index.
const nowhere = { append: async () => ({ revision: 0, position: 0n }) } as unknown as EventStore;

export async function orderOf(shape: Shape): Promise<Order> {
  const { ref, names, skus, at = '2026-03-01T12:00:00Z', country = 'GB', customer = null } = shape;
  const written = new WrittenOrder(nowhere, shape.tenant ?? 'default');
  const command = place(written, names.length, {
    reference: ref,
    customerId: customer,
    currency: shape.currency ?? 'GBP',
    tags: [...(shape.tags ?? [])],
    attributes: shape.attributes ?? {},
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
  await shape.then?.(written);
  return written.order;
}

export const hold: OrderCommand = { type: 'HoldOrder', data: { reason: 'Address' }, personal: null };

export type Asked = Partial<Omit<OrderSearchQuestion, 'filter'>> & { filter?: Partial<OrderFilter> };

/** A whole question, of which only what is asked narrows anything. */
export function questionOf({ filter = {}, ...asked }: Asked = {}): OrderSearchQuestion {
  return {
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
  };
}
