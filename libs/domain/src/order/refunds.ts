import type { Command, Event } from '../decider.js';
import { sameContent } from '../equality.js';
import type { DecideArea, EvolveArea } from './area.js';
import { checkCurrency, checkOneMore, checkReason, checkText, isAmount } from './checks.js';
import type { RefundOf, RefundReason, RefundRequest } from './content.js';
import { freshId } from './identity.js';
import type { RefundId, ReturnId } from './ids.js';
import { LIMITS } from './limits.js';
import { grantRefund, leftToRefundMinor } from './refund-grants.js';
import { accept, isRefusal, reject, type Refusal } from './rejections.js';
import type { Order, Refund } from './state.js';
import { everCapturedMinor, orderTotals } from './totals.js';

export type RefundEvent =
  | Event<
      'RefundRequested',
      {
        readonly refundId: RefundId;
        readonly reason: RefundReason;
        readonly returnId: ReturnId | null;
        readonly of: RefundOf;
        readonly amountMinor: number;
        readonly currency: string;
      }
    >
  | Event<'RefundSucceeded', { readonly refundId: RefundId; readonly providerReference: string }>
  | Event<
      'RefundFailed',
      {
        readonly refundId: RefundId;
        readonly providerReference: string | null;
        readonly reason: string | null;
      }
    >;

type RequestRefund = {
  readonly reason: RefundReason;
  /** The return that the refund is for, if any. It has to exist, but does not limit the refund. */
  readonly returnId: ReturnId | null;
  readonly of: RefundRequest;
  readonly currency: string;
};

export type RefundCommand =
  | Command<'RequestRefund', RequestRefund>
  | Command<'RecordRefundSucceeded', { readonly refundId: RefundId; readonly providerReference: string }>
  | Command<
      'RecordRefundFailed',
      {
        readonly refundId: RefundId;
        readonly providerReference: string | null;
        readonly reason: string | null;
      }
    >;

export const evolveRefunds: EvolveArea<RefundEvent> = {
  RefundRequested: (order, { data, occurredAt }) => {
    const refund: Refund = {
      refundId: data.refundId,
      reason: data.reason,
      returnId: data.returnId,
      of: data.of,
      amountMinor: data.amountMinor,
      status: 'pending',
      providerReference: null,
      failureReason: null,
      requestedAt: occurredAt,
    };
    return { ...order, refunds: [...order.refunds, refund] };
  },

  RefundSucceeded: (order, { data: { refundId, providerReference } }) =>
    changeRefund(order, refundId, { status: 'succeeded', providerReference, failureReason: null }),

  RefundFailed: (order, { data: { refundId, providerReference, reason } }) =>
    changeRefund(order, refundId, { status: 'failed', providerReference, failureReason: reason }),
};

export const decideRefunds: DecideArea<RefundCommand, RefundEvent> = {
  RequestRefund: (order, { data }, context) => {
    const mismatch = checkCurrency(order, data.currency);
    if (mismatch) return mismatch;
    const again = order.refunds.find(({ refundId }) => refundId === context.newId(0));
    if (again && holdsRequest(again, data)) return accept();
    const refundId = freshId(order, context);
    if (isRefusal(refundId)) return refundId;
    const { reason, returnId, currency } = data;
    const wrong = checkReturn(order, returnId);
    if (wrong) return wrong;
    const granted = grantRefund(order, reason, data.of);
    if (isRefusal(granted)) return granted;
    const { of, amountMinor } = granted;
    const refused =
      checkGranted(order, amountMinor, orderTotals(order).capturedMinor) ??
      checkOneMore(
        'refunds',
        order.refunds.map((each) => linesOf(each.of)),
        linesOf(of),
      );
    if (refused) return refused;
    return accept({
      type: 'RefundRequested',
      data: { refundId, reason, returnId, of, amountMinor, currency },
    });
  },

  RecordRefundSucceeded: (order, { data: { refundId, providerReference } }) => {
    const refund = findRefund(order, refundId);
    if (isRefusal(refund)) return refund;
    if (refund.status === 'succeeded' && refund.providerReference === providerReference) return accept();
    const wrong =
      checkReference(order, refund, providerReference) ??
      checkSucceeds(order, refund) ??
      checkText(providerReference, LIMITS.referenceCharacters, 'providerReference');
    return wrong ?? accept({ type: 'RefundSucceeded', data: { refundId, providerReference } });
  },

  RecordRefundFailed: (order, { data }) => {
    const refund = findRefund(order, data.refundId);
    if (isRefusal(refund)) return refund;
    const { providerReference } = data;
    // A guess (no provider reference) adds nothing to a known failure. The provider's word adds to a guess.
    const isKnown = providerReference === null || providerReference === refund.providerReference;
    if (refund.status === 'failed' && isKnown) return accept();
    const wrong =
      checkReference(order, refund, providerReference) ??
      checkFails(refund, providerReference) ??
      checkText(providerReference, LIMITS.referenceCharacters, 'providerReference') ??
      checkReason(data.reason);
    return wrong ?? accept({ type: 'RefundFailed', data });
  },
};

