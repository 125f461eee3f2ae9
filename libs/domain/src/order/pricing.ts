import { mulDiv } from '../money.js';
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
import { isRefusal, reject, type Refusal } from './rejections.js';
import { totalOutOfRange, type Priced } from './whole-order.js';

/** A line with its tax computed. `field` is its path in the command. */
export function priceLine(input: LineInput, lineId: string, field: string): OrderedLine | Refusal {
  const { sku, name, quantity, unitPriceMinor } = input;
  const wrong =
    checkText(sku, LIMITS.skuCharacters, `${field}/sku`) ??
    checkText(name, LIMITS.nameCharacters, `${field}/name`) ??
    checkQuantity(quantity, { field: `${field}/quantity` }) ??
    checkAmount(unitPriceMinor, `${field}/unitPriceMinor`);
  if (wrong) return wrong;
  const tax = priceTax(input.tax, lineAmountMinor(input), `${field}/tax`);
  if (isRefusal(tax)) return tax;
  return { lineId, sku, name, quantity, unitPriceMinor, tax };
}

function priceShipping(input: ShippingInput | null): Shipping | Refusal | null {
  if (input === null) return null;
  const wrong =
    checkText(input.method, LIMITS.nameCharacters, 'shipping/method') ??
    checkAmount(input.amountMinor, 'shipping/amountMinor');
  if (wrong) return wrong;
  const tax = priceTax(input.tax, input.amountMinor, 'shipping/tax');
  if (isRefusal(tax)) return tax;
  return { method: input.method, amountMinor: input.amountMinor, tax };
}

/** Tax with its amount: as given, or computed from the rate, half-even. Inclusive tax cannot exceed its price. */
export function priceTax(
  input: TaxInput | null,
  baseMinor: number,
  field: string,
  amountField = `${field}/amountMinor`,
): Tax | Refusal | null {
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
  const wrong = checkAmount(amountMinor, amountField);
  if (wrong) return wrong;
  if (inclusive && amountMinor > baseMinor) {
    return reject('amount_out_of_range', { field: amountField, limit: baseMinor });
  }
  return { rateBasisPoints, amountMinor, inclusive };
}

/** Checks the texts and the amount of a discount or surcharge. */
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

/** The content of a new order, as its command gives it. */
interface PlacedContent {
  readonly lines: readonly LineInput[];
  readonly discounts: readonly (Omit<DiscountInput, 'lineId'> & { readonly lineIndex: number | null })[];
  readonly surcharges: readonly SurchargeInput[];
  readonly shipping: ShippingInput | null;
}

/** Computes all amounts, and gives ids to lines, then discounts, then surcharges. */
export function priceContent(data: PlacedContent, newId: (index: number) => string): Priced | Refusal {
  if (data.lines.length > LIMITS.lines) return reject('too_many_lines', { limit: LIMITS.lines });
  const lines: OrderedLine[] = [];
  for (const input of data.lines) {
    const line = priceLine(input, newId(lines.length), `lines/${lines.length}`);
    if (isRefusal(line)) return line;
    lines.push(line);
  }
  const discounts: Discount[] = [];
  for (const { lineIndex, code, description, amountMinor } of data.discounts) {
    const field = `discounts/${discounts.length}`;
    const lineId = lineIndex === null ? null : lines[lineIndex]?.lineId;
    if (lineId === undefined) {
      const limit = lines.length - 1;
      return reject('line_index_out_of_range', { field: `${field}/lineIndex`, limit });
    }
    const discount = { code, description, amountMinor, lineId };
    const wrong = checkAdjustment(discount, field);
    if (wrong) return wrong;
    discounts.push({ discountId: newId(lines.length + discounts.length), ...discount });
  }
  const surcharges: Surcharge[] = [];
  for (const { code, description, amountMinor } of data.surcharges) {
    const surcharge = { code, description, amountMinor };
    const wrong = checkAdjustment(surcharge, `surcharges/${surcharges.length}`);
    if (wrong) return wrong;
    const surchargeId = newId(lines.length + discounts.length + surcharges.length);
    surcharges.push({ surchargeId, ...surcharge });
  }
  const shipping = priceShipping(data.shipping);
  if (isRefusal(shipping)) return shipping;
  return { lines, discounts, surcharges, shipping };
}
