import type { Discount, OrderedLine, Shipping, Surcharge, Tax } from './content.js';
import { LIMITS } from './limits.js';
import { lineAmountMinor } from './lines.js';
import { reject, type Refusal } from './rejections.js';
import { lineDiscountsMinor } from './totals.js';

/** An order's content once every amount in it is known. */
export interface Priced {
  readonly lines: readonly OrderedLine[];
  readonly discounts: readonly Discount[];
  readonly surcharges: readonly Surcharge[];
  readonly shipping: Shipping | null;
}

/**
 * Checks an order's content as a whole, as placing or an edit would leave it. Sums are compared with the limit
 * before they are used: a sum above the limit may no longer be exact, but it is still above the limit.
 */
export function checkWhole({ lines, discounts, surcharges, shipping }: Priced): Refusal | null {
  if (lines.length === 0) return reject('no_lines');
  if (discounts.length > LIMITS.discounts) {
    return reject('too_many_items', { field: 'discounts', limit: LIMITS.discounts });
  }
  if (surcharges.length > LIMITS.surcharges) {
    return reject('too_many_items', { field: 'surcharges', limit: LIMITS.surcharges });
  }
  return checkSize({ lines, surcharges, shipping }) ?? checkDiscounts(lines, discounts);
}

/**
 * Checks the number of lines, and what the order comes to without its discounts. No event may leave more, not even
 * until the next one of the same edit: figures of the order are made after each, and have to fit where they are kept.
 */
export function checkSize({ lines, surcharges, shipping }: Omit<Priced, 'discounts'>): Refusal | null {
  if (lines.length > LIMITS.lines) return reject('too_many_lines', { limit: LIMITS.lines });
  let grossMinor = shipping === null ? 0 : withTaxMinor(shipping.amountMinor, shipping.tax);
  for (const line of lines) grossMinor += withTaxMinor(lineAmountMinor(line), line.tax);
  for (const { amountMinor } of surcharges) grossMinor += amountMinor;
  return grossMinor > LIMITS.amountMinor ? totalOutOfRange() : null;
}

function checkDiscounts(lines: readonly OrderedLine[], discounts: readonly Discount[]): Refusal | null {
  let discountsMinor = 0;
  let linesMinor = 0;
  for (const { amountMinor } of discounts) discountsMinor += amountMinor;
  for (const line of lines) linesMinor += lineAmountMinor(line);
  if (discountsMinor > linesMinor) return reject('discount_exceeds_lines', { linesMinor });
  const byLine = lineDiscountsMinor(lines, discounts);
  const over = lines.find((line, index) => byLine[index]! > lineAmountMinor(line));
  return over ? reject('discount_exceeds_lines', { lineId: over.lineId }) : null;
}

function withTaxMinor(amountMinor: number, tax: Tax | null): number {
  return tax === null || tax.inclusive ? amountMinor : amountMinor + tax.amountMinor;
}

export function totalOutOfRange(): Refusal {
  return reject('total_out_of_range', { limit: LIMITS.amountMinor });
}
