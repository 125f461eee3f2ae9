import { anythingDispatched } from './lines.js';
import { reject, type Refusal } from './rejections.js';
import { orderStatuses, type Order, type OrderStatus } from './state.js';

interface Transition {
  readonly in: readonly OrderStatus[];
  /** `off`: only while the order is not on hold; `on`: only while it is. */
  readonly hold?: 'on' | 'off';
  /** Only after goods have left the warehouse. */
  readonly onceDispatched?: true;
}

const always: Transition = { in: orderStatuses };
const open: Transition = { in: ['placed', 'confirmed'] };
const onceConfirmed: Transition = { in: ['confirmed', 'completed', 'cancelled'] };
const afterDispatch: Transition = { ...onceConfirmed, onceDispatched: true };

/** When the state of the order allows each command. */
const transitions = {
  PlaceOrder: { in: [] },
  ConfirmOrder: { in: ['placed'], hold: 'off' },
  RejectOrder: { in: ['placed'] },
  HoldOrder: { ...open, hold: 'off' },
  ReleaseOrder: { ...open, hold: 'on' },
  CancelOrder: open,
  CompleteOrder: { in: ['confirmed'], hold: 'off' },

  EditOrder: open,
  CancelLines: open,
  RecordStockReserved: open,
  RecordStockRejected: open,
  RecordStockReleased: always,

  CreateShipment: { in: ['confirmed'], hold: 'off' },
  DispatchShipment: { in: ['confirmed'], hold: 'off' },
  ChangeShipmentTracking: onceConfirmed,
  DeliverShipment: afterDispatch,
  // Its units can be shipped again or cancelled, which an order that has ended does not allow.
  RecordShipmentLost: { in: ['confirmed'], onceDispatched: true },
  CancelShipment: { in: ['confirmed'] },

  // What the payment provider did is recorded whatever became of the order.
  RecordPaymentAuthorized: always,
  RecordPaymentCaptured: always,
  RecordPaymentFailed: always,
  RecordPaymentVoided: always,
  RecordPaymentReversed: always,
  RequestRefund: always,
  RecordRefundSucceeded: always,
  RecordRefundFailed: always,

  RequestReturn: afterDispatch,
  ApproveReturn: afterDispatch,
  DeclineReturn: afterDispatch,
  ReceiveReturn: afterDispatch,
  CloseReturn: afterDispatch,

  ChangeContact: always,
  AddNote: always,
  RedactNote: always,
  ChangeTags: always,
  ChangeAttributes: always,
} as const satisfies Record<string, Transition>;

type CommandType = keyof typeof transitions;

const rows: readonly [CommandType, Transition][] = Object.entries(transitions) as [CommandType, Transition][];

/** The commands that the order's state allows now. Such a command may still be rejected for what it names. */
export function allowedCommands(order: Order): readonly CommandType[] {
  const dispatched = anythingDispatched(order);
  return rows
    .filter(([, row]) => fits(order, row, dispatched) && (!row.hold || (row.hold === 'on') === order.onHold))
    .map(([type]) => type);
}

/**
 * Whether the order's own customer may give this command, where the order allows it. The others are for staff and
 * services. Placing is not decided here: the order does not exist yet.
 */
export function customerMay({ status }: Pick<Order, 'status'>, type: CommandType): boolean {
  return type === 'RequestReturn' || (type === 'CancelOrder' && status === 'placed');
}

/** Why the order's state refuses the command; null: it does not. */
export function checkAllowed(order: Order, type: CommandType): Refusal | null {
  const row: Transition = transitions[type];
  if (!fits(order, row, row.onceDispatched === true && anythingDispatched(order))) {
    return reject('not_allowed_in_state', { status: order.status, allowedCommands: allowedCommands(order) });
  }
  return row.hold === 'off' && order.onHold ? reject('order_on_hold') : null;
}

function fits(order: Order, row: Transition, dispatched: boolean): boolean {
  return row.in.includes(order.status) && (!row.onceDispatched || dispatched);
}
