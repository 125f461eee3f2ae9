import type { EvolveOrder } from '#domain/order/order.js';
import type { Order } from '#domain/order/state.js';
import type { EventCodec } from './codec.js';
import { checkedMetadata } from './metadata.js';
import { OrderStreams, type LoadedOrder } from './order-streams.js';
import type { EventStore, RawEvent, StoredOrderEvent } from './port.js';
import type { OrderSnapshots } from './snapshots/order-snapshots.js';
import { SnapshotChecks } from './snapshots/snapshot-checks.js';
import { StateCache } from './state-cache.js';

/** Nearly all orders have fewer events. They are read in one page, and no snapshot is looked for. */
const FIRST_PAGE_EVENTS = 100;
const NO_ORDER: LoadedOrder = { order: null, position: null };

export interface OrderLoaderOptions {
  readonly eventStore: Pick<EventStore, 'readStream'>;
  readonly codec: EventCodec;
  readonly cache?: StateCache;
  /** For tests: a fold other than the domain's. Its snapshots need a fingerprint of their own. */
  readonly evolve?: EvolveOrder;
  /** null: orders are folded from their first event on. */
  readonly snapshots?: OrderSnapshots | null;
  /** One in so many loads from a snapshot is compared with the full fold, in the background; 0: none. */
  readonly checkOneIn?: number;
  /** A number from 0 to less than 1, as `Math.random` gives. */
  readonly random?: () => number;
}

/** Loads orders from their streams, through a cache of folded states, and from a snapshot where there is one. */
export class OrderLoader {
  readonly #streams: OrderStreams;
  readonly #cache: StateCache;
  readonly #snapshots: OrderSnapshots | null;
  readonly #checks: SnapshotChecks | null;
  /** How often states were dropped. What was loaded before and meanwhile may come from such a state. */
  #drops = 0;

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
          // States loaded since then may come from the wrong snapshot too.
          this.drop(stream);
          snapshots.replace(stream, order);
        },
      });
  }

  /** The cached state, which may be out of date; null: not cached. */
  cached(stream: string): LoadedOrder | null {
    return this.#cache.get(stream);
  }

  /** The order as it is in the store now. Only the events from `known`, or from its snapshot, on are read. */
  async load(stream: string, known: LoadedOrder | null = this.cached(stream)): Promise<LoadedOrder> {
    const followed = known?.order ? await this.#foldOn(stream, known.order) : null;
    // A restored store may lack the last known events, or have others in their place.
    return followed === null || typeof followed === 'string' ? this.#load(stream) : followed;
  }

  /** Loads the order and caches it. For one caller at a time: the state of a slower one may be older. */
  async refresh(stream: string, known: LoadedOrder | null = this.cached(stream)): Promise<LoadedOrder> {
    const drops = this.#drops;
    const fresh = await this.load(stream, known);
    if (fresh.order === null || this.#drops === drops) this.#cache.set(stream, fresh);
    return fresh;
  }

  /** Forgets every order: the connection was lost, and the store may come back with fewer events. */
  forget(): void {
    this.#drops += 1;
    this.#cache.clear();
  }

  /** Forgets an order whose cached state is wrong. */
  drop(stream: string): void {
    this.#drops += 1;
    this.#cache.delete(stream);
  }

  /** Some events of a stream, decoded. */
  events(stream: string, fromRevision: number, maxCount: number): Promise<readonly StoredOrderEvent[]> {
    return this.#streams.events(stream, fromRevision, maxCount);
  }

  /**
   * Remembers the state of an order after an append of this process. If the state that was decided on has been dropped
   * meanwhile, as a wrong one or with the connection, nothing is remembered: the state after it is as doubtful.
   *
   * @param known the state that was decided on, cached while somebody was `holding` the order
   * @param eventCount how many events were appended
   */
  remember(
    stream: string,
    known: LoadedOrder,
    loaded: LoadedOrder & { readonly order: Order },
    eventCount: number,
  ): void {
    if (known.order !== null && this.cached(stream) !== known) return;
    this.#cache.set(stream, loaded);
    this.#snapshots?.appended(stream, loaded.order, eventCount);
  }

  /** Works on an order. Until `work` ends, its state stays in the cache, whatever else is evicted. */
  async holding<T>(stream: string, work: () => Promise<T>): Promise<T> {
    this.#cache.hold(stream);
    try {
      return await work();
    } finally {
      this.#cache.letGo(stream);
    }
  }

  /** Resolves once nothing goes on in the background. */
  async settled(): Promise<void> {
    await this.#checks?.settled();
    await this.#snapshots?.settled();
  }

  /** Waits for the background work that is under way. Work that was not begun is dropped. */
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

  /** null: there is no usable snapshot of the events in the stream. */
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
   * Folds on from a state. The event at the state's revision is read again: it tells whether the state is of this
   * stream. If not, returns `future` (there is no event at that revision) or `foreign` (another event is there).
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

/** Whether a state is the one after an event: the command that the state handled last is the event's command. */
function isAfter(event: RawEvent, { handled, revision, lastRecordedAt }: Order): boolean {
  const metadata = checkedMetadata(event.metadata);
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
