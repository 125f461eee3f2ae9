import { mulDiv } from '../money.js';
import { isRefusal, type Refusal } from './area.js';
import { checkAmount, checkText } from './checks.js';
import type {
  Discount,
  DiscountInput,
  LineInput,
  OrderedLine,
  Shipping,
  ShippingInput,
  Surcharge,
  SurchargeInput,
  Tax,
  TaxInput,
} from './content.js';
import { LIMITS } from './limits.js';
import { checkQuantity, lineAmountMinor } from './lines.js';
import { reject } from './rejections.js';
import { lineDiscountsMinor } from './totals.js';

/** A line with its tax worked out. `field` says where in the command it is. */
export function priceLine(input: LineInput, lineId: string, field: string): OrderedLine | Refusal {
  const { sku, name, quantity, unitPriceMinor } = input;
  const wrong =
    checkText(sku, LIMITS.skuCharacters, `${field}/sku`) ??
    checkText(name, LIMITS.nameCharacters, `${field}/name`) ??
    checkQuantity(quantity, { field: `${field}/quantity` }) ??
    checkAmount(unitPriceMinor, `${field}/unitPriceMinor`);
  if (wrong) return wrong;
  const tax = priceTax(input.tax, lineAmountMinor(input), `${field}/tax`);
  if (tax !== null && isRefusal(tax)) return tax;
  return { lineId, sku, name, quantity, unitPriceMinor, tax };
}

export function priceShipping(input: ShippingInput | null): Shipping | Refusal | null {
  if (input === null) return null;
  const wrong =
    checkText(input.method, LIMITS.nameCharacters, 'shipping/method') ??
    checkAmount(input.amountMinor, 'shipping/amountMinor');
  if (wrong) return wrong;
  const tax = priceTax(input.tax, input.amountMinor, 'shipping/tax');
  if (tax !== null && isRefusal(tax)) return tax;
  return { method: input.method, amountMinor: input.amountMinor, tax };
}

/** Without an amount given, it follows from the rate, half-even; tax inside a price can't exceed it. */
export function priceTax(input: TaxInput | null, baseMinor: number, field: string): Tax | Refusal | null {
  if (input === null) return null;
  const { rateBasisPoints, inclusive } = input;
  if (!(
    Number.isInteger(rateBasisPoints) &&
    rateBasisPoints >= 0 &&
    rateBasisPoints <= LIMITS.taxRateBasisPoints
  )) {
    return reject('amount_out_of_range', {
      field: `${field}/rateBasisPoints`,
      limit: LIMITS.taxRateBasisPoints,
    });
  }
  if (baseMinor > LIMITS.amountMinor) return totalOutOfRange();
  const amountMinor =
    input.amountMinor ?? mulDiv(baseMinor, rateBasisPoints, inclusive ? 10_000 + rateBasisPoints : 10_000);
  const wrong = checkAmount(amountMinor, `${field}/amountMinor`);
  if (wrong) return wrong;
  if (inclusive && amountMinor > baseMinor) {
    return reject('amount_out_of_range', { field: `${field}/amountMinor`, limit: baseMinor });
  }
  return { rateBasisPoints, amountMinor, inclusive };
}

/** A discount or surcharge: its words and its amount. */
export function checkAdjustment(
  { code, description, amountMinor }: Omit<DiscountInput, 'lineId'> | SurchargeInput,
  field: string,
): Refusal | null {
  return (
    checkText(code, LIMITS.nameCharacters, `${field}/code`) ??
    checkText(description, LIMITS.nameCharacters, `${field}/description`) ??
    checkAmount(amountMinor, `${field}/amountMinor`)
  );
}

export interface Priced {
  readonly lines: readonly OrderedLine[];
  readonly discounts: readonly Discount[];
  readonly surcharges: readonly Surcharge[];
  readonly shipping: Shipping | null;
}

/**
 * What holds for an order's content as a whole, after it was placed or edited. Sums are compared before
 * they are used: a sum of legal parts that passes the limit may no longer be exact, but is above it.
 */
export function checkWhole({ lines, discounts, surcharges, shipping }: Priced): Refusal | null {
  if (lines.length === 0) return reject('no_lines');
  if (lines.length > LIMITS.lines) return reject('too_many_lines', { limit: LIMITS.lines });
  if (discounts.length > LIMITS.discounts) {
    return reject('too_many_items', { field: 'discounts', limit: LIMITS.discounts });
  }
  if (surcharges.length > LIMITS.surcharges) {
    return reject('too_many_items', { field: 'surcharges', limit: LIMITS.surcharges });
  }
  let grossMinor = shipping === null ? 0 : withTaxMinor(shipping.amountMinor, shipping.tax);
  for (const line of lines) grossMinor += withTaxMinor(lineAmountMinor(line), line.tax);
  for (const { amountMinor } of surcharges) grossMinor += amountMinor;
  if (grossMinor > LIMITS.amountMinor) return totalOutOfRange();
  return checkDiscounts(lines, discounts);
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

function totalOutOfRange(): Refusal {
  return reject('total_out_of_range', { limit: LIMITS.amountMinor });
}
