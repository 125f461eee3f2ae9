import { ERASED, type Draft } from '../decider.js';
import { sameContent } from '../equality.js';
import { stamp, type DecideArea } from './area.js';
import { checkCount, checkCountry, checkTexts } from './checks.js';
import type { AddressCountry, AddressLines } from './content.js';
import { evolveEdits, type EditCommand, type EditEvent, type EditOperation } from './edits.js';
import { usedIds } from './identity.js';
import type { LineId } from './ids.js';
import { LIMITS } from './limits.js';
import { checkQuantity, lineAmountMinor } from './lines.js';
import { checkAdjustment, priceLine, priceTax } from './pricing.js';
import { accept, isRefusal, reject, type Refusal } from './rejections.js';
import type { Line, Order } from './state.js';
import { checkAllowed } from './transitions.js';
import { checkSize, checkWhole } from './whole-order.js';

export const decideEdits: DecideArea<EditCommand, EditEvent> = {
  EditOrder: (order, { data: { operations }, personal }, context) => {
    const tooMany = checkCount(operations.length, LIMITS.editOperations, 'operations');
    if (tooMany) return tooMany;
    let edited = order;
    const taken = usedIds(order);
    const events: Draft<EditEvent>[] = [];
    let repeated: Refusal | null = null;
    for (const [index, operation] of operations.entries()) {
      const id = context.newId(index);
      if (taken.has(id)) repeated ??= atOperation(reject('id_already_used', { id }), index);
      const decided = decideOperation(edited, operation, {
        id,
        taken,
        field: `operations/${index}`,
        addressLines: personal.addresses[index] ?? noLines,
      });
      if (isRefusal(decided)) return checkAllowed(order, 'EditOrder') ?? atOperation(decided, index);
      for (const event of decided) edited = evolveDraft(edited, event);
      const tooMuch = checkSize(edited);
      if (tooMuch) return checkAllowed(order, 'EditOrder') ?? repeated ?? atOperation(tooMuch, index);
      events.push(...decided);
    }
    // Operations may also undo each other, as when a list of quantities is sent a second time.
    if (sameContent(edited, order)) return accept();
    return (
      checkAllowed(order, 'EditOrder') ??
      // It was done before, as a whole: what its other operations changed may have been changed again since.
      repeated ??
      checkWhole(edited) ??
      checkRemovals(order, edited) ??
      accept(...events)
    );
  },
};

/**
 * An order with more removals than the limit, from before there was one, still takes edits that remove nothing.
 */
function checkRemovals(order: Order, { retiredIds }: Order): Refusal | null {
  if (retiredIds.length === order.retiredIds.length) return null;
  return checkCount(retiredIds.length, LIMITS.removals, 'removals');
}

/** What an operation is decided with, besides the order as the earlier operations left it. */
interface OperationContext {
  /** The id of what this operation creates, if anything. */
  readonly id: string;
  /** Every id ever used in this order, earlier operations included. */
  readonly taken: Set<string>;
  /** Path of the operation in the command: `operations/3`. */
  readonly field: string;
  readonly addressLines: AddressLines;
}

type DecideOperations = {
  readonly [Op in EditOperation['op']]: (
    order: Order,
    operation: Extract<EditOperation, { op: Op }>,
    context: OperationContext,
  ) => readonly Draft<EditEvent>[] | Refusal;
};

