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

/** A type of event that only a later release knows. */
export const UNKNOWN_TYPE = 'OrderTeleported';

/** Reads events as that later release does: the unknown type as a change of tags. */
export const laterCodec: Pick<EventCodec, 'decodeEach'> = {
  decodeEach: (events) =>
    decodeEach(events.map((raw) => (raw.type === UNKNOWN_TYPE ? { ...raw, type: 'TagsChanged' } : raw))),
};

/** Longer than an entry of an index may be, and random, so that it cannot be compressed. */
export const longText = () => randomBytes(6_000).toString('base64url');

/** Asks the owner for an action on an order, and waits until it is done. */
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
