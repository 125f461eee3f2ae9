import type { DiscountId, LineId, SurchargeId } from './ids.js';

/** Tax as it was when the line was priced: a snapshot, never looked up again (invariant 6). */
export interface Tax {
  readonly rateBasisPoints: number;
  /** Tax of the whole line, or of shipping. */
  readonly amountMinor: number;
  /** Whether the price already includes this tax. */
  readonly inclusive: boolean;
}

/** Tax as a command gives it. Where the amount is null, it is computed from the rate, rounded half-even. */
export interface TaxInput {
  readonly rateBasisPoints: number;
  readonly amountMinor: number | null;
  readonly inclusive: boolean;
}

export interface LineInput {
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly unitPriceMinor: number;
  readonly tax: TaxInput | null;
}

/** A line as events hold it. */
export interface OrderedLine {
  readonly lineId: LineId;
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly unitPriceMinor: number;
  readonly tax: Tax | null;
}

export interface DiscountInput {
  readonly code: string | null;
  readonly description: string | null;
  readonly amountMinor: number;
  /** The line it is taken off; null: the whole order. */
  readonly lineId: LineId | null;
}

export interface Discount extends DiscountInput {
  readonly discountId: DiscountId;
}

export interface SurchargeInput {
  readonly code: string | null;
  readonly description: string | null;
  readonly amountMinor: number;
}

export interface Surcharge extends SurchargeInput {
  readonly surchargeId: SurchargeId;
}

export interface ShippingInput {
  readonly method: string | null;
  readonly amountMinor: number;
  readonly tax: TaxInput | null;
}

export interface Shipping {
  readonly method: string | null;
  readonly amountMinor: number;
  readonly tax: Tax | null;
}

/** The part of an address that names no person. */
export interface AddressCountry {
  /** ISO 3166-1 alpha-2, or null where the given name has none. */
  readonly country: string | null;
  /** The country's name as it was given. */
  readonly countryName: string | null;
}

/** The part of an address that names a person. */
export interface AddressLines {
  readonly name: string | null;
  readonly company: string | null;
  readonly line1: string | null;
  readonly line2: string | null;
  readonly city: string | null;
  readonly region: string | null;
  readonly postalCode: string | null;
}

export interface Contact {
  readonly name: string | null;
  readonly email: string | null;
  readonly phone: string | null;
}

export interface LineQuantity {
  readonly lineId: LineId;
  readonly quantity: number;
}

export const refundReasons = ['return', 'cancellation', 'overpayment', 'goodwill'] as const;
export type RefundReason = (typeof refundReasons)[number];

/** What a granted refund covers: units of lines with their amounts, shipping, or an amount. */
export type RefundOf =
  | {
      readonly kind: 'lines';
      readonly lines: readonly {
        readonly lineId: LineId;
        readonly quantity: number;
        readonly amountMinor: number;
      }[];
    }
  | { readonly kind: 'shipping' }
  | { readonly kind: 'amount' };

/**
 * What a refund is requested for: units of lines at their value, shipping (null: all that is left), or an amount.
 */
export type RefundRequest =
  | { readonly kind: 'lines'; readonly lines: readonly LineQuantity[] }
  | { readonly kind: 'shipping'; readonly amountMinor: number | null }
  | { readonly kind: 'amount'; readonly amountMinor: number };
