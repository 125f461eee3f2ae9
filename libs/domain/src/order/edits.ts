import type { Command, Event } from '../decider.js';
import type {
  AddressLines,
  Discount,
  DiscountInput,
  LineInput,
  OrderedLine,
  Region,
  Surcharge,
  SurchargeInput,
} from './content.js';
import type { DiscountId, LineId } from './ids.js';

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
  | Event<'ShippingAddressChanged', { readonly address: Region }, { readonly address: AddressLines }>
  | Event<'BillingAddressChanged', { readonly address: Region }, { readonly address: AddressLines }>;

/** One step of an edit. Steps see the effect of those before them. */
export type EditOperation =
  | { readonly op: 'addLine'; readonly line: LineInput }
  | { readonly op: 'removeLine'; readonly lineId: LineId }
  | {
      readonly op: 'changeLineQuantity';
      readonly lineId: LineId;
      readonly quantity: number;
      /** null: from the line's rate. */
      readonly taxAmountMinor: number | null;
    }
  | { readonly op: 'applyDiscount'; readonly discount: DiscountInput }
  | { readonly op: 'removeDiscount'; readonly discountId: DiscountId }
  | { readonly op: 'addSurcharge'; readonly surcharge: SurchargeInput }
  | { readonly op: 'changeShippingAddress'; readonly address: Region }
  | { readonly op: 'changeBillingAddress'; readonly address: Region };

/** All operations are applied, or none. `personal.addresses[i]` belongs to the i-th operation. */
export type EditCommand = Command<
  'EditOrder',
  { readonly operations: readonly EditOperation[] },
  { readonly addresses: readonly (AddressLines | null)[] }
>;
