import type { RejectionCode } from '#domain/order/rejections.js';
import type { ProblemDefinition } from './problem-definition.js';

const unknown = (title: string): ProblemDefinition => ({
  status: 404,
  title,
  help: 'Check the id: it belongs to this order only, as its history shows it.',
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
    help: 'Check the id; orders of other tenants and customers are not shown either.',
  },
  order_already_placed: notNow('The order was placed already', 'Use a new Idempotency-Key for a new order.'),
  not_allowed_in_state: notNow(
    'The order is in a state that does not allow this',
    'allowedCommands lists what it allows now.',
  ),
  order_on_hold: notNow('The order is on hold', 'Release it first.'),
  order_not_fulfilled: notNow(
    'Not everything has been shipped or cancelled yet',
    'Ship or cancel the remaining units first.',
  ),

  occurred_at_in_future: broken(
    'occurredAt lies ahead of the clock',
    'Give a time not more than 60 seconds ahead, or none.',
  ),
  occurred_at_needs_admin: {
    status: 403,
    title: 'occurredAt lies too far back for this token',
    help: 'More than 60 seconds back needs the scope orders:admin.',
  },
  occurred_at_before_last_event: broken(
    'occurredAt lies before the last thing that happened to the order',
    "Time never runs back within an order: give a time after its last event's.",
  ),

  no_lines: broken('An order needs at least one line', 'Give lines.'),
  too_many_lines: broken('The order has too many lines', 'Split it into several orders.'),
  too_many_items: broken(
    'A list has too many items',
    'details names the list and its limit, of the request or of the whole order.',
  ),
  text_too_long: broken('A text is too long', 'The limit is in the documentation of the field.'),
  quantity_out_of_range: broken('A quantity is out of range', 'Give a whole number from 1 to 1,000,000.'),
  amount_out_of_range: broken(
    'An amount is out of range',
    'Give whole minor units within the documented range.',
  ),
  total_out_of_range: broken('The total is out of range', 'Split the order.'),
  invalid_currency: broken('The currency is no ISO 4217 code', 'Give three capital letters, such as EUR.'),
  invalid_country: broken(
    'The country is no ISO 3166 code',
    'Give two capital letters, such as DE, or null.',
  ),
  currency_mismatch: broken('The amount has another currency than the order', "Use the order's currency."),
  discount_exceeds_lines: broken(
    'The discount is larger than what it applies to',
    'Give a smaller discount. One of the order is shared among its lines by their amounts, whatever else lowers these.',
  ),
  duplicate_line: broken('The same line is named twice', 'Name each line once, with the whole quantity.'),
  id_already_used: notNow('This id was used in the order before', 'Use a new Idempotency-Key or a new id.'),

  line_not_found: unknown('The order has no such line'),
  discount_not_found: unknown('The order has no such discount'),
  payment_not_found: unknown('The order has no such payment'),
  refund_not_found: unknown('The order has no such refund'),
  shipment_not_found: unknown('The order has no such shipment'),
  return_not_found: unknown('The order has no such return'),
  note_not_found: unknown('The order has no such note'),

  quantity_exceeds_unshipped: broken(
    'More units than are left to ship',
    'Cancelled and shipped units together cannot exceed what was ordered.',
  ),
  quantity_below_committed: broken(
    'Fewer units than are shipped or cancelled already',
    'Give at least what is shipped and cancelled.',
  ),
  quantity_exceeds_dispatched: broken(
    'More units than were dispatched',
    'Only dispatched units can come back.',
  ),
  quantity_exceeds_return: broken('More units than the return is for', 'Receive at most what was requested.'),
  quantity_exceeds_refundable: broken(
    'More units than can still be refunded',
    'Units are refunded once, when cancelled or received back, as far as it is owed.',
  ),
  line_in_use: notNow(
    'The line is shipped or cancelled in part',
    'Lower its quantity instead of removing it.',
  ),

  provider_reference_reused: broken(
    "The provider's reference was recorded with other content",
    'One reference stands for one thing that happened: check what the provider reported.',
  ),
  capture_exceeds_authorization: broken(
    'The capture is larger than what is left of its authorization',
    'Check what the provider reported.',
  ),
  authorization_closed: notNow('The authorization was voided', 'Use another authorization.'),
  refund_exceeds_captured: broken(
    'Refunds would exceed what was captured',
    'Pending and succeeded refunds together cannot exceed captures.',
  ),
  refund_exceeds_shipping: broken(
    'The refund exceeds what shipping cost',
    'Refund at most what is left of it.',
  ),
  refund_exceeds_overpayment: broken('The refund exceeds the overpayment', 'Refund at most the overpayment.'),

  shipment_not_in_state: notNow('The shipment is in a state that does not allow this', 'Look at its status.'),
  return_not_in_state: notNow('The return is in a state that does not allow this', 'Look at its status.'),
  refund_not_in_state: notNow('The refund is in a state that does not allow this', 'Look at its status.'),
};
