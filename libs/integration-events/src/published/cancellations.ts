import type { CancellationEvent } from '#domain/order/cancellations.js';
import { id } from '../fields.js';
import { reason, units, unitsOf } from './common.js';
import { publish, type PublishedPart } from './publish.js';

export const publishedCancellations: PublishedPart<CancellationEvent> = {
  LinesCancelled: publish(
    1,
    'Units were cancelled that are in no shipment: they have not left the warehouse, or were lost.',
    {
      cancellationId: id('The id of the cancellation within the order.'),
      lines: units('The units that were cancelled.'),
      reason,
    },
    ({ data }) => ({
      cancellationId: data.cancellationId,
      lines: unitsOf(data.lines),
      reason: data.reason,
    }),
  ),
};
