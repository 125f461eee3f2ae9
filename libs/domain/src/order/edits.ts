import type { Command, Event } from '../decider.js';
import { changedPersonal, type EvolveArea } from './area.js';
import type {
  AddressCountry,
  AddressLines,
  Discount,
  DiscountInput,
  LineInput,
  OrderedLine,
  Surcharge,
  SurchargeInput,
} from './content.js';
import type { DiscountId, LineId } from './ids.js';
import { changedLines, newLine } from './lines.js';

export type EditEvent =
  | Event<'LineAdded', { readonly line: OrderedLine }>
  | Event<'LineRemoved', { readonly lineId: LineId }>
  | Event<
      'LineQuantityChanged',
      { readonly lineId: LineId; readonly quantity: number; readonly taxAmountMinor: number | null }
    >
  | Event<'DiscountApplied', { readonly discount: Discount }>
  | Event<'DiscountRemoved', { readonly discountId: DiscountId }>
  | Event<'SurchargeAdded', { readonly surcharge: Surcharge }>
  | Event<'ShippingAddressChanged', { readonly address: AddressCountry }, { readonly address: AddressLines }>
  | Event<'BillingAddressChanged', { readonly address: AddressCountry }, { readonly address: AddressLines }>;

/** One change of an edit. Each operation sees the effects of the earlier ones. */
export type EditOperation =
  | { readonly op: 'addLine'; readonly line: LineInput }
  | { readonly op: 'removeLine'; readonly lineId: LineId }
  | {
      readonly op: 'changeLineQuantity';
      readonly lineId: LineId;
      readonly quantity: number;
      /** null: computed from the line's rate, if the quantity changes. */
      readonly taxAmountMinor: number | null;
    }
  | { readonly op: 'applyDiscount'; readonly discount: DiscountInput }
  | { readonly op: 'removeDiscount'; readonly discountId: DiscountId }
  | { readonly op: 'addSurcharge'; readonly surcharge: SurchargeInput }
  | { readonly op: 'changeShippingAddress'; readonly address: AddressCountry }
  | { readonly op: 'changeBillingAddress'; readonly address: AddressCountry };

/** All operations are applied, or none. `personal.addresses[i]` belongs to the i-th operation. */
export type EditCommand = Command<
  'EditOrder',
  { readonly operations: readonly EditOperation[] },
  { readonly addresses: readonly (AddressLines | null)[] }
>;

export const evolveEdits: EvolveArea<EditEvent> = {
  LineAdded: (order, { data }) => ({ ...order, lines: [...order.lines, newLine(data.line)] }),

  LineRemoved: (order, { data: { lineId } }) => ({
    ...order,
    lines: order.lines.filter((line) => line.lineId !== lineId),
    retiredIds: [...order.retiredIds, lineId],
  }),

  LineQuantityChanged: (order, { data: { lineId, quantity, taxAmountMinor } }) => ({
    ...order,
    lines: changedLines(order, [{ lineId, quantity }], ({ tax }) => ({
      quantity,
      tax: tax === null || taxAmountMinor === null ? tax : { ...tax, amountMinor: taxAmountMinor },
    })),
  }),

  DiscountApplied: (order, { data }) => ({ ...order, discounts: [...order.discounts, data.discount] }),

  DiscountRemoved: (order, { data: { discountId } }) => ({
    ...order,
    discounts: order.discounts.filter((discount) => discount.discountId !== discountId),
    retiredIds: [...order.retiredIds, discountId],
  }),

  SurchargeAdded: (order, { data }) => ({ ...order, surcharges: [...order.surcharges, data.surcharge] }),

  ShippingAddressChanged: (order, { data, personal }) => ({
    ...order,
    shippingAddress: data.address,
    personal: changedPersonal(order.personal, personal, (known, { address }) => ({
      ...known,
      shippingAddress: address,
    })),
  }),

  BillingAddressChanged: (order, { data, personal }) => ({
    ...order,
    billingAddress: data.address,
    personal: changedPersonal(order.personal, personal, (known, { address }) => ({
      ...known,
      billingAddress: address,
    })),
  }),
};
