import type { DecisionContext } from '../decider.js';
import { epochMsOf, instantAt, type Instant } from '../instant.js';
import type { AddressLines, LineInput, LineQuantity, TaxInput } from '../order/content.js';
import type { EditOperation } from '../order/edits.js';
import { unshipped } from '../order/lines.js';
import { orderCommandTypes, type OrderCommand, type OrderCommandType } from '../order/order.js';
import type { Line, Order, OrderState } from '../order/state.js';
import { heldMinor, orderTotals } from '../order/totals.js';
import { allowedCommands } from '../order/transitions.js';
import * as ask from './commands.js';
import { britain } from './events.js';
import type { Draw } from './draw.js';
import { noon } from './given.js';

export interface Asked {
  readonly command: OrderCommand;
  readonly context: DecisionContext;
}

/**
 * A command made for the order as it is, so that most are accepted. A few are for another state, name something
 * that does not exist, or ask for too much.
 */
export function anyCommand(state: OrderState, draw: Draw, turn: number): Asked {
  const allowed: readonly OrderCommandType[] = state === null ? ['PlaceOrder'] : allowedCommands(state);
  const forward = state !== null && draw.chance(60) ? stepsForward(state) : [];
  const type =
    draw.one(forward.length > 0 ? forward : draw.chance(90) ? allowed : orderCommandTypes) ?? 'AddNote';
  const command = state === null ? anyPlacing(draw) : makers[type](state, draw);
  return { command, context: anyContext(state, draw, turn) };
}

/** The commands that bring the order forward. Without them, stories would stay at their beginnings. */
function stepsForward(order: Order): readonly OrderCommandType[] {
  const steps: [boolean, OrderCommandType][] = [
    [order.onHold, 'ReleaseOrder'],
    [order.status === 'placed', 'ConfirmOrder'],
    [order.payments.captures.length === 0, 'RecordPaymentCaptured'],
    [order.status === 'confirmed' && order.lines.some((line) => unshipped(line) > 0), 'CreateShipment'],
    [order.shipments.some(({ status }) => status === 'created'), 'DispatchShipment'],
    [order.shipments.some(({ status }) => status === 'dispatched'), 'DeliverShipment'],
    [order.lines.every((line) => line.dispatched + line.cancelled === line.quantity), 'CompleteOrder'],
    [order.lines.some((line) => line.inReturns < line.dispatched), 'RequestReturn'],
    [order.returns.some(({ status }) => status === 'requested'), 'ApproveReturn'],
    [order.returns.some(({ status }) => status === 'requested'), 'DeclineReturn'],
    [order.returns.some(({ status }) => status === 'approved'), 'ReceiveReturn'],
    [order.returns.some(({ status }) => status === 'received'), 'CloseReturn'],
    [order.lines.some((line) => line.received + line.cancelled > 0), 'RequestRefund'],
    [order.refunds.some(({ status }) => status === 'pending'), 'RecordRefundSucceeded'],
    [order.refunds.some(({ status }) => status === 'pending'), 'RecordRefundFailed'],
  ];
  return steps.filter(([fits]) => fits).map(([, type]) => type);
}

function anyContext(state: OrderState, draw: Draw, turn: number): DecisionContext {
  const now = instantAt(epochMsOf(noon) + turn * draw.between(0, 90_000));
  const near = (at: Instant) => instantAt(epochMsOf(at) + draw.between(-70_000, 70_000));
  // Now and then an id that is already used.
  const offset = draw.chance(3) ? Math.max(0, turn - 1) : turn;
  return {
    now,
    occurredAt: draw.chance(30) ? near(state !== null && draw.chance(50) ? state.lastOccurredAt : now) : null,
    mayBackdate: draw.chance(80),
    newId: (index) => `00000000-0000-5000-8000-${(offset * 1_000 + index).toString(16).padStart(12, '0')}`,
  };
}

