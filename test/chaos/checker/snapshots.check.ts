import type { Order } from '#domain/order/state.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import type { EventMetadata } from '#event-store/port.js';
import { foldFingerprint } from '#event-store/snapshots/fold-fingerprint.js';
import { differingParts } from '#event-store/snapshots/snapshot-checks.js';
import { SnapshotCodec } from '#event-store/snapshots/snapshot-codec.js';
import { orderStreamOfSnapshots, parseOrderStream } from '#event-store/streams.js';
import type { Facts } from './facts.js';
import { keyOf, type Chapter, type Story } from './story.js';
import type { Report } from './violations.js';

/**
 * I7: each snapshot that was ever written equals the order after the event at its revision. So the snapshot and
 * the events after it make what all events make. An order with a skipped event is left out, because the command
 * side skips no event. A snapshot that was damaged on purpose only has to be one that no load may use; and no load has
 * used one, which the command-apis would have counted.
 */
export async function checkSnapshots(
  { snapshots, skips, damagedSnapshots, snapshotCounts }: SnapshotFacts,
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
    const isDamaged = damagedSnapshots.has(snapshot.eventId);
    if (typeof order === 'string') {
      if (!isDamaged) report(snapshot.stream, `${where} is ${order}`);
    } else if (!skipped.has(keyOf(key))) {
      const chapter = stories.get(keyOf(key))?.chapters[order.revision];
      if (isDamaged && !isAfter(order, chapter)) continue;
      const folded = chapter?.order ?? null;
      const parts = folded === null ? ['everything'] : differingParts(order, folded);
      if (parts.length > 0) {
        report(
          snapshot.stream,
          `${where} differs from the order at ${order.revision} in ${parts.join(', ')}`,
        );
      }
    }
  }
  const different = snapshotCounts.checks.get('different') ?? 0;
  if (different > 0)
    report('command-api', `${different} loads from a snapshot gave another state than all events`);
}

type SnapshotFacts = Pick<Facts, 'snapshots' | 'skips' | 'damagedSnapshots' | 'snapshotCounts'>;

/** Whether the last command of a state is that of the event at its revision. No load may use another state. */
function isAfter({ handled, revision }: Order, chapter: Chapter | undefined): boolean {
  const { commandId, fingerprint, recordedAt } = (chapter?.raw.metadata ?? {}) as Partial<EventMetadata>;
  const last = handled.at(-1)!;
  return (
    last.revision === revision &&
    last.commandId === commandId &&
    last.fingerprint === fingerprint &&
    last.recordedAt === recordedAt
  );
}
