import type { PersonalCodec } from '../personal-codec.js';
import type { ExactEventStore } from '../port.js';
import { foldFingerprint } from './fold-fingerprint.js';
import { SnapshotCodec } from './snapshot-codec.js';
import { SnapshotStore } from './snapshot-store.js';

/** The snapshots in an event store, as this release's fold reads and writes them. */
export function openSnapshots(
  eventStore: Pick<ExactEventStore, 'readStream' | 'appendExact'>,
  personal: PersonalCodec,
): SnapshotStore {
  return new SnapshotStore(eventStore, new SnapshotCodec(personal, foldFingerprint));
}
