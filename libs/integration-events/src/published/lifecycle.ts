import type { LifecycleEvent } from '#domain/order/lifecycle.js';
import { reason } from './common.js';
import { publish, type PublishedPart } from './publish.js';

export const publishedLifecycle: PublishedPart<LifecycleEvent> = {
  OrderConfirmed: publish(1, 'The order was accepted and will be fulfilled.', {}, () => ({})),
  OrderRejected: publish(
    1,
    'The order was refused: nothing of it will be sent.',
    { reason },
    ({ data: { reason } }) => ({ reason }),
  ),
  OrderHeld: publish(
    1,
    'The order was put on hold: nothing is shipped until it is released.',
    { reason },
    ({ data: { reason } }) => ({ reason }),
  ),
  OrderReleased: publish(1, 'The hold of the order was ended.', {}, () => ({})),
  OrderCancelled: publish(
    1,
    'The order was cancelled: what has not left the warehouse will not.',
    { reason },
    ({ data: { reason } }) => ({ reason }),
  ),
  OrderCompleted: publish(1, 'All units have left or were cancelled: the order is done.', {}, () => ({})),
};
