import {
  ERASED,
  type Command,
  type Decide,
  type DecisionContext,
  type Draft,
  type Event,
} from '../decider.js';
import { minorUnitDigits } from '../currencies.js';
import { sameContent } from '../equality.js';
import { checkAttributes, checkCount, checkCountry, checkTags, checkText, checkTexts } from './checks.js';
import type {
  AddressCountry,
  AddressLines,
  Contact,
  Discount,
  DiscountInput,
  LineInput,
  OrderedLine,
  Shipping,
  ShippingInput,
  Surcharge,
  SurchargeInput,
} from './content.js';
import type { OrderId } from './ids.js';
import { LIMITS } from './limits.js';
import { newLine } from './lines.js';
import { orderNumber } from './order-number.js';
import { priceContent } from './pricing.js';
import { accept, isRefusal, reject, type RejectionCode, type Refusal } from './rejections.js';
import type { Order, OrderState } from './state.js';
import { checkWhole, type Priced } from './whole-order.js';

/** Who the order is for and where it goes: everything in the placing event that names a person. */
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
    readonly shippingAddress: AddressCountry | null;
    readonly billingAddress: AddressCountry | null;
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
    readonly shippingAddress: AddressCountry | null;
    readonly billingAddress: AddressCountry | null;
    readonly attributes: Readonly<Record<string, string>>;
    readonly tags: readonly string[];
  },
  PlacedPersonal
>;

export const evolvePlacing = {
  OrderPlaced: (_none: OrderState, { occurredAt, data, personal }: PlacingEvent): Order => ({
    // Field by field: object spread costs several times as much, and the fold of every order begins here.
    orderId: data.orderId,
    tenantId: data.tenantId,
    number: data.number,
    reference: data.reference,
    customerId: data.customerId,
    currency: data.currency,
    lines: data.lines.map(newLine),
    discounts: data.discounts,
    surcharges: data.surcharges,
    shipping: data.shipping,
    shippingAddress: data.shippingAddress,
    billingAddress: data.billingAddress,
    attributes: data.attributes,
    tags: data.tags,
    status: 'placed',
    statusReason: null,
    onHold: false,
    holdReason: null,
    placedAt: occurredAt,
    stock: { status: 'none', reference: null, reason: null, lines: [] },
    payments: { authorizations: [], captures: [], failures: [], voids: [], reversals: [], last: null },
    refunds: [],
    shipments: [],
    cancellations: [],
    returns: [],
    notes: [],
    personal:
      personal === ERASED
        ? ERASED
        : {
            contact: personal.contact,
            shippingAddress: personal.shippingAddress,
            billingAddress: personal.billingAddress,
            notes: {},
          },
    retiredIds: [],
    // The fold of the whole order fills these in (order.ts).
    handled: [],
    revision: 0,
    lastOccurredAt: occurredAt,
    lastRecordedAt: occurredAt,
  }),
};

export const decidePlacing: Decide<OrderState, PlacingCommand, Draft<PlacingEvent>, RejectionCode> = {
  PlaceOrder: (state, command, context) => {
    const placed = place(command, context);
    if (state !== null) {
      const again = !isRefusal(placed) && holdsContentOf(state, placed);
      return again ? accept() : reject('order_already_placed', { orderId: state.orderId });
    }
    return isRefusal(placed) ? placed : accept(placed);
  },
};

function place(
  { data, personal }: PlacingCommand,
  { newId }: DecisionContext,
): Draft<PlacingEvent> | Refusal {
  const wrong = checkHead(data, personal);
  if (wrong) return wrong;
  const priced = priceContent(data, newId);
  if (isRefusal(priced)) return priced;
  const amiss = checkIds(priced) ?? checkWhole(priced);
  if (amiss) return amiss;
  const { orderId, tenantId, reference, customerId, currency } = data;
  const { shippingAddress, billingAddress, attributes } = data;
  return {
    type: 'OrderPlaced',
    data: {
      orderId,
      tenantId,
      number: orderNumber(orderId),
      reference,
      customerId,
      currency,
      ...priced,
      shippingAddress,
      billingAddress,
      attributes,
      tags: [...new Set(data.tags)],
    },
    personal,
  };
}

function checkHead(data: PlacingCommand['data'], personal: PlacedPersonal): Refusal | null {
  if (minorUnitDigits(data.currency) === null) return reject('invalid_currency', { currency: data.currency });
  return (
    checkText(data.reference, LIMITS.referenceCharacters, 'reference') ??
    checkText(data.customerId, LIMITS.referenceCharacters, 'customerId') ??
    checkCountry(data.shippingAddress, 'shippingAddress') ??
    checkCountry(data.billingAddress, 'billingAddress') ??
    checkTexts(personal.contact, LIMITS.nameCharacters, 'contact') ??
    checkTexts(personal.shippingAddress, LIMITS.nameCharacters, 'shippingAddress') ??
    checkTexts(personal.billingAddress, LIMITS.nameCharacters, 'billingAddress') ??
    checkAttributes(data.attributes) ??
    checkTags(data.tags) ??
    checkCount(data.discounts.length, LIMITS.discounts, 'discounts') ??
    checkCount(data.surcharges.length, LIMITS.surcharges, 'surcharges')
  );
}

function checkIds({ lines, discounts, surcharges }: Priced): Refusal | null {
  const ids = [
    ...lines.map(({ lineId }) => lineId),
    ...discounts.map(({ discountId }) => discountId),
    ...surcharges.map(({ surchargeId }) => surchargeId),
  ];
  return new Set(ids).size === ids.length ? null : reject('id_already_used');
}

/**
 * Whether the order still holds what this command would place. An order that was edited since does not. Erased
 * personal data cannot be compared, and counts as the same.
 */
function holdsContentOf(order: Order, { data, personal }: Draft<PlacingEvent>): boolean {
  const { lines, ...head } = data;
  const held = Object.fromEntries(Object.keys(head).map((key) => [key, order[key as keyof typeof head]]));
  return (
    sameContent(held, head) &&
    order.lines.length === lines.length &&
    order.lines.every((line, index) => sameContent({ ...line, ...lines[index] }, line)) &&
    (order.personal === ERASED ||
      personal === ERASED ||
      sameContent({ ...order.personal, ...personal }, order.personal))
  );
}
