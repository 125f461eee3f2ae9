import { LRUCache } from 'lru-cache';
import type { Order } from '#domain/order/state.js';
import { BackgroundWork } from './background-work.js';
import type { SnapshotObserver, WriteOutcome } from './snapshot-observer.js';
import { unusableReasons, type Unusable } from './snapshot-codec.js';
import type { LatestSnapshot, SnapshotStore } from './snapshot-store.js';

/** How many orders' snapshots are remembered as seen; of one that is forgotten, less is known than could be. */
const SEEN_ORDERS = 20_000;
const DEAR_LOAD_SHARE = 1 / 4;
const AT_ONCE = 2;
const WAITING = 64;

/** Where the last snapshot of an order was when it was looked at, or written by us. */
interface Seen {
  /** In its own stream; null: there was none. */
  readonly streamRevision: number | null;
  /** Of the order; -1: there was none, or none to be used. */
  readonly orderRevision: number;
}

export interface OrderSnapshotsOptions {
  readonly store: SnapshotStore;
  /** A snapshot is written when so many more events are in the stream, and not looked for while there are fewer. */
  readonly everyEvents: number;
  /** A load that has to fold so many leaves a snapshot, so that the next one has not; a quarter of those, unless told. */
  readonly dearLoadEvents?: number;
  readonly observer: SnapshotObserver;
}

/** Decides when an order's state is stored beside its events, and stores it when nobody waits. */
export class OrderSnapshots {
  readonly everyEvents: number;
  readonly observer: SnapshotObserver;
  readonly #dearLoadEvents: number;
  readonly #store: SnapshotStore;
  readonly #seen = new LRUCache<string, Seen>({ max: SEEN_ORDERS });
  readonly #work = new BackgroundWork({ atOnce: AT_ONCE, waiting: WAITING });

  constructor({ store, everyEvents, dearLoadEvents, observer }: OrderSnapshotsOptions) {
    this.#store = store;
    this.everyEvents = everyEvents;
    this.#dearLoadEvents = dearLoadEvents ?? Math.ceil(everyEvents * DEAR_LOAD_SHARE);
    this.observer = observer;
  }

  /** Whether there was one when this process last looked, or wrote it. */
  isKnown(stream: string): boolean {
    return (this.#seen.get(stream)?.orderRevision ?? -1) >= 0;
  }

  /** The state in the order's last snapshot; null when there is none that can be used. Never an error. */
  async find(stream: string): Promise<Order | null> {
    try {
      const { content } = await this.#look(stream);
      if (content === null || isUnusable(content)) {
        this.observer.read(content ?? 'absent', stream);
        return null;
      }
      return content;
    } catch (error) {
      this.observer.read('failed', stream);
      this.observer.failed('read', stream, error);
      return null;
    }
  }

  /** What was found is of the events in the stream, and was gone on from. */
  used(stream: string): void {
    this.observer.read('used', stream);
  }

  /** What was found is not of the events in the stream: the next one takes its place, whatever it says. */
  refused(stream: string, reason: Unusable): void {
    this.#distrust(stream);
    this.observer.read(reason, stream);
  }

  /**
   * Told of every append of ours. The one that makes a hundred full writes the snapshot, so that of many processes one
   * does; where that has not come to be, any of them does later.
   */
  appended(stream: string, order: Order, eventCount: number): void {
    const events = order.revision + 1;
    const isFull =
      Math.floor((events - eventCount) / this.everyEvents) < Math.floor(events / this.everyEvents);
    if (!isFull && !this.#wasMissed(stream, order)) return;
    this.#schedule(stream, async () => {
      if (!isFull) await this.#look(stream); // another process may have written it
      return isFull || this.#wasMissed(stream, order) ? this.#write(stream, order) : null;
    });
  }

  /**
   * Told of every order that was loaded from its snapshot's revision on; -1: from its first event. Where caches hold what
   * is worked on, that is seldom; where they do not, each command would fold half of the events between two snapshots.
   */
  loaded(stream: string, order: Order, fromRevision: number): void {
    if (order.revision - fromRevision < this.#dearLoadEvents) return;
    this.#schedule(stream, async () => {
      if (!this.#seen.has(stream)) await this.#look(stream); // another process may have written it
      return this.#isBehind(stream, order, this.#dearLoadEvents) ? this.#write(stream, order) : null;
    });
  }

  /** Puts another state in the place of a snapshot that was found wrong. */
  replace(stream: string, order: Order): void {
    this.#distrust(stream);
    this.#schedule(stream, () => this.#write(stream, order));
  }

  /** Once all that is to be written is written. */
  settled(): Promise<void> {
    return this.#work.settled();
  }

  /** What is under way ends; what waits is left, for it can be written at any later time. */
  close(): Promise<void> {
    return this.#work.close();
  }

  /** Whatever revision the snapshot says it is of: the order has none to be used. */
  #distrust(stream: string): void {
    const seen = this.#seen.get(stream);
    if (seen) this.#seen.set(stream, { ...seen, orderRevision: -1 });
  }

  #wasMissed(stream: string, order: Order): boolean {
    return this.#isBehind(stream, order, 2 * this.everyEvents);
  }

  /** Whether the snapshot that was seen lacks so many events; false: nobody has looked. */
  #isBehind(stream: string, { revision }: Order, events: number): boolean {
    const seen = this.#seen.get(stream);
    return seen !== undefined && revision - seen.orderRevision >= events;
  }

  #schedule(stream: string, work: () => Promise<WriteOutcome | null>): void {
    const isTaken = this.#work.add(stream, async () => {
      try {
        const outcome = await work();
        if (outcome !== null) this.observer.wrote(outcome, stream);
      } catch (error) {
        this.#seen.delete(stream); // whether it is stored is not known
        this.observer.wrote('failed', stream);
        this.observer.failed('write', stream, error);
      }
    });
    if (!isTaken) this.observer.wrote('busy', stream);
  }

  async #write(stream: string, order: Order, seenBefore?: number | null): Promise<WriteOutcome> {
    const isRepeated = seenBefore !== undefined;
    const seen = isRepeated ? seenBefore : (this.#seen.get(stream)?.streamRevision ?? null);
    const written = await this.#store.write(stream, order, seen);
    if (written.kind === 'conflict') {
      // Somebody else's is there. An older one, as after another process has written the last one, gives way once.
      const { orderRevision } = await this.#lookAt(stream);
      if (isRepeated || orderRevision >= order.revision) return 'superseded';
      return this.#write(stream, order, written.actualRevision);
    }
    const streamRevision = written.kind === 'written' ? written.streamRevision : seen;
    // One that is too large is not tried again before as many events more.
    this.#seen.set(stream, { streamRevision, orderRevision: order.revision });
    return written.kind;
  }

  async #look(stream: string): Promise<LatestSnapshot> {
    const latest = await this.#store.latest(stream);
    const { streamRevision, content } = latest;
    const orderRevision = content === null || isUnusable(content) ? -1 : content.revision;
    this.#seen.set(stream, { streamRevision, orderRevision });
    return latest;
  }

  async #lookAt(stream: string): Promise<Seen> {
    await this.#look(stream);
    return this.#seen.get(stream)!;
  }
}

export function isUnusable(content: Order | Unusable): content is Unusable {
  return (unusableReasons as readonly unknown[]).includes(content);
}
