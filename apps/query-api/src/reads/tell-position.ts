import type { Asked } from '../request/asked.js';
import type { Freshness } from './freshness.js';

/**
 * Adds to the answer, as `Order-Position`, a position that covers all that it shows. A client that sends the last one it
 * saw with its next read never sees less than before, whichever process answers.
 *
 * @param known as `Freshness.tokenOf` needs it
 */
export function tellPosition(
  { consistentWith, reply }: Asked,
  freshness: Freshness,
  known: bigint | null,
): void {
  const token = freshness.tokenOf(known, consistentWith);
  if (token !== null) reply.header('order-position', token);
}
