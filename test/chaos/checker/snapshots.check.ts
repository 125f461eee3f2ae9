import { plainPersonal } from '#event-store/personal-codec.js';
import { foldFingerprint } from '#event-store/snapshots/fold-fingerprint.js';
import { differingParts } from '#event-store/snapshots/snapshot-checks.js';
import { SnapshotCodec } from '#event-store/snapshots/snapshot-codec.js';
import { orderStreamOfSnapshots, parseOrderStream } from '#event-store/streams.js';
import type { Facts } from './facts.js';
import { keyOf, type Story } from './story.js';
import type { Report } from './violations.js';

/**
 * I7: each snapshot that was ever written equals the order after the event at its revision. So the snapshot and
 * the events after it make what all events make. An order with a skipped event is left out, because the command
 * side skips no event.
 */
export async function checkSnapshots(
  { snapshots, skips }: Pick<Facts, 'snapshots' | 'skips'>,
  stories: ReadonlyMap<string, Story>,
  report: Report,
): Promise<void> {
  const codec = new SnapshotCodec(plainPersonal, foldFingerprint);
  const skipped = new Set(skips.map(keyOf));
  for (const snapshot of snapshots) {
    const stream = orderStreamOfSnapshots(snapshot.stream);
    const key = stream === null ? null : parseOrderStream(stream);
    if (stream === null || key === null) {
      report(snapshot.stream, 'is no stream of snapshots');
      continue;
    }
    const where = `snapshot ${snapshot.revision}`;
    const order = await codec.decode(stream, snapshot);
    if (typeof order === 'string') report(snapshot.stream, `${where} is ${order}`);
    else if (!skipped.has(keyOf(key))) {
      const folded = stories.get(keyOf(key))?.chapters[order.revision]?.order ?? null;
      const parts = folded === null ? ['everything'] : differingParts(order, folded);
      if (parts.length > 0) {
        report(
          snapshot.stream,
          `${where} differs from the order at ${order.revision} in ${parts.join(', ')}`,
        );
      }
    }
  }
}