const decideOperations: DecideOperations = {
  addLine: (order, { line: input }, { id, taken, field }) => {
    const line = priceLine(input, id, `${field}/line`);
    if (isRefusal(line)) return line;
    const again = order.lines.find(({ lineId }) => lineId === id);
    return create(id, taken, again && { ...again, ...line }, again, { type: 'LineAdded', data: { line } });
  },

  removeLine: (order, { lineId }) => {
    if (order.retiredIds.includes(lineId)) return [];
    const line = findLine(order, lineId);
    if (isRefusal(line)) return line;
    if (line.cancelled + line.shipped + line.inReturns > 0) return reject('line_in_use', { lineId });
    const freed = order.discounts
      .filter((discount) => discount.lineId === lineId)
      .map(({ discountId }) => ({ type: 'DiscountRemoved' as const, data: { discountId } }));
    return [...freed, { type: 'LineRemoved', data: { lineId } }];
  },

  changeLineQuantity: (order, { lineId, quantity, taxAmountMinor }, { field }) => {
    const line = findLine(order, lineId);
    if (isRefusal(line)) return line;
    const wrong = checkQuantity(quantity, { field: `${field}/quantity` });
    if (wrong) return wrong;
    const committed = line.cancelled + line.shipped;
    if (quantity < committed) return reject('quantity_below_committed', { lineId, committed });
    if (line.tax === null && taxAmountMinor !== null) {
      return reject('amount_out_of_range', { field: `${field}/taxAmountMinor`, limit: 0 });
    }
    // Same quantity and no tax amount given: the line keeps a tax amount that was once given by hand.
    if (quantity === line.quantity && taxAmountMinor === null) return [];
    const input = line.tax && { ...line.tax, amountMinor: taxAmountMinor };
    const baseMinor = lineAmountMinor({ ...line, quantity });
    const tax = priceTax(input, baseMinor, field, `${field}/taxAmountMinor`);
    if (isRefusal(tax)) return tax;
    const changed = { lineId, quantity, taxAmountMinor: tax?.amountMinor ?? null };
    if (quantity === line.quantity && changed.taxAmountMinor === line.tax?.amountMinor) return [];
    return [{ type: 'LineQuantityChanged', data: changed }];
  },

  applyDiscount: (order, { discount: input }, { id, taken, field }) => {
    const { code, description, amountMinor, lineId } = input;
    const wrong = checkAdjustment(input, `${field}/discount`);
    if (wrong) return wrong;
    const discount = { discountId: id, code, description, amountMinor, lineId };
    const again = order.discounts.find(({ discountId }) => discountId === id);
    if (lineId !== null && again === undefined) {
      const line = findLine(order, lineId);
      if (isRefusal(line)) return line;
    }
    return create(id, taken, discount, again, { type: 'DiscountApplied', data: { discount } });
  },

  removeDiscount: (order, { discountId }) => {
    if (order.retiredIds.includes(discountId)) return [];
    const known = order.discounts.some((discount) => discount.discountId === discountId);
    if (!known) return reject('discount_not_found', { discountId });
    return [{ type: 'DiscountRemoved', data: { discountId } }];
  },

  addSurcharge: (order, { surcharge: { code, description, amountMinor } }, { id, taken, field }) => {
    const surcharge = { surchargeId: id, code, description, amountMinor };
    const wrong = checkAdjustment(surcharge, `${field}/surcharge`);
    if (wrong) return wrong;
    const again = order.surcharges.find(({ surchargeId }) => surchargeId === id);
    return create(id, taken, surcharge, again, { type: 'SurchargeAdded', data: { surcharge } });
  },

  changeShippingAddress: (order, { address }, { field, addressLines }) => {
    const lines = order.personal === ERASED ? null : order.personal.shippingAddress;
    if (sameContent([order.shippingAddress, lines], [address, addressLines])) return [];
    const wrong = checkAddress(address, addressLines, field);
    return (
      wrong ?? [{ type: 'ShippingAddressChanged', data: { address }, personal: { address: addressLines } }]
    );
  },

  changeBillingAddress: (order, { address }, { field, addressLines }) => {
    const lines = order.personal === ERASED ? null : order.personal.billingAddress;
    if (sameContent([order.billingAddress, lines], [address, addressLines])) return [];
    const wrong = checkAddress(address, addressLines, field);
    return (
      wrong ?? [{ type: 'BillingAddressChanged', data: { address }, personal: { address: addressLines } }]
    );
  },
};

function decideOperation(
  order: Order,
  operation: EditOperation,
  context: OperationContext,
): readonly Draft<EditEvent>[] | Refusal {
  const decideOne = decideOperations[operation.op] as (
    order: Order,
    operation: EditOperation,
    context: OperationContext,
  ) => readonly Draft<EditEvent>[] | Refusal;
  return decideOne(order, operation, context);
}

function evolveDraft(order: Order, draft: Draft<EditEvent>): Order {
  const event = stamp<EditEvent>(draft, order.lastOccurredAt);
  const fold = evolveEdits[event.type] as (order: Order, event: EditEvent) => Order;
  return fold(order, event);
}

/** The event that creates something under `id`; no event where the id already holds the same (invariant 7). */
function create(
  id: string,
  taken: Set<string>,
  wanted: object | undefined,
  held: object | undefined,
  event: Draft<EditEvent>,
): readonly Draft<EditEvent>[] | Refusal {
  if (held !== undefined && sameContent(wanted, held)) return [];
  if (taken.has(id)) return reject('id_already_used', { id });
  taken.add(id);
  return [event];
}

function findLine(order: Order, lineId: LineId): Line | Refusal {
  return order.lines.find((line) => line.lineId === lineId) ?? reject('line_not_found', { lineId });
}

const noLines: AddressLines = {
  name: null,
  company: null,
  line1: null,
  line2: null,
  city: null,
  region: null,
  postalCode: null,
};

function checkAddress(address: AddressCountry, lines: AddressLines, field: string): Refusal | null {
  return (
    checkCountry(address, `${field}/address`) ?? checkTexts(lines, LIMITS.nameCharacters, `${field}/address`)
  );
}

function atOperation({ rejection: { code, details } }: Refusal, operation: number): Refusal {
  return reject(code, { ...details, operation });
}
