import { randomBytes } from 'node:crypto';
import { decodeEach, type EventCodec } from '#event-store/codec.js';
import {
  actionById,
  askForAction,
  type Action,
  type ActionRequest,
} from '#read-models/stores/quarantine-actions.store.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import type { WrittenOrder } from './order-streams.js';
import type { ProjectionBench } from './projections.js';
import { until } from './until.js';

/** Of a release to come. */
export const UNKNOWN_TYPE = 'OrderTeleported';

/** Reads what that release has appended: as a change of tags. */
export const laterCodec: Pick<EventCodec, 'decodeEach'> = {
  decodeEach: (events) =>
    decodeEach(events.map((raw) => (raw.type === UNKNOWN_TYPE ? { ...raw, type: 'TagsChanged' } : raw))),
};

/** Longer than any entry of an index may be, and nothing that could be compressed. */
export const longText = () => randomBytes(6_000).toString('base64url');

/** Has the owner do something with an order, and waits for what comes of it. */
export async function act(
  bench: Pick<ProjectionBench, 'pool'>,
  order: WrittenOrder,
  request: Partial<ActionRequest> & Pick<ActionRequest, 'action'>,
): Promise<Action> {
  const { tenantId, orderId } = order;
  const id = await askForAction(bench.pool, {
    ...{ projection: ORDERS_PROJECTION, generation: 1, tenantId, orderId },
    ...{ revision: null, reason: null, who: 'the tests', ...request },
  });
  return until('the owner has done it', async () => {
    const action = await actionById(bench.pool, id);
    return action.doneAt !== null && action;
  });
}
