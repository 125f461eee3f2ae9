import { ERASED, type Erased } from '#domain/decider.js';
import type { Order, OrderPersonal } from '#domain/order/state.js';
import { foldText } from './fold-text.js';

/** What can be found of a person, folded like what is asked for. */
export interface SearchPersonal {
  readonly email: string | null;
  /** Distinct words of all names and companies, separated by spaces. */
  readonly names: string | null;
}

/** The search row: a function of the order, without a fold of its own. */
export interface SearchRow {
  readonly tenantId: string;
  readonly orderId: string;
  /** Of the order when it last changed in a way that search sees. */
  readonly revision: number;
  /** Distinct and sorted: of product names, SKUs, tags and attributes, the number and the reference. */
  readonly words: readonly string[];
  /** Distinct, as given. */
  readonly skus: readonly string[];
  readonly personal: SearchPersonal | Erased;
}

export function searchRowOf(order: Order, vocabulary = vocabularyOf(order)): SearchRow {
  const words = new Set(vocabulary);
  for (const word of foldText(`${order.number} ${order.reference ?? ''}`)) words.add(word);
  return {
    tenantId: order.tenantId,
    orderId: order.orderId,
    revision: order.revision,
    words: [...words].sort(),
    skus: [...new Set(order.lines.map(({ sku }) => sku))],
    personal: order.personal === ERASED ? ERASED : searchPersonalOf(order.personal),
  };
}

/**
 * The words that a misspelt one is matched against: those that orders share, so neither number nor
 * reference, and nothing personal.
 */
export function vocabularyOf(order: Order): Set<string> {
  const words = new Set<string>();
  const texts = [...order.lines.flatMap(({ name, sku }) => [name, sku]), ...order.tags];
  for (const text of [...texts, ...Object.values(order.attributes)]) {
    for (const word of foldText(text)) words.add(word);
  }
  return words;
}

function searchPersonalOf({ contact, shippingAddress, billingAddress }: OrderPersonal): SearchPersonal {
  const names = [contact, shippingAddress, billingAddress].flatMap((part) => {
    if (part === null) return [];
    return 'company' in part ? [part.name, part.company] : [part.name];
  });
  const words = new Set(names.flatMap((name) => foldText(name ?? '')));
  return {
    email: foldEmail(contact?.email ?? null),
    names: words.size === 0 ? null : [...words].join(' '),
  };
}

/** An address as it is stored to be found, and as it is asked for. */
export function foldEmail(email: string | null): string | null {
  return email?.trim().toLowerCase() ?? null;
}
