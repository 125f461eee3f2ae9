import type { Order } from '#domain/order/state.js';
import type { LoadedOrder, OrderStreams } from '../order-streams.js';
import { isUnusable } from './order-snapshots.js';
import { differingParts } from './snapshot-checks.js';
import type { Unusable } from './snapshot-codec.js';
import type { LatestSnapshot } from './snapshot-store.js';

export type SnapshotVerdict =
  | { readonly kind: 'absent' }
  | { readonly kind: Unusable }
  /** `folded`: the order as the events up to the snapshot's revision make it. */
  | { readonly kind: 'right'; readonly folded: LoadedOrder & { readonly order: Order } }
  | { readonly kind: 'different'; readonly revision: number; readonly parts: readonly string[] };

/** Compares a snapshot with a fold of the events up to its revision. @throws UnreadableEvent */
export async function judgeSnapshot(
  stream: string,
  { content }: Pick<LatestSnapshot, 'content'>,
  streams: OrderStreams,
): Promise<SnapshotVerdict> {
  if (content === null) return { kind: 'absent' };
  if (isUnusable(content)) return { kind: content };
  const { revision } = content;
  const { order, position } = await streams.foldOn(stream, { order: null, position: null }, revision);
  if (order?.revision !== revision) return { kind: 'future' };
  const parts = differingParts(content, order);
  return parts.length === 0
    ? { kind: 'right', folded: { order, position } }
    : { kind: 'different', revision, parts };
}
