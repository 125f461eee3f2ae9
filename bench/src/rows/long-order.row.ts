import { instantAt } from '#domain/instant.js';
import type { OrderCommand } from '#domain/order/order.js';
import { eventCodec } from '#event-store/codec.js';
import { OrderLoader } from '#event-store/order-loader.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import type { EncodedEvent, ExactEventStore } from '#event-store/port.js';
import { openSnapshots } from '#event-store/snapshots/open-snapshots.js';
import { OrderSnapshots } from '#event-store/snapshots/order-snapshots.js';
import type { SnapshotObserver } from '#event-store/snapshots/snapshot-observer.js';
import { StateCache } from '#event-store/state-cache.js';
import { interleave, runLane, WARM_UPS, type Lane, type Row } from '../measure.js';
import { RawOrder, type PreparedAppend } from '../raw-orders.js';
import { untilPositionVisible } from '../settle.js';
import type { System } from '../system.js';
import { makeOrder } from '../workload.js';

const LONG_EVENTS = 10_000;
const SHORT_EVENTS = 100;
/** Events after the last snapshot: a load may happen at any point between two snapshots. */
const TAILS_EVENTS = [0, 25, 50, 75];
const SNAPSHOT_EVERY_EVENTS = 100;
const LOADS = 400;
const FULL_FOLDS = 12;
/** Loading a long order takes at most 1.5 times as long as loading a short one. */
const TARGET_RATIO = 1 / 1.5;
const LIFE_MS = 365 * 24 * 60 * 60 * 1_000;

/**
 * Loads orders of ten thousand events, one after another and without the cache, against orders of a hundred
 * events; then both again without snapshots. Each order has a year of changed tags and, now and then, a note.
 */
export async function longOrder(system: System, store: ExactEventStore): Promise<readonly Row[]> {
  const long = await Promise.all(TAILS_EVENTS.map((tail) => written(store, LONG_EVENTS + tail)));
  const short = await Promise.all(TAILS_EVENTS.map((tail) => written(store, SHORT_EVENTS + tail)));
  await untilPositionVisible(system, store);
  const load = (streams: readonly string[], count: number, snapshots: boolean): Promise<Lane> => {
    const loader = loaderOf(store, snapshots);
    return runLane(count, 1, async (i) => {
      const { order } = await loader.refresh(streams[i % streams.length]!);
      if (order === null) throw new Error('an order is not there');
    });
  };
  return [
    await interleave(
      { name: 'long-order', target: TARGET_RATIO },
      { ours: () => load(long, LOADS, true), raw: () => load(short, LOADS, true) },
      WARM_UPS,
    ),
    await interleave(
      { name: 'long-order / full', target: 0 },
      { ours: () => load(long, FULL_FOLDS, false), raw: () => load(short, LOADS, false) },
    ),
  ];
}

function loaderOf(eventStore: ExactEventStore, withSnapshots: boolean): OrderLoader {
  const codec = eventCodec(plainPersonal);
  const cache = new StateCache({ maxSizeBytes: 0 });
  const store = openSnapshots(eventStore, codec.personal);
  // Loads write no snapshot, because a later load would then find a shorter tail.
  const dearLoadEvents = Number.POSITIVE_INFINITY;
  const options = { store, everyEvents: SNAPSHOT_EVERY_EVENTS, dearLoadEvents, observer: strict };
  const snapshots = withSnapshots ? new OrderSnapshots(options) : null;
  return new OrderLoader({ eventStore, codec, cache, snapshots });
}

/** Loads from a snapshot are measured: a load that does not use its snapshot ends the bench. */
const strict: SnapshotObserver = {
  read: (outcome, stream) => {
    if (outcome !== 'used') throw new Error(`the snapshot of ${stream} is ${outcome}`);
  },
  wrote: () => {},
  checked: () => {},
  failed: (_what, _stream, error) => {
    throw error;
  },
};

/** Writes an order of so many events, with the snapshot that command-api would have left. @returns its stream */
async function written(store: ExactEventStore, events: number): Promise<string> {
  const snapshots = openSnapshots(store, plainPersonal);
  const raw = new RawOrder();
  const beginMs = Date.now() - LIFE_MS;
  const first = await raw.placed(makeOrder(events), instantAt(beginMs));
  let waiting: EncodedEvent[] = [...first.events];
  let expected: PreparedAppend['expected'] = 'no_stream';
  for (let n = 1; n < events; n++) {
    const { events: more } = await raw.prepare(commandAt(n), instantAt(beginMs + (n * LIFE_MS) / events));
    waiting.push(...more);
    const isFull = (n + 1) % SNAPSHOT_EVERY_EVENTS === 0;
    if (n + 1 === events || isFull) {
      expected = (await store.append(first.stream, waiting, expected)).revision;
      waiting = [];
    }
    const isLastSnapshot = isFull && events - (n + 1) < SNAPSHOT_EVERY_EVENTS;
    if (isLastSnapshot) await snapshots.write(first.stream, raw.state!, null);
  }
  return first.stream;
}

function commandAt(n: number): OrderCommand {
  if (n % 50 === 0) return { type: 'AddNote', data: {}, personal: { text: `note ${n}` } };
  if (n % 3 === 1) return { type: 'ChangeTags', data: { tags: [`tag-${n}`] }, personal: null };
  if (n % 3 === 2) return { type: 'ChangeTags', data: { tags: [`tag-${n}`, 'late'] }, personal: null };
  return { type: 'ChangeTags', data: { tags: [] }, personal: null };
}
