import { LRUCache } from 'lru-cache';
import type { Order } from '#domain/order/state.js';
import { BackgroundWork } from './background-work.js';
import type { SnapshotObserver, WriteOutcome } from './snapshot-observer.js';
import { unusableReasons, type Unusable } from './snapshot-codec.js';
import type { LatestSnapshot, SnapshotStore } from './snapshot-store.js';

/**
 * For how many orders the snapshot seen last is remembered. A forgotten one is looked for again only when the order is
 * loaded; until then, appends do not notice that a snapshot was missed.
 */
const SEEN_ORDERS = 20_000;
const DEAR_LOAD_SHARE = 1 / 4;
const AT_ONCE = 2;
const WAITING = 64;

/** The last snapshot of an order, as this process last read or wrote it. */
interface Seen {
  /** Revision in the stream of snapshots; null: there was none. */
  readonly streamRevision: number | null;
  /** Revision of the order; -1: there was no snapshot that can be used. */
  readonly orderRevision: number;
}

/** A snapshot that was found wrong, and all before it. */
interface Wrong {
  /** Revision in the stream of snapshots; null: not known. */
  readonly streamRevision: number | null;
  /** Revision that the order had by then. */
  readonly orderRevision: number;
}

export interface OrderSnapshotsOptions {
  readonly store: SnapshotStore;
  /** A snapshot is written each time that the stream has this many more events. */
  readonly everyEvents: number;
  /**
   * A load that folds this many events writes a snapshot for the next load; default: a quarter of `everyEvents`.
   */
  readonly dearLoadEvents?: number;
  readonly observer: SnapshotObserver;
}

/** Decides when an order's state is stored beside its events, and stores it in the background. */
export class OrderSnapshots {
  readonly everyEvents: number;
  readonly observer: SnapshotObserver;
  readonly #dearLoadEvents: number;
  readonly #store: SnapshotStore;
  readonly #seen = new LRUCache<string, Seen>({ max: SEEN_ORDERS });
  /** Orders whose stored snapshot is wrong. It is not used again, however long its replacement takes. */
  readonly #wrong = new LRUCache<string, Wrong>({ max: SEEN_ORDERS });
  readonly #work = new BackgroundWork({ atOnce: AT_ONCE, waiting: WAITING });

  constructor({ store, everyEvents, dearLoadEvents, observer }: OrderSnapshotsOptions) {
    this.#store = store;
    this.everyEvents = everyEvents;
    this.#dearLoadEvents = dearLoadEvents ?? Math.ceil(everyEvents * DEAR_LOAD_SHARE);
    this.observer = observer;
  }

  /** Whether there was a snapshot that can be used when this process last read or wrote it. */
  isKnown(stream: string): boolean {
    return (this.#seen.get(stream)?.orderRevision ?? -1) >= 0;
  }

  /** The state in the order's last snapshot; null when there is none that can be used. Never an error. */
  async find(stream: string): Promise<Order | null> {
    if (this.#wrong.has(stream)) return null;
    try {
      const { content } = await this.#look(stream);
      if (this.#wrong.has(stream)) return null; // found out meanwhile
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

  /** The snapshot that was found is of the events in the stream, and the order was folded on from it. */
  used(stream: string): void {
    this.observer.read('used', stream);
  }

  /** The snapshot that was found is not of the events in the stream: the next one replaces it in any case. */
  refused(stream: string, reason: Unusable): void {
    this.#distrust(stream);
    this.observer.read(reason, stream);
  }

  /**
   * Called after every append of this process. The append that reaches a multiple of `everyEvents` writes the
   * snapshot, so that only one of many processes writes it. A snapshot that was missed may be written by any
   * process later.
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
   * Called for every order that was loaded without the cache. Such loads are rare where caches hold the orders in
   * use. Elsewhere, each command would fold, on average, half of the events between two snapshots.
   *
   * @param fromRevision the snapshot's revision; -1: the order was loaded from its first event
   */
  loaded(stream: string, order: Order, fromRevision: number): void {
    if (order.revision - fromRevision < this.#dearLoadEvents) return;
    if (fromRevision >= 0 && this.#wrong.has(stream)) return;
    this.#schedule(stream, async () => {
      if (!this.#seen.has(stream)) await this.#look(stream); // another process may have written it
      return this.#isBehind(stream, order, this.#dearLoadEvents) ? this.#write(stream, order) : null;
    });
  }

  /** Writes another state in the place of a snapshot that was found wrong. */
  replace(stream: string, order: Order): void {
    const { streamRevision = null } = this.#seen.get(stream) ?? {};
    this.#wrong.set(stream, { streamRevision, orderRevision: order.revision });
    this.#distrust(stream);
    this.#schedule(stream, () => this.#write(stream, order));
  }

  /** Resolves once every scheduled snapshot is written. */
  settled(): Promise<void> {
    return this.#work.settled();
  }

  /** Waits for the writes under way. Waiting writes are dropped: they can be made at any later time. */
  close(): Promise<void> {
    return this.#work.close();
  }

  /** Notes that the order has no snapshot that can be used, whatever revision the stored one says. */
  #distrust(stream: string): void {
    const seen = this.#seen.get(stream);
    if (seen) this.#seen.set(stream, { ...seen, orderRevision: -1 });
  }

  #wasMissed(stream: string, order: Order): boolean {
    return this.#isBehind(stream, order, 2 * this.everyEvents);
  }

  /** Whether the snapshot seen last lacks this many events; false also when none was looked for. */
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
    const wrong = this.#wrong.get(stream);
    const written = await this.#store.write(stream, order, seen);
    if (written.kind === 'written') {
      // A snapshot that was found wrong meanwhile may be what this state was made from.
      if (this.#wrong.get(stream) === wrong) this.#wrong.delete(stream);
      else this.#wrong.set(stream, { streamRevision: written.streamRevision, orderRevision: order.revision });
    }
    if (written.kind === 'conflict') {
      // Another process has written a snapshot. If it is older than this state, one more attempt replaces it.
      const { orderRevision } = await this.#lookAt(stream);
      if (isRepeated || orderRevision >= order.revision) return 'superseded';
      return this.#write(stream, order, written.actualRevision);
    }
    const streamRevision = written.kind === 'written' ? written.streamRevision : seen;
    // A state that is too large is noted as well, so that it is tried again only after as many more events.
    this.#seen.set(stream, { streamRevision, orderRevision: order.revision });
    return written.kind;
  }

  async #look(stream: string): Promise<LatestSnapshot> {
    const latest = await this.#store.latest(stream);
    const { streamRevision, content } = latest;
    const usable = content === null || isUnusable(content) ? -1 : content.revision;
    const wrong = this.#wrong.get(stream);
    const isWrong =
      wrong !== undefined &&
      (wrong.streamRevision === null
        ? usable <= wrong.orderRevision
        : (streamRevision ?? -1) <= wrong.streamRevision);
    if (!isWrong) this.#wrong.delete(stream); // there is another one now
    const orderRevision = isWrong ? -1 : usable;
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
