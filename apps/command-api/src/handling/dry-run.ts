import type { LoadedOrder } from '#event-store/order-streams.js';
import { APPEND_LIMIT_BYTES, appendSizeBytes, toExactEvent } from '#event-store/wire-event.js';
import { decideTogether, type BatchContext } from './batch.js';
import type { CommandRequest, CommandResult } from './command-request.js';
import { resultOf } from './command-result.js';
import { OrderTooLarge } from './errors.js';

/** What a command would come to now: it is decided as a batch of its own, of which nothing is appended. */
export async function dryRun(
  known: LoadedOrder,
  request: CommandRequest,
  context: BatchContext,
): Promise<CommandResult> {
  const { verdicts, events } = await decideTogether(known, [request], context);
  const verdict = verdicts[0]!;
  switch (verdict.kind) {
    case 'storing': {
      const sizeBytes = appendSizeBytes(events.map(toExactEvent));
      if (sizeBytes > APPEND_LIMIT_BYTES) throw new OrderTooLarge(sizeBytes, APPEND_LIMIT_BYTES);
      return resultOf(verdict.order, null, verdict.events);
    }
    case 'nothing':
      return resultOf(verdict.order, null, []);
    case 'refused':
    case 'failed':
      throw verdict.error;
    case 'replay_of_stored':
    case 'replay_of_batch':
      throw new Error('a dry run is never remembered');
  }
}
