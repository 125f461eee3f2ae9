import type { EvolveOrder } from '#domain/order/order.js';
import type { Order } from '#domain/order/state.js';
import type { EventCodec } from './codec.js';
import { metadataOf } from './metadata.js';
import { OrderStreams, type LoadedOrder } from './order-streams.js';
import type { EventStore, RawEvent, StoredOrderEvent } from './port.js';
import type { OrderSnapshots } from './snapshots/order-snapshots.js';
import { SnapshotChecks } from './snapshots/snapshot-checks.js';
import { StateCache } from './state-cache.js';

/** Orders of fewer events, which nearly all are, are read at once and need no look for a snapshot. */
const FIRST_PAGE_EVENTS = 100;
const NO_ORDER: LoadedOrder = { order: null, position: null };

export interface OrderLoaderOptions {
  readonly eventStore: Pick<EventStore, 'readStream'>;
  readonly codec: EventCodec;
  readonly cache?: StateCache;
  /** For tests: another fold than every order has. Its snapshots need a fingerprint of their own. */
  readonly evolve?: EvolveOrder;
  /** null: orders are folded from their first event on. */
  readonly snapshots?: OrderSnapshots | null;
  /** One load from a snapshot in so many is compared with the full fold, in the background; 0: none. */
  readonly checkOneIn?: number;
  /** From 0 up to, but not, 1. */
  readonly random?: () => number;
}

/** Orders from their streams, through a cache of folded state, and from a snapshot where there is one. */
export class OrderLoader {
  readonly #streams: OrderStreams;
  readonly #cache: StateCache;
  readonly #snapshots: OrderSnapshots | null;
  readonly #checks: SnapshotChecks | null;

  constructor({ snapshots = null, checkOneIn = 0, ...options }: OrderLoaderOptions) {
    this.#streams = new OrderStreams(options.eventStore, options.codec, options.evolve);
    this.#cache = options.cache ?? new StateCache();
    this.#snapshots = snapshots;
    this.#checks =
      snapshots &&
      new SnapshotChecks({
        streams: this.#streams,
        observer: snapshots.observer,
        oneIn: checkOneIn,
        random: options.random ?? Math.random,
        onDifferent: (stream, order) => {
          // What was loaded since may come of the wrong one too.
          this.#cache.delete(stream);
          snapshots.replace(stream, order);
        },
      });
  }

  /** As cached, which may be out of date; null: not cached. */
  cached(stream: string): LoadedOrder | null {
    return this.#cache.get(stream);
  }

  /** As it is in the store now: only what came after `known`, or after its snapshot, is read. */
  async refresh(stream: string, known: LoadedOrder | null = this.cached(stream)): Promise<LoadedOrder> {
    const followed = known?.order ? await this.#foldOn(stream, known.order) : null;
    // A store that was restored may lack the end of what was known, or have another one.
    const fresh = followed === null || typeof followed === 'string' ? await this.#load(stream) : followed;
    // That a stream does not exist says little later on, and would fill the cache with made-up ids.
    if (fresh.order === null) this.#cache.delete(stream);
    else this.#cache.set(stream, fresh);
    return fresh;
  }

  /** Nothing is known any more: the store was lost sight of, and may come back with less than it had. */
  forget(): void {
    this.#cache.clear();
  }

  /** What is known of the order is not so. */
  drop(stream: string): void {
    this.#cache.delete(stream);
  }

  /** Some events of a stream, decoded. */
  events(stream: string, fromRevision: number, maxCount: number): Promise<readonly StoredOrderEvent[]> {
    return this.#streams.events(stream, fromRevision, maxCount);
  }

  /** Remembers what an append of ours, of so many events, made of the order. */
  remember(stream: string, loaded: LoadedOrder & { readonly order: Order }, eventCount: number): void {
    this.#cache.set(stream, loaded);
    this.#snapshots?.appended(stream, loaded.order, eventCount);
  }

  /** Works on an order: what is known of it stays known until then, whatever the cache can keep. */
  async holding<T>(stream: string, work: () => Promise<T>): Promise<T> {
    this.#cache.hold(stream);
    try {
      return await work();
    } finally {
      this.#cache.letGo(stream);
    }
  }

  /** Once nothing goes on in the background. */
  async settled(): Promise<void> {
    await this.#checks?.settled();
    await this.#snapshots?.settled();
  }

  /** Ends what goes on in the background; what was not begun is left. */
  async close(): Promise<void> {
    await this.#checks?.settled();
    await this.#snapshots?.close();
  }

  async #load(stream: string): Promise<LoadedOrder> {
    if (this.#snapshots === null) return this.#streams.foldOn(stream, NO_ORDER);
    const isLookedFor = this.#snapshots.isKnown(stream);
    const known = isLookedFor ? await this.#loadFromSnapshot(stream, this.#snapshots) : null;
    if (known) return known;
    const pageEvents = Math.min(FIRST_PAGE_EVENTS, this.#snapshots.everyEvents);
    const page = await this.#streams.read(stream, 0, pageEvents);
    if (page.length === pageEvents && !isLookedFor) {
      const loaded = await this.#loadFromSnapshot(stream, this.#snapshots);
      if (loaded) return loaded;
    }
    const first = await this.#streams.foldEach(page, NO_ORDER);
    const whole = page.length < pageEvents ? first : await this.#streams.foldOn(stream, first);
    if (whole.order !== null) this.#snapshots.loaded(stream, whole.order, -1);
    return whole;
  }

  /** null: there is no snapshot of the events that are in the stream. */
  async #loadFromSnapshot(stream: string, snapshots: OrderSnapshots): Promise<LoadedOrder | null> {
    const order = await snapshots.find(stream);
    if (order === null) return null;
    const loaded = await this.#foldOn(stream, order);
    if (typeof loaded === 'string') {
      snapshots.refused(stream, loaded);
      return null;
    }
    snapshots.used(stream);
    snapshots.loaded(stream, loaded.order!, order.revision);
    this.#checks?.sample(stream, loaded.order!);
    return loaded;
  }

  /**
   * From a state on. The event that it ends with is read again: it tells whether the state is of this stream. Else why it
   * is not: that event is not there yet, or another one is.
   */
  async #foldOn(stream: string, order: Order): Promise<LoadedOrder | 'future' | 'foreign'> {
    const events = this.#streams.readFrom(stream, order.revision)[Symbol.asyncIterator]();
    const first = await events.next();
    if (first.done || !isAfter(first.value, order)) {
      await events.return?.();
      return first.done ? 'future' : 'foreign';
    }
    const known = { order, position: first.value.position };
    return this.#streams.foldEach({ [Symbol.asyncIterator]: () => events }, known);
  }
}

/** Whether a state is that after an event: the command that it handled last is the event's. */
function isAfter(event: RawEvent, { handled, revision, lastRecordedAt }: Order): boolean {
  const metadata = metadataOf(event.metadata);
  const command = handled.at(-1);
  return (
    typeof metadata !== 'string' &&
    event.revision === revision &&
    metadata.commandId === command?.commandId &&
    metadata.fingerprint === command.fingerprint &&
    metadata.recordedAt === lastRecordedAt &&
    command.revision === revision
  );
}
