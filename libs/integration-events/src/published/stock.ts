import type { StockEvent } from '#domain/order/stock.js';
import { textOrNull } from '../fields.js';
import { reason, units, unitsOf } from './common.js';
import { publish, type PublishedPart } from './publish.js';

export const publishedStock: PublishedPart<StockEvent> = {
  StockReserved: publish(
    1,
    'The warehouse has set units aside.',
    {
      reservationReference: textOrNull("The warehouse's own name for the reservation; null: none."),
      lines: units('The units that were set aside.'),
    },
    ({ data }) => ({ reservationReference: data.reference, lines: unitsOf(data.lines) }),
  ),
  StockRejected: publish(
    1,
    'The warehouse could not set units aside.',
    { reason, lines: units('The units that it does not have.') },
    ({ data }) => ({ reason: data.reason, lines: unitsOf(data.lines) }),
  ),
  StockReleased: publish(
    1,
    'The units that were set aside are free again.',
    { reason },
    ({ data: { reason } }) => ({
      reason,
    }),
  ),
};
