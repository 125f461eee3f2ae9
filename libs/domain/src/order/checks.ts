import type { AddressCountry, AddressLines, Contact } from './content.js';
import { LIMITS } from './limits.js';
import { reject, type Refusal } from './rejections.js';
import type { Order } from './state.js';

/** The limit counts Unicode code points. `length` is never less, so only a longer string has to be counted. */
export function checkText(text: string | null, limit: number, field: string): Refusal | null {
  if (text === null || text.length <= limit || [...text].length <= limit) return null;
  return reject('text_too_long', { field, limit });
}

/** Checks every text of an address or a contact against one limit. `field` is the path of the whole. */
export function checkTexts(
  texts: AddressLines | Contact | null,
  limit: number,
  field: string,
): Refusal | null {
  for (const [name, text] of Object.entries(texts ?? {}) as [string, string | null][]) {
    const wrong = checkText(text, limit, `${field}/${name}`);
    if (wrong) return wrong;
  }
  return null;
}

export function checkCount(count: number, limit: number, field: string): Refusal | null {
  return count > limit ? reject('too_many_items', { field, limit }) : null;
}

/**
 * Checks that the order has room for one more shipment, cancellation, return or refund: by their number, and by
 * the lines that all of them name together.
 */
export function checkOneMore(
  field: 'shipments' | 'cancellations' | 'returns' | 'refunds',
  linesOfEach: readonly (readonly unknown[])[],
  lines: readonly unknown[],
): Refusal | null {
  const named = linesOfEach.reduce((count, each) => count + each.length, lines.length);
  return (
    checkCount(linesOfEach.length + 1, LIMITS[field], field) ??
    checkCount(named, LIMITS.namedLines, `${field}/lines`)
  );
}

export function isAmount(amountMinor: number, atLeast = 0): boolean {
  return Number.isSafeInteger(amountMinor) && amountMinor >= atLeast && amountMinor <= LIMITS.amountMinor;
}

export function checkAmount(amountMinor: number, field: string, atLeast = 0): Refusal | null {
  return isAmount(amountMinor, atLeast)
    ? null
    : reject('amount_out_of_range', { field, limit: LIMITS.amountMinor });
}

export function checkCurrency(order: Order, currency: string): Refusal | null {
  return currency === order.currency ? null : reject('currency_mismatch', { currency: order.currency });
}

export function checkCountry(address: AddressCountry | null, field: string): Refusal | null {
  if (address === null) return null;
  if (address.country !== null && !/^[A-Z]{2}$/.test(address.country))
    return reject('invalid_country', { field });
  return checkText(address.countryName, LIMITS.nameCharacters, `${field}/countryName`);
}

export function checkReason(reason: string | null): Refusal | null {
  return checkText(reason, LIMITS.reasonCharacters, 'reason');
}

export function checkTags(tags: readonly string[]): Refusal | null {
  const tooMany = checkCount(tags.length, LIMITS.tags, 'tags');
  if (tooMany) return tooMany;
  const long = tags.findIndex((tag) => checkText(tag, LIMITS.tagCharacters, 'tags') !== null);
  return long < 0 ? null : reject('text_too_long', { field: `tags/${long}`, limit: LIMITS.tagCharacters });
}

export function checkAttributes(attributes: Readonly<Record<string, string>>): Refusal | null {
  const entries = Object.entries(attributes);
  const tooMany = checkCount(entries.length, LIMITS.attributes, 'attributes');
  if (tooMany) return tooMany;
  for (const [key, value] of entries) {
    const wrong =
      checkText(key, LIMITS.attributeKeyCharacters, 'attributes') ??
      checkText(value, LIMITS.attributeValueCharacters, `attributes/${key}`);
    if (wrong) return wrong;
  }
  return null;
}
