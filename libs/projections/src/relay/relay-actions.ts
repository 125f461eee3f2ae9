import type pg from 'pg';
import type { Logger } from '#platform/logging.js';
import { orderStream } from '#event-store/streams.js';
import { counted } from '#platform/counted.js';
import type { ProjectionKey } from '#read-models/projection-key.js';
import { finishAction, takeAction, type Action } from '#read-models/stores/quarantine-actions.store.js';
import type { RelayStore } from '#read-models/stores/relay.store.js';
import { pause } from '../engine/interruptions.js';
import { QuarantineNews } from '../quarantine/quarantine-news.js';
import type { MessageMaker } from './outgoing.js';
import type { RelayRetry, Sending } from './sending.js';
import type { TopicWriter } from './topic-writer.js';

export interface RelayActionsOptions {
  /** The owner's own connection. */
  readonly db: pg.Client;
  readonly scope: ProjectionKey;
  readonly store: RelayStore;
  readonly sending: Sending;
  readonly writer: TopicWriter;
  readonly maker: MessageMaker;
  readonly logger: Logger;
}

/** Requests are announced by NOTIFY; looking finds those announced while nobody listened. */
const LOOK_AGAIN_MS = 2_000;

interface Outcome {
  readonly succeeded: boolean;
  readonly outcome: string;
}

/** Does what people ask of the relay's quarantine, between its batches, until the signal aborts. */
export async function serveRelayActions(options: RelayActionsOptions, signal: AbortSignal): Promise<void> {
  const { db, scope, logger } = options;
  let news: QuarantineNews | null = null;
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      news ??= await QuarantineNews.listen(db, signal);
      while (!signal.aborted) {
        const action = await takeAction(db, scope.generation, [scope.projection]);
        if (action === null) await news.heard(LOOK_AGAIN_MS);
        else await finishAction(db, action, await carryOut(action, options));
        attempt = 0;
      }
    } catch (err) {
      if (signal.aborted) return;
      logger.warn({ err }, 'carrying out a request about the quarantine of the relay failed; trying again');
      await pause(attempt, signal);
    }
  }
}

async function carryOut(
  { action, tenantId, orderId, revision, reason, who }: Action,
  { store, sending, writer, maker }: RelayActionsOptions,
): Promise<Outcome> {
  if (action === 'retry_all') return told(await sending.retry(null, writer, maker));
  if (action === 'retry') return told(await sending.retry(orderId, writer, maker));
  const key = { tenantId: tenantId!, orderId: orderId!, revision: revision! };
  const isSkipped = (await store.skipped()).of(orderStream(key.tenantId, key.orderId)).has(key.revision);
  await sending.settle();
  const first = (await store.parked()).find((event) => event.orderId === orderId);
  // If it is parked at a skipped event, this action was cut off between the two: what is behind is still to be sent.
  if (first?.revision !== revision) {
    if (isSkipped) return { succeeded: true, outcome: `event ${revision} is skipped already` };
    const where = first ? `the order is parked at event ${first.revision}` : 'the order is not parked';
    return { succeeded: false, outcome: `event ${revision} cannot be skipped: ${where}` };
  }
  await store.skip({ ...key, reason: reason!, who });
  const { outcome } = told(await sending.retry(orderId, writer, maker));
  return { succeeded: true, outcome: `event ${revision} is skipped; ${outcome}` };
}

function told(retried: readonly RelayRetry[]): Outcome {
  const stuck = retried.flatMap((one) => one.stuck ?? []);
  const [first] = stuck;
  if (retried.length === 0) return { succeeded: true, outcome: 'nothing is parked' };
  if (!first)
    return { succeeded: true, outcome: `the parked events of ${counted(retried.length, 'order')} are sent` };
  const outcome =
    retried.length === 1
      ? `still parked at event ${first.revision}: ${first.reason}`
      : `${stuck.length} of ${counted(retried.length, 'order')} still parked`;
  return { succeeded: false, outcome };
}