function linesOf(of: RefundOf): readonly unknown[] {
  return of.kind === 'lines' ? of.lines : [];
}

function holdsRequest(refund: Refund, { reason, returnId, of }: RequestRefund): boolean {
  if (refund.reason !== reason || refund.returnId !== returnId) return false;
  if (refund.of.kind === 'lines') {
    const units = refund.of.lines.map(({ lineId, quantity }) => ({ lineId, quantity }));
    return of.kind === 'lines' && sameContent(units, of.lines);
  }
  // A request for shipping without an amount meant all that was left at that time.
  return (
    of.kind !== 'lines' &&
    refund.of.kind === of.kind &&
    (of.amountMinor ?? refund.amountMinor) === refund.amountMinor
  );
}

function checkReturn(order: Order, returnId: ReturnId | null): Refusal | null {
  const known = returnId === null || order.returns.some((each) => each.returnId === returnId);
  return known ? null : reject('return_not_found', { returnId });
}

/**
 * All refunds together may not exceed what was captured (invariant 2). A failed refund frees its amount.
 * @param coveredMinor what of the captures counts: what is left of them, or all of them
 */
function checkGranted(order: Order, amountMinor: number, coveredMinor: number): Refusal | null {
  if (!isAmount(amountMinor, 1)) return reject('amount_out_of_range', { amountMinor });
  const availableMinor = leftToRefundMinor(order, coveredMinor);
  return amountMinor > availableMinor ? reject('refund_exceeds_captured', { availableMinor }) : null;
}

function findRefund(order: Order, refundId: RefundId): Refund | Refusal {
  return order.refunds.find((each) => each.refundId === refundId) ?? reject('refund_not_found', { refundId });
}

/** A provider reference belongs to one refund, whether that succeeded or failed (invariant 4). */
function checkReference(order: Order, refund: Refund, providerReference: string | null): Refusal | null {
  // Its own may be another's too: until 0.1.0, a failed refund gave its reference free.
  if (providerReference === null || providerReference === refund.providerReference) return null;
  const other = order.refunds.some((each) => each !== refund && each.providerReference === providerReference);
  return other ? reject('provider_reference_reused', { providerReference }) : null;
}

/**
 * A failure without a provider reference was a guess, made because no answer came. The provider's word that it
 * paid overrides the guess, unless other refunds have taken the captured money meanwhile. A capture that was taken
 * back does not count: the provider may have paid before that.
 */
function checkSucceeds(order: Order, refund: Refund): Refusal | null {
  if (refund.status === 'pending') return null;
  if (refund.status === 'failed' && refund.providerReference === null) {
    return checkGranted(order, refund.amountMinor, everCapturedMinor(order));
  }
  return notInState(refund);
}

/**
 * A refund may fail after it succeeded: the money can come back to the provider days later, from a closed account.
 * And the provider may confirm a guessed failure; a success reported after that is rejected as outdated.
 */
function checkFails(refund: Refund, providerReference: string | null): Refusal | null {
  const cameBack = refund.status === 'succeeded' && refund.providerReference === providerReference;
  const wasGuessed = refund.status === 'failed' && refund.providerReference === null;
  return refund.status === 'pending' || cameBack || wasGuessed ? null : notInState(refund);
}

function notInState({ refundId, status }: Refund): Refusal {
  return reject('refund_not_in_state', { refundId, status });
}

function changeRefund(order: Order, refundId: RefundId, change: Partial<Refund>): Order {
  const refunds = order.refunds.map((refund) =>
    refund.refundId === refundId ? { ...refund, ...change } : refund,
  );
  return { ...order, refunds };
}
