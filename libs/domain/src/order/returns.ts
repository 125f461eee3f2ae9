import type { Command, Event } from '../decider.js';
import { sameContent } from '../equality.js';
import type { DecideArea, EvolveArea } from './area.js';
import { checkCount, checkOneMore, checkReason } from './checks.js';
import type { LineQuantity } from './content.js';
import { keptCommands } from './handled.js';
import { freshId } from './identity.js';
import type { ReturnId } from './ids.js';
import { LIMITS } from './limits.js';
import { atMost, changedLines, checkQuantities } from './lines.js';
import { accept, isRefusal, reject, type Refusal } from './rejections.js';
import type { Line, Order, Return } from './state.js';
import { checkAllowed } from './transitions.js';

export type ReturnEvent =
  | Event<
      'ReturnRequested',
      { readonly returnId: ReturnId; readonly lines: readonly LineQuantity[]; readonly reason: string | null }
    >
  | Event<'ReturnApproved', { readonly returnId: ReturnId }>
  | Event<'ReturnDeclined', { readonly returnId: ReturnId; readonly reason: string | null }>
  | Event<'ReturnItemsReceived', { readonly returnId: ReturnId; readonly lines: readonly LineQuantity[] }>
  | Event<'ReturnClosed', { readonly returnId: ReturnId }>;

export type ReturnCommand =
  | Command<'RequestReturn', { readonly lines: readonly LineQuantity[]; readonly reason: string | null }>
  | Command<'ApproveReturn', { readonly returnId: ReturnId }>
  | Command<'DeclineReturn', { readonly returnId: ReturnId; readonly reason: string | null }>
  /** Empty `lines`: all units that are still to come. */
  | Command<'ReceiveReturn', { readonly returnId: ReturnId; readonly lines: readonly LineQuantity[] }>
  | Command<'CloseReturn', { readonly returnId: ReturnId }>;

export const evolveReturns: EvolveArea<ReturnEvent> = {
  ReturnRequested: (order, { data: { returnId, lines, reason }, occurredAt }) => {
    const requested: Return = {
      returnId,
      lines: lines.map(({ lineId, quantity }) => ({ lineId, quantity, received: 0 })),
      reason,
      status: 'requested',
      requestedAt: occurredAt,
    };
    return {
      ...order,
      lines: changedLines(order, lines, (line, quantity) => ({ inReturns: line.inReturns + quantity })),
      returns: [...order.returns, requested],
    };
  },

  ReturnApproved: (order, { data: { returnId } }) => ({
    ...order,
    returns: changedReturns(order, returnId, () => ({ status: 'approved' })),
  }),

  ReturnDeclined: (order, { data: { returnId } }) => ({
    ...order,
    lines: withUnitsFreed(order, returnId),
    returns: changedReturns(order, returnId, () => ({ status: 'declined' })),
  }),

  ReturnItemsReceived: (order, { data }) => {
    const received = new Map(data.lines.map(({ lineId, quantity }) => [lineId, quantity]));
    return {
      ...order,
      lines: changedLines(order, data.lines, (line, quantity) => ({ received: line.received + quantity })),
      returns: changedReturns(order, data.returnId, (each) => {
        const lines = each.lines.map((line) => ({
          ...line,
          received: line.received + (received.get(line.lineId) ?? 0),
        }));
        const complete = lines.every((line) => line.received === line.quantity);
        return { lines, status: complete ? 'received' : each.status };
      }),
    };
  },

  ReturnClosed: (order, { data: { returnId } }) => ({
    ...order,
    lines: withUnitsFreed(order, returnId),
    returns: changedReturns(order, returnId, () => ({ status: 'closed' })),
  }),
};

/**
 * After the request, only the return's own status decides: its goods were dispatched, whatever the order's status.
 */
