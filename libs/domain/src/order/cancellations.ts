import type { Command, Event } from '../decider.js';
import { sameContent } from '../equality.js';
import type { DecideArea, EvolveArea } from './area.js';
import { checkOneMore, checkReason } from './checks.js';
import type { LineQuantity } from './content.js';
import { freshId } from './identity.js';
import type { CancellationId } from './ids.js';
import { atMost, changedLines, checkQuantities, unshipped } from './lines.js';
import { accept, isRefusal } from './rejections.js';
import { checkAllowed } from './transitions.js';

export type CancellationEvent = Event<
  'LinesCancelled',
  {
    readonly cancellationId: CancellationId;
    readonly lines: readonly LineQuantity[];
    readonly reason: string | null;
  }
>;

export type CancellationCommand = Command<
  'CancelLines',
  { readonly lines: readonly LineQuantity[]; readonly reason: string | null }
>;

export const evolveCancellations: EvolveArea<CancellationEvent> = {
  LinesCancelled: (order, { data: { cancellationId, lines, reason }, occurredAt }) => ({
    ...order,
    lines: changedLines(order, lines, (line, quantity) => ({ cancelled: line.cancelled + quantity })),
    cancellations: [...order.cancellations, { cancellationId, lines, reason, at: occurredAt }],
  }),
};

export const decideCancellations: DecideArea<CancellationCommand, CancellationEvent> = {
  CancelLines: (order, { data }, context) => {
    const again = order.cancellations.find(({ cancellationId }) => cancellationId === context.newId(0));
    if (again && sameContent({ ...again, ...data }, again)) return accept();
    const cancellationId = freshId(order, context);
    if (isRefusal(cancellationId)) return cancellationId;
    const wrong =
      checkAllowed(order, 'CancelLines') ??
      checkReason(data.reason) ??
      checkQuantities(order, data.lines, atMost(unshipped, 'quantity_exceeds_unshipped')) ??
      checkOneMore(
        'cancellations',
        order.cancellations.map((each) => each.lines),
        data.lines,
      );
    if (wrong) return wrong;
    return accept({ type: 'LinesCancelled', data: { cancellationId, ...data } });
  },
};
