import type { ReturnEvent } from '#domain/order/returns.js';
import { id } from '../fields.js';
import { reason, units, unitsOf } from './common.js';
import { publish, type PublishedPart } from './publish.js';

const returnId = id('The id of the return within the order.');

export const publishedReturns: PublishedPart<ReturnEvent> = {
  ReturnRequested: publish(
    1,
    'A return was requested: units are to come back.',
    { returnId, lines: units('The units that are to come back.'), reason },
    ({ data }) => ({ returnId: data.returnId, lines: unitsOf(data.lines), reason: data.reason }),
  ),
  ReturnApproved: publish(1, 'A return was approved.', { returnId }, ({ data: { returnId } }) => ({
    returnId,
  })),
  ReturnDeclined: publish(
    1,
    'A return was declined.',
    { returnId, reason },
    ({ data: { returnId, reason } }) => ({ returnId, reason }),
  ),
  ReturnItemsReceived: publish(
    1,
    'Units of a return came back. More may follow.',
    { returnId, lines: units('The units that came back this time.') },
    ({ data }) => ({ returnId: data.returnId, lines: unitsOf(data.lines) }),
  ),
  ReturnClosed: publish(
    1,
    'A return was closed: nothing more is expected back.',
    { returnId },
    ({ data: { returnId } }) => ({ returnId }),
  ),
};