export const decideReturns: DecideArea<ReturnCommand, ReturnEvent> = {
  RequestReturn: (order, { data }, context) => {
    const again = order.returns.find(({ returnId }) => returnId === context.newId(0));
    if (again?.reason === data.reason && sameContent(unitsOf(again), data.lines)) return accept();
    const returnId = freshId(order, context);
    if (isRefusal(returnId)) return returnId;
    // Units in returns may never exceed those dispatched (invariant 1).
    const returnable = atMost((line) => line.dispatched - line.inReturns, 'quantity_exceeds_dispatched');
    const wrong =
      checkAllowed(order, 'RequestReturn') ??
      checkReason(data.reason) ??
      checkQuantities(order, data.lines, returnable) ??
      checkOneMore(
        'returns',
        order.returns.map((each) => each.lines),
        data.lines,
      );
    if (wrong) return wrong;
    return accept({ type: 'ReturnRequested', data: { returnId, ...data } });
  },

  ApproveReturn: (order, { data: { returnId } }) => {
    const found = findReturn(order, returnId);
    if (isRefusal(found)) return found;
    if (found.status === 'approved' || found.status === 'received') return accept();
    const wrong = checkState(found, ['requested']);
    return wrong ?? accept({ type: 'ReturnApproved', data: { returnId } });
  },

  DeclineReturn: (order, { data }) => {
    const found = findReturn(order, data.returnId);
    if (isRefusal(found)) return found;
    if (found.status === 'declined') return accept();
    const wrong = checkState(found, ['requested']) ?? checkReason(data.reason);
    return wrong ?? accept({ type: 'ReturnDeclined', data });
  },

  ReceiveReturn: (order, { data: { returnId, lines } }) => {
    const found = findReturn(order, returnId);
    if (isRefusal(found)) return found;
    const toCome = new Map(found.lines.map((line) => [line.lineId, line.quantity - line.received]));
    const expected = [...toCome].map(([lineId, quantity]) => ({ lineId, quantity }));
    const arrived = lines.length === 0 ? expected.filter(({ quantity }) => quantity > 0) : lines;
    if (found.status === 'received' && arrived.length === 0) return accept();
    const wrong =
      checkState(found, ['approved', 'received']) ??
      checkQuantities(
        order,
        arrived,
        atMost(({ lineId }) => toCome.get(lineId) ?? 0, 'quantity_exceeds_return'),
      ) ??
      checkCount(keptCommands(order) + 1, LIMITS.receipts, 'receipts');
    return wrong ?? accept({ type: 'ReturnItemsReceived', data: { returnId, lines: arrived } });
  },

  CloseReturn: (order, { data: { returnId } }) => {
    const found = findReturn(order, returnId);
    if (isRefusal(found)) return found;
    if (found.status === 'closed') return accept();
    const wrong = checkState(found, ['approved', 'received']);
    return wrong ?? accept({ type: 'ReturnClosed', data: { returnId } });
  },
};

function unitsOf({ lines }: Return): LineQuantity[] {
  return lines.map(({ lineId, quantity }) => ({ lineId, quantity }));
}

function findReturn(order: Order, returnId: ReturnId): Return | Refusal {
  return order.returns.find((each) => each.returnId === returnId) ?? reject('return_not_found', { returnId });
}

function checkState({ returnId, status }: Return, wanted: readonly Return['status'][]): Refusal | null {
  return wanted.includes(status) ? null : reject('return_not_in_state', { returnId, status });
}

function changedReturns(
  order: Order,
  returnId: ReturnId,
  change: (each: Return) => Partial<Return>,
): readonly Return[] {
  return order.returns.map((each) => (each.returnId === returnId ? { ...each, ...change(each) } : each));
}

/** The lines once the units of a return that were not received can be returned another time. */
function withUnitsFreed(order: Order, returnId: ReturnId): readonly Line[] {
  const found = order.returns.find((each) => each.returnId === returnId);
  const missing = (found?.lines ?? []).map(({ lineId, quantity, received }) => ({
    lineId,
    quantity: quantity - received,
  }));
  return changedLines(order, missing, (line, quantity) => ({ inReturns: line.inReturns - quantity }));
}