/** Prices that leave remainders. */
function anyLine(draw: Draw): LineInput {
  const tax: TaxInput | null = draw.chance(50)
    ? {
        rateBasisPoints: draw.one([0, 500, 1_900, 2_000]) ?? 0,
        amountMinor: draw.chance(20) ? draw.below(5) : null,
        inclusive: draw.chance(50),
      }
    : null;
  return {
    sku: `sku-${draw.below(3)}`,
    name: 'a thing',
    quantity: draw.between(1, 9),
    unitPriceMinor: draw.one([0, 1, 7, 333, 1_999]) ?? 0,
    tax,
  };
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
const words = { code: null, description: null };

function anyPlacing(draw: Draw): OrderCommand {
  const lines = times(draw.between(1, 4), () => anyLine(draw));
  const linesMinor = lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
  return ask.placeOrder({
    lines,
    discounts: draw.chance(50)
      ? [{ ...words, amountMinor: draw.below(linesMinor / 2 + 1), lineIndex: draw.chance(30) ? 0 : null }]
      : [],
    surcharges: draw.chance(30) ? [{ ...words, amountMinor: draw.below(300) }] : [],
    shipping: draw.chance(50) ? { method: null, amountMinor: draw.below(900), tax: anyLine(draw).tax } : null,
  });
}

/** Some units of lines that have any; now and then one unit too many, or a line that does not exist. */
function someUnits(order: Order, draw: Draw, available: (line: Line) => number): LineQuantity[] {
  if (draw.chance(3)) return [{ lineId: 'nowhere', quantity: 1 }];
  const excess = draw.chance(5) ? 1 : 0;
  return order.lines
    .filter((line) => available(line) > 0 && draw.chance(70))
    .map((line) => ({ lineId: line.lineId, quantity: draw.between(1, available(line) + excess) }));
}

const money = (draw: Draw, aroundMinor: number) =>
  draw.chance(50)
    ? Math.max(1, aroundMinor)
    : draw.between(draw.chance(5) ? -1 : 1, Math.max(1, aroundMinor + 5));
const reference = (kind: string, draw: Draw) => `${kind}-${draw.below(40)}`;

type Makers = { readonly [T in OrderCommandType]: (order: Order, draw: Draw) => OrderCommand };

const makers: Makers = {
  PlaceOrder: (_, draw) => anyPlacing(draw),
  ConfirmOrder: () => ask.confirmOrder(),
  RejectOrder: (_, draw) => (draw.chance(20) ? ask.rejectOrder() : ask.confirmOrder()),
  HoldOrder: (_, draw) => (draw.chance(20) ? ask.holdOrder() : ask.confirmOrder()),
  ReleaseOrder: () => ask.releaseOrder(),
  CancelOrder: (_, draw) => (draw.chance(25) ? ask.cancelOrder() : ask.createShipment()),
  CompleteOrder: () => ask.completeOrder(),
  EditOrder: (order, draw) => anyEdit(order, draw),
  ChangeContact: (_, draw) =>
    ask.changeContact({ name: `person ${draw.below(3)}`, email: null, phone: null }),
  RecordStockReserved: (order, draw) =>
    ask.recordStockReserved({ lines: someUnits(order, draw, (line) => line.quantity - line.cancelled) }),
  RecordStockRejected: () => ask.recordStockRejected(),
  RecordStockReleased: () => ask.recordStockReleased(),
  RecordPaymentAuthorized: (order, draw) =>
    ask.recordAuthorized(money(draw, orderTotals(order).totalMinor), {
      providerReference: reference('A', draw),
    }),
  RecordPaymentCaptured: (order, draw) => {
    const authorization = draw.chance(60) ? draw.one(order.payments.authorizations) : undefined;
    const dueMinor = orderTotals(order).balanceDueMinor;
    const leftMinor = authorization ? authorization.amountMinor - authorization.capturedMinor : dueMinor;
    return ask.recordCaptured(money(draw, Math.min(dueMinor, leftMinor)), {
      authorizationId: authorization?.paymentId ?? null,
      providerReference: reference('C', draw),
    });
  },
  RecordPaymentFailed: (order, draw) => ask.recordPaymentFailed(money(draw, orderTotals(order).totalMinor)),
  RecordPaymentVoided: (order, draw) =>
    ask.recordVoided({
      authorizationId: draw.one(order.payments.authorizations)?.paymentId ?? 'nowhere',
      providerReference: reference('V', draw),
    }),
  RecordPaymentReversed: (order, draw) => {
    const capture = draw.one(order.payments.captures);
    return ask.recordReversed(money(draw, capture ? heldMinor(capture) : 1), {
      captureId: capture?.paymentId ?? 'nowhere',
      providerReference: reference('D', draw),
    });
  },
  RequestRefund: (order, draw) => anyRefund(order, draw),
  RecordRefundSucceeded: (order, draw) =>
    ask.recordRefundSucceeded(anyRefundId(order, draw, 'failed'), reference('B', draw)),
  RecordRefundFailed: (order, draw) => {
    const refundId = anyRefundId(order, draw, 'succeeded');
    const known = order.refunds.find((refund) => refund.refundId === refundId)?.providerReference;
    const providerReference = known ?? (draw.chance(50) ? reference('B', draw) : null);
    return ask.recordRefundFailed(refundId, { providerReference });
  },
  CreateShipment: (order, draw) =>
    ask.createShipment({ lines: draw.chance(40) ? [] : someUnits(order, draw, unshipped) }),
  DispatchShipment: (order, draw) =>
    ask.dispatchShipment({ shipmentId: oneIn(order.shipments, 'created', draw)?.shipmentId ?? 'nowhere' }),
  ChangeShipmentTracking: (order, draw) =>
    ask.changeTracking(`T${draw.below(3)}`, {
      shipmentId: draw.one(order.shipments)?.shipmentId ?? 'nowhere',
      carrier: draw.chance(50) ? 'DHL' : null,
    }),
  DeliverShipment: (order, draw) =>
    ask.deliverShipment(oneIn(order.shipments, 'dispatched', draw)?.shipmentId),
  RecordShipmentLost: (order, draw) =>
    ask.recordShipmentLost(oneIn(order.shipments, 'dispatched', draw)?.shipmentId),
  CancelShipment: (order, draw) => ask.cancelShipment(oneIn(order.shipments, 'created', draw)?.shipmentId),
  CancelLines: (order, draw) =>
    ask.cancelLines(someUnits(order, draw, (line) => Math.ceil(unshipped(line) / 2))),
  RequestReturn: (order, draw) => {
    const packedToo = draw.chance(30);
    return ask.requestReturn(
      someUnits(order, draw, (line) => (packedToo ? line.shipped : line.dispatched) - line.inReturns),
    );
  },
  ApproveReturn: (order, draw) => ask.approveReturn(oneIn(order.returns, 'requested', draw)?.returnId),
  DeclineReturn: (order, draw) =>
    draw.chance(30)
      ? ask.declineReturn(oneIn(order.returns, 'requested', draw)?.returnId)
      : makers.ApproveReturn(order, draw),
  ReceiveReturn: (order, draw) => {
    const back = oneIn(order.returns, 'approved', draw);
    const toCome = (line: Line) => {
      const asked = back?.lines.find(({ lineId }) => lineId === line.lineId);
      return asked ? asked.quantity - asked.received : 0;
    };
    return ask.receiveReturn(draw.chance(50) ? [] : someUnits(order, draw, toCome), back?.returnId);
  },
  CloseReturn: (order, draw) => ask.closeReturn(oneIn(order.returns, 'received', draw)?.returnId),
  AddNote: (_, draw) => ask.addNote(`note ${draw.below(9)}`),
  RedactNote: (order, draw) => ask.redactNote(draw.one(order.notes)?.noteId),
  ChangeAttributes: (_, draw) => ask.changeAttributes(draw.chance(70) ? { erpId: `${draw.below(3)}` } : {}),
  ChangeTags: (_, draw) => ask.changeTags(`tag-${draw.below(3)}`),
};

/** Mostly one in the state that the command is about. */
function oneIn<T extends { readonly status: string }>(
  of: readonly T[],
  status: string,
  draw: Draw,
): T | undefined {
  const fitting = of.filter((each) => each.status === status);
  return draw.one(fitting.length > 0 && draw.chance(85) ? fitting : of);
}

/** Mostly a pending refund; now and then one that has ended already. */
function anyRefundId(order: Order, draw: Draw, ended: 'failed' | 'succeeded'): string | undefined {
  return oneIn(order.refunds, draw.chance(80) ? 'pending' : ended, draw)?.refundId;
}

function anyRefund(order: Order, draw: Draw): OrderCommand {
  const { balanceDueMinor, shippingMinor } = orderTotals(order);
  const reason = draw.one(['return', 'cancellation', 'overpayment', 'goodwill'] as const) ?? 'goodwill';
  if (reason === 'overpayment') return ask.requestRefund(money(draw, -balanceDueMinor), { reason });
  if (draw.chance(15)) {
    const amountMinor = draw.chance(50) ? null : money(draw, shippingMinor);
    return ask.requestRefund({ kind: 'shipping', amountMinor }, { reason });
  }
  if (draw.chance(20)) return ask.requestRefund(draw.between(1, 50), { reason });
  const units = { return: received, cancellation: cancelled, goodwill: ordered }[reason];
  return ask.requestRefund(someUnits(order, draw, units), { reason });
}
const received = (line: Line) => line.received;
const cancelled = (line: Line) => line.cancelled;
const ordered = (line: Line) => Math.min(2, line.quantity);

function anyEdit(order: Order, draw: Draw): OrderCommand {
  const lines: (AddressLines | null)[] = [];
  const operations = times(draw.between(1, 3), () => {
    lines.push(draw.chance(50) ? null : { ...noLines, city: `city ${draw.below(3)}` });
    return anyOperation(order, draw);
  });
  return ask.editOrder(operations, lines);
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

const isFree = (line: Line) => line.cancelled + line.shipped === 0;

function anyOperation(order: Order, draw: Draw): EditOperation {
  const line = draw.one(order.lines);
  const lineId = line?.lineId ?? 'nowhere';
  const operations: readonly (() => EditOperation)[] = [
    () => ({ op: 'addLine', line: anyLine(draw) }),
    () => ask.removeLine(draw.one(order.lines.filter(isFree))?.lineId ?? lineId),
    () => ask.changeLineQuantity(lineId, draw.between(1, 12)),
    () => ask.applyDiscount(draw.below(200), draw.chance(50) ? lineId : null),
    () => ask.removeDiscount(draw.one(order.discounts)?.discountId),
    () => ask.addSurcharge(draw.below(100)),
    () => ({ op: draw.chance(50) ? 'changeShippingAddress' : 'changeBillingAddress', address: britain }),
  ];
  return draw.one(operations)!();
}
