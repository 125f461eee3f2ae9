import type { ReturnEvent } from '#domain/order/returns.js';
import { id } from '../fields.js';
import { reason, units, unitsOf } from './common.js';
import { publish, type PublishedPart } from './publish.js';

const returnId = id('Names the return within the order.');

export const publishedReturns: PublishedPart<ReturnEvent> = {
  ReturnRequested: publish(
    1,
    'The customer wants to send units back.',
    { returnId, lines: units('What is to come back.'), reason },
    ({ data }) => ({ returnId: data.returnId, lines: unitsOf(data.lines), reason: data.reason }),
  ),
  ReturnApproved: publish(1, 'A return was allowed.', { returnId }, ({ data: { returnId } }) => ({
    returnId,
  })),
  ReturnDeclined: publish(
    1,
    'A return was refused.',
    { returnId, reason },
    ({ data: { returnId, reason } }) => ({ returnId, reason }),
  ),
  ReturnItemsReceived: publish(
    1,
    'Units of a return came back; more may follow.',
    { returnId, lines: units('What came back this time.') },
    ({ data }) => ({ returnId: data.returnId, lines: unitsOf(data.lines) }),
  ),
  ReturnClosed: publish(
    1,
    'Nothing more of a return is waited for.',
    { returnId },
    ({ data: { returnId } }) => ({ returnId }),
  ),
};
