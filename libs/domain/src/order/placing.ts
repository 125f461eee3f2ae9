import type { Command, Event } from '../decider.js';
import type {
  AddressLines,
  Contact,
  Discount,
  DiscountInput,
  LineInput,
  OrderedLine,
  Region,
  Shipping,
  ShippingInput,
  Surcharge,
  SurchargeInput,
} from './content.js';
import type { OrderId } from './ids.js';

/** Who the order is for and where it goes: everything of it that names a person. */
export interface PlacedPersonal {
  readonly contact: Contact | null;
  readonly shippingAddress: AddressLines | null;
  readonly billingAddress: AddressLines | null;
}

export type PlacingEvent = Event<
  'OrderPlaced',
  {
    readonly orderId: OrderId;
    readonly tenantId: string;
    /** For people to say aloud; derived from the id. */
    readonly number: string;
    /** The caller's own name for the order; not unique. */
    readonly reference: string | null;
    /** null: a guest's order. */
    readonly customerId: string | null;
    /** ISO 4217. */
    readonly currency: string;
    readonly lines: readonly OrderedLine[];
    readonly discounts: readonly Discount[];
    readonly surcharges: readonly Surcharge[];
    readonly shipping: Shipping | null;
    readonly shippingAddress: Region | null;
    readonly billingAddress: Region | null;
    readonly attributes: Readonly<Record<string, string>>;
    readonly tags: readonly string[];
  },
  PlacedPersonal
>;

export type PlacingCommand = Command<
  'PlaceOrder',
  {
    readonly orderId: OrderId;
    readonly tenantId: string;
    readonly reference: string | null;
    readonly customerId: string | null;
    readonly currency: string;
    readonly lines: readonly LineInput[];
    /** `lineIndex` points into `lines`; null: a discount of the whole order. */
    readonly discounts: readonly (Omit<DiscountInput, 'lineId'> & { readonly lineIndex: number | null })[];
    readonly surcharges: readonly SurchargeInput[];
    readonly shipping: ShippingInput | null;
    readonly shippingAddress: Region | null;
    readonly billingAddress: Region | null;
    readonly attributes: Readonly<Record<string, string>>;
    readonly tags: readonly string[];
  },
  PlacedPersonal
>;
