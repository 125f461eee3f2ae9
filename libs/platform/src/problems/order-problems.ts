import type { RejectionCode } from '#domain/order/rejections.js';
import type { ProblemDefinition } from './problem-definition.js';

const unknown = (title: string): ProblemDefinition => ({
  status: 404,
  title,
  help: 'Check the id: it must be one that the history of this order shows.',
});

/** A conflict: the same request could be accepted in another state of the order. */
const notNow = (title: string, help: string): ProblemDefinition => ({ status: 409, title, help });

/** The request breaks a rule, and has to change. */
const broken = (title: string, help: string): ProblemDefinition => ({ status: 422, title, help });

/** The rejections of the domain, each as a client sees it. */
export const orderProblems: Readonly<Record<RejectionCode, ProblemDefinition>> = {
  order_not_found: {
    status: 404,
    title: 'There is no such order',
    help: 'Check the id. Orders of other tenants or other customers get the same answer.',
  },
  order_already_placed: notNow(
    'The order has already been placed',
    'Use a new Idempotency-Key for a new order.',
  ),
  not_allowed_in_state: notNow(
    'The order is in a state that does not allow this',
    'allowedCommands lists the commands that the order allows now.',
  ),
  order_on_hold: notNow('The order is on hold', 'Release the order first.'),
  order_not_fulfilled: notNow(
    'Not all units have been dispatched or cancelled yet',
    'Dispatch or cancel the remaining units first.',
  ),

  occurred_at_in_future: broken(
    'occurredAt is too far in the future',
    'Give a time at most 60 seconds ahead of the clock, or leave occurredAt out.',
  ),
  occurred_at_needs_admin: {
    status: 403,
    title: 'occurredAt is too far in the past for this token',
    help: 'A time more than 60 seconds ago needs the scope orders:admin: get a token with it, or leave occurredAt out.',
  },
  occurred_at_before_last_event: broken(
    'occurredAt is before the last event of the order',
    'Within an order, time never goes back: give a time that is not before lastOccurredAt in details.',
  ),

  no_lines: broken('At least one line is needed', 'Give or keep at least one line.'),
  too_many_lines: broken(
    'The order has too many lines',
    'Split it into several orders; in an edit, remove lines before you add others.',
  ),
  too_many_items: broken(
    'A list has too many items',
    'details names the list and its limit, which applies to the request or to the whole order.',
  ),
  text_too_long: broken('A text is too long', 'Shorten it: details names the field and its limit.'),
  quantity_out_of_range: broken('A quantity is out of range', 'Give a whole number from 1 to 1,000,000.'),
  amount_out_of_range: broken(
    'An amount is out of range',
    'Give a whole number of minor units within the documented range.',
  ),
  total_out_of_range: broken(
    'The total of the order or of its captures is out of range',
    'Split the order: details names the limit.',
  ),
  invalid_currency: broken(
    'The currency is not an accepted ISO 4217 code',
    'Give the code of a currency in three capital letters, such as EUR.',
  ),
  invalid_country: broken(
    'The country is not an ISO 3166 code',
    'Give two capital letters, such as DE, or null.',
  ),
  currency_mismatch: broken(
    'The amount is not in the currency of the order',
    'Use the currency of the order.',
  ),
  discount_exceeds_lines: broken(
    'The discount is larger than what it applies to',
    'Give a smaller discount. A discount on the whole order is divided among the lines in proportion to their amounts, even if a line has a discount of its own.',
  ),
  line_index_out_of_range: broken(
    'A lineIndex is out of range',
    'Give the index of one of the lines of the request, from 0: details names the field and its limit.',
  ),
  duplicate_line: broken('The same line is named twice', 'Name each line once, with the whole quantity.'),
  id_already_used: notNow(
    'This id was already used in the order',
    'Ids are made from the Idempotency-Key, and this key has already made something in this order. Look at the order; for something new, use a new key.',
  ),

  line_not_found: unknown('The order has no such line'),
  discount_not_found: unknown('The order has no such discount'),
  payment_not_found: unknown('The order has no such payment'),
  refund_not_found: unknown('The order has no such refund'),
  shipment_not_found: unknown('The order has no such shipment'),
  return_not_found: unknown('The order has no such return'),
  note_not_found: unknown('The order has no such note'),

  quantity_exceeds_ordered: broken(
    'More units are named than were ordered and not cancelled',
    'Report at most the units of the line that were ordered and not cancelled, whether they are shipped or not.',
  ),
  quantity_exceeds_unshipped: broken(
    'More units are named than are left to ship',
    'Cancelled and shipped units together cannot exceed what was ordered.',
  ),
  quantity_below_committed: broken(
    'The new quantity is less than what is already shipped or cancelled',
    'Give at least the number of units that are shipped or cancelled.',
  ),
  quantity_exceeds_dispatched: broken(
    'More units are named than were dispatched and are in no return',
    'Only such units can come back, or be lost with their shipment: decline or close the other return first.',
  ),
  quantity_exceeds_return: broken(
    'More units are named than the return still expects',
    'Receive at most the units that were requested and have not come back yet.',
  ),
  quantity_exceeds_refundable: broken(
    'More is asked for than can still be refunded',
    'Each unit can be refunded once: for goodwill any unit, otherwise only cancelled or received units, as far as the customer is owed money.',
  ),
  line_in_use: notNow(
    'Units of the line are already shipped or cancelled',
    'Lower its quantity to the units that are shipped or cancelled: the line stays.',
  ),

  provider_reference_reused: broken(
    'The provider reference was already recorded with other content',
    'Each reference stands for one thing that the provider did: check what the provider reported.',
  ),
  capture_exceeds_authorization: broken(
    'The capture is larger than what is left of its authorization',
    'Check what the provider reported.',
  ),
  authorization_closed: notNow('The authorization was voided', 'Use another authorization.'),
  reversal_exceeds_capture: broken(
    'More is taken back than is left of the capture',
    'Check what the provider reported: availableMinor in details is the capture less earlier reversals of it.',
  ),
  refund_exceeds_captured: broken(
    'Refunds would exceed what was captured',
    'Refund at most availableMinor in details: what was captured and not taken back, less pending and succeeded refunds.',
  ),
  refund_exceeds_shipping: broken(
    'The refund exceeds what is left of the cost of shipping',
    'Refund at most availableMinor in details: the cost of shipping less earlier refunds of it, as far as captures cover it.',
  ),
  refund_exceeds_overpayment: broken(
    'The refund exceeds the overpayment',
    'Refund an amount of at most availableMinor in details, not lines or shipping.',
  ),

  shipment_not_in_state: notNow(
    'The status of the shipment does not allow this',
    'Check its status, which details names.',
  ),
  return_not_in_state: notNow(
    'The status of the return does not allow this',
    'Check its status, which details names.',
  ),
  refund_not_in_state: notNow(
    'The status of the refund does not allow this',
    'Check its status, which details names.',
  ),
};
