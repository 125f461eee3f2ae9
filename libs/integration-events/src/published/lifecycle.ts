import type { LifecycleEvent } from '#domain/order/lifecycle.js';
import { reason } from './common.js';
import { publish, type PublishedPart } from './publish.js';

export const publishedLifecycle: PublishedPart<LifecycleEvent> = {
  OrderConfirmed: publish(1, 'The order was confirmed: it can be shipped from now on.', {}, () => ({})),
  OrderRejected: publish(
    1,
    'The order was rejected: none of it will be shipped.',
    { reason },
    ({ data: { reason } }) => ({ reason }),
  ),
  OrderHeld: publish(
    1,
    'The order was put on hold: nothing is shipped until it is released.',
    { reason },
    ({ data: { reason } }) => ({ reason }),
  ),
  OrderReleased: publish(1, 'The order was released: it is no longer on hold.', {}, () => ({})),
  OrderCancelled: publish(
    1,
    'The order was cancelled: units that have not left the warehouse will not be shipped. They are named by no message of their own where nothing had left it, or all of that was lost.',
    { reason },
    ({ data: { reason } }) => ({ reason }),
  ),
  OrderCompleted: publish(
    1,
    'The order was completed: all its units were dispatched or cancelled.',
    {},
    () => ({}),
  ),
};
