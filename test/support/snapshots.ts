import { eventCodec } from '#event-store/codec.js';
import { OrderLoader } from '#event-store/order-loader.js';
import { OrderStreams, type LoadedOrder } from '#event-store/order-streams.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import type { ExactEvent, ExactEventStore, RawEvent } from '#event-store/port.js';
import { openSnapshots } from '#event-store/snapshots/open-snapshots.js';
import { OrderSnapshots } from '#event-store/snapshots/order-snapshots.js';
import type { SnapshotObserver } from '#event-store/snapshots/snapshot-observer.js';
import { snapshotStream } from '#event-store/streams.js';
import { OrderCommands } from '../../apps/command-api/src/handling/order-commands.js';
import { collected } from './stored-events.js';

const codec = eventCodec(plainPersonal);

/** Everything that happened to snapshots, as `what outcome`. */
export class Observed implements SnapshotObserver {
  readonly outcomes: string[] = [];
  readonly errors: unknown[] = [];
  readonly differences: unknown[] = [];

  read(outcome: string): void {
    this.outcomes.push(`read ${outcome}`);
  }

  wrote(outcome: string): void {
    this.outcomes.push(`wrote ${outcome}`);
  }

  checked(outcome: string, stream: string, details: Readonly<Record<string, unknown>>): void {
    this.outcomes.push(`checked ${outcome}`);
    if (outcome === 'different') this.differences.push({ stream, ...details });
  }

  failed(_what: string, _stream: string, error: unknown): void {
    this.errors.push(error);
  }
}

export interface SnapshotProcess {
  readonly commands: OrderCommands;
  readonly loader: OrderLoader;
  readonly snapshots: OrderSnapshots;
  readonly observed: Observed;
}

/** The command handling of a new process: nothing is cached or known. By default, loads write no snapshot. */
export function snapshotProcess(
  store: ExactEventStore,
  {
    everyEvents = 10,
    dearLoadEvents = Infinity,
    checkOneIn = 0,
  }: { everyEvents?: number; dearLoadEvents?: number; checkOneIn?: number } = {},
): SnapshotProcess {
  const observed = new Observed();
  const snapshots = new OrderSnapshots({
    store: openSnapshots(store, plainPersonal),
    everyEvents,
    dearLoadEvents,
    observer: observed,
  });
  const loader = new OrderLoader({ eventStore: store, codec, snapshots, checkOneIn });
  return { commands: new OrderCommands(store, { codec, loader }), loader, snapshots, observed };
}

/** The fold of all events of an order. */
export function fullFold(store: Pick<ExactEventStore, 'readStream'>, stream: string): Promise<LoadedOrder> {
  return new OrderStreams(store, codec).foldOn(stream, { order: null, position: null });
}

/** The stored snapshots of an order. */
export function storedSnapshots(
  store: Pick<ExactEventStore, 'readStream'>,
  stream: string,
): Promise<RawEvent[]> {
  return collected(store.readStream(snapshotStream(stream)));
}

/** Puts an event in place of an order's latest snapshot. */
export async function plantSnapshot(
  store: ExactEventStore,
  stream: string,
  event: ExactEvent,
): Promise<void> {
  const [last] = await storedSnapshots(store, stream);
  await store.appendExact(snapshotStream(stream), [event], last!.revision);
}
