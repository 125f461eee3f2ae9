import type pg from 'pg';
import { StoreUnavailable } from '#event-store/errors.js';
import type { ExactEventStore, StoredExactEvent, SubscriptionMessage } from '#event-store/port.js';
import { ORDER_STREAM_PREFIX, orderStream, parseOrderStream } from '#event-store/streams.js';
import type { Generation } from '#read-models/generations/generation.js';
import { SkippedEvents } from '#read-models/skipped-events.js';
import type { BuildCheckpoint, BulkLoadStore, OpenedOrder } from '#read-models/stores/bulk-load.store.js';
import { skippedEvents } from '#read-models/stores/skips.store.js';
import { readStreamExact } from '../engine/read-stream.js';
import { forEachOf } from '../verify/for-each-of.js';
import { DELETION_REVISION, storableRevision } from '../quarantine/faults.js';
import type { OrderToFold } from './fold-orders.js';
import { BlockMemory } from './block-memory.js';
import { OpenOrders, type OpenOrder } from './open-orders.js';
import { OrderFolder, type FoldedOrders } from './order-folder.js';
import { readBetween } from './order-reading.js';
import { PackedEvents } from './packed-events.js';

export interface LoadingLimits {
  /** Of the memory for events of open orders, in bytes. */
  readonly openBytes: number;
  /** Of events that become rows in one step, about, in bytes. */
  readonly stepBytes: number;
  /** Of events between two checkpoints. */
  readonly stepEvents: number;
}

export interface BulkBuildOptions {
  /** The connection of the one builder: everything is written through it. */
  readonly db: pg.ClientBase;
  readonly eventStore: Pick<ExactEventStore, 'readStreamExact' | 'subscribeToAllExact' | 'headPosition'>;
  readonly generation: Generation;
  /** Ends the build between two steps; the next build continues from what was committed. */
  readonly signal: AbortSignal;
  /** Awaited with the number of events read since the last call, and before each finishing step: to pause, to keep a rate. */
  readonly gate?: (events: number) => Promise<void>;
  readonly onProgress?: (progress: BuildProgress) => void;
  readonly limits?: Partial<LoadingLimits>;
}

export interface BuildProgress {
  /** Reading events and writing rows; then finishing whole tables, as with indexes. */
  readonly phase: 'loading' | 'finishing';
  /**
   * Every event up to here in the log is in a row or parked, or its order is noted as open: a build that is cut off
   * loses none.
   */
  readonly position: bigint;
  /** Events of orders read so far. */
  readonly events: number;
  /** The finishing step that begins now; null while loading. */
  readonly step: { readonly what: string; readonly number: number; readonly of: number } | null;
}

const LIMITS: LoadingLimits = { openBytes: 96 << 20, stepBytes: 2 << 20, stepEvents: 20_000 };
/** Events between two calls of `gate`. */
const GATE_EVENTS = 50;
/** Between two checkpoints at most, where events come slowly. */
const STEP_EVERY_MS = 2_000;

/**
 * Collects the events of orders. When their memory is full, the orders that have gone longest without an event get
 * their rows, each all at once. If another event comes after all, the order is read again from its stream and gets
 * further rows, which supersede its first ones. So memory is bounded, whatever the number of orders, and nothing
 * that was written is ever looked up. An order whose stream alone cannot be read is parked: whoever keeps the rows
 * then tries it until it can be read.
 */
export class Loading {
  readonly #options: BulkBuildOptions;
  readonly #limits: LoadingLimits;
  readonly #store: BulkLoadStore;
  readonly #memory = new BlockMemory();
  readonly #open = new OpenOrders(this.#memory);
  readonly #folder: OrderFolder;
  #opened: OpenedOrder[] = [];
  #skipped = new SkippedEvents();
  /** By stream, why it alone could not be read: what came after that is parked, even if it could be read again. */
  readonly #unread = new Map<string, string>();
  #written: Promise<void> = Promise.resolve();
  #position: bigint;
  #events: number;
  #eventsInStep = 0;
  #steppedMs = performance.now();
  #eventsUntilGate = GATE_EVENTS;
  #writeSeq: number;

  constructor(options: BulkBuildOptions, store: BulkLoadStore, from: BuildCheckpoint) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#store = store;
    this.#folder = new OrderFolder(options.generation);
    this.#position = from.position;
    this.#events = from.events;
    this.#writeSeq = from.writeSeq;
  }

  async run(): Promise<BuildCheckpoint> {
    this.#skipped = await skippedEvents(this.#options.db);
    try {
      await this.#restore();
      await this.#read();
      while (this.#open.size > 0) await this.#step(this.#limits.stepBytes);
      await this.#step(0); // writes the position, even where no row is left to write
      await this.#written;
    } finally {
      await this.#written.catch(() => {}); // reported already, or another error ended the build
    }
    return this.#checkpoint();
  }

  /** Collects again the events of orders that were open when the build was cut off. */
  async #restore(): Promise<void> {
    const unread = new Map<string, number>();
    await forEachOf(await this.#store.openOrders(), async ({ tenantId, orderId, fromRevision }) => {
      const stream = orderStream(tenantId, orderId);
      const range = { fromRevision, maxCount: DELETION_REVISION - fromRevision + 1 };
      const events = await readStreamExact(this.#options.eventStore, stream, range);
      if (events instanceof Error) {
        unread.set(stream, fromRevision);
        return;
      }
      await this.#options.gate?.(events.length);
      for (const event of events) if (event.position <= this.#position) this.#open.add(event);
    });
    if (unread.size > 0) await this.#restoreFromLog(unread);
  }

  /**
   * Restores open orders whose streams alone cannot be read, or were deleted: the log gave their events before, and
   * gives them again.
   * @param from the first revision that is in no row, by stream
   */
  async #restoreFromLog(from: ReadonlyMap<string, number>): Promise<void> {
    for await (const message of this.#log(null)) {
      if (message.kind === 'caught_up') return;
      const { position } = message.kind === 'event' ? message.event : message;
      if (position > this.#position) return;
      if (message.kind === 'checkpoint') continue;
      const passed = this.#passGateWhenDue();
      if (passed !== null) await passed;
      const { event } = message;
      const first = from.get(event.stream);
      if (first === undefined) continue;
      const last = this.#open.get(event.stream)?.revision ?? first - 1;
      if (storableRevision(event) > last) this.#open.add(event);
    }
    this.#logEnded();
  }

  /** Reads the log until the subscription has caught up. */
  async #read(): Promise<void> {
    for await (const message of this.#log(this.#position < 0n ? null : this.#position)) {
      if (message.kind === 'caught_up') return;
      if (message.kind === 'checkpoint') {
        this.#position = message.position;
        continue;
      }
      const filled = this.#add(message.event);
      if (filled !== null) await filled;
      const passed = this.#passGateWhenDue();
      if (passed === null) continue;
      await passed;
      await this.#stepWhenDue();
    }
    this.#logEnded();
  }

  #log(after: bigint | null): AsyncIterable<SubscriptionMessage<StoredExactEvent>> {
    const { eventStore, signal } = this.#options;
    return eventStore.subscribeToAllExact({ after, streamPrefix: ORDER_STREAM_PREFIX, signal });
  }

  /** Counts an event of the log. @returns null while the gate is not due: a million promises are saved */
  #passGateWhenDue(): Promise<void> | null {
    if (--this.#eventsUntilGate > 0) return null;
    this.#eventsUntilGate = GATE_EVENTS;
    return this.#options.gate?.(GATE_EVENTS) ?? Promise.resolve();
  }

  #logEnded(): never {
    this.#options.signal.throwIfAborted();
    throw new StoreUnavailable('the subscription ended');
  }

  /** @returns null when it is done already: a million promises are saved */
  #add(event: StoredExactEvent): Promise<void> | null {
    const { stream, position } = event;
    const revision = storableRevision(event);
    const known = this.#open.get(stream);
    this.#position = position;
    this.#events += 1;
    this.#eventsInStep += 1;
    if (known !== undefined && revision !== known.revision + 1) return this.#fillGap(known, event);
    if (known === undefined) {
      const key = parseOrderStream(stream);
      if (key === null) return null; // the stream belongs to no order, whatever its prefix
      this.#opened.push({ tenantId: key.tenantId, orderId: key.orderId, fromRevision: revision });
    }
    this.#open.add(event);
    return null;
  }

  /**
   * Takes events that were not delivered from the stream, before the delivered one. If the stream lacks one, the
   * order is parked.
   */
  async #fillGap({ stream, revision: known }: OpenOrder, event: StoredExactEvent): Promise<void> {
    const revision = storableRevision(event);
    if (revision <= known) return; // a duplicate
    const isDeletion = revision === DELETION_REVISION; // follows any revision
    const missing = isDeletion ? [] : await this.#readAgain(stream, known + 1, revision);
    for (const one of [...missing, event]) this.#open.add(one);
  }

  async #stepWhenDue(): Promise<void> {
    const { openBytes, stepBytes, stepEvents } = this.#limits;
    if (this.#open.sizeBytes >= openBytes + stepBytes) await this.#step(stepBytes);
    else if (this.#eventsInStep >= stepEvents || performance.now() - this.#steppedMs >= STEP_EVERY_MS)
      await this.#step(0);
  }

  /** Makes rows of `bytes` bytes of events or more. While these rows are being written, more events are read. */
  async #step(bytes: number): Promise<void> {
    const taken = this.#open.take(bytes);
    const opened = this.#opened;
    this.#opened = [];
    this.#eventsInStep = 0;
    this.#steppedMs = performance.now();
    const orders: OrderToFold[] = [];
    await forEachOf(taken, async ({ stream, fromRevision, events }) => {
      const packed = [events];
      if (fromRevision > 0) packed.unshift(await this.#earlier(stream, fromRevision));
      const unread = this.#unread.get(stream) ?? null;
      orders.push({ stream, fromRevision, packed, skipped: this.#skipped.of(stream), unread });
    });
    const folded = this.#folder.fold({ orders, opened, firstWriteSeq: this.#writeSeq + 1 });
    folded.catch(() => {}); // thrown where it is awaited
    this.#writeSeq += orders.length;
    const checkpoint = this.#checkpoint();
    await this.#written;
    this.#written = this.#write(folded, checkpoint);
    this.#written.catch(() => {}); // thrown where it is awaited
  }

  async #write(folding: Promise<FoldedOrders>, checkpoint: BuildCheckpoint): Promise<void> {
    const { parts, parked, release } = await folding;
    await this.#store.write(parts, parked, checkpoint);
    release();
    const { position, events } = checkpoint;
    this.#options.onProgress?.({ phase: 'loading', position, events, step: null });
  }

  /** The earlier events of an order, whose rows were made before. */
  async #earlier(stream: string, beforeRevision: number): Promise<PackedEvents> {
    const packed = new PackedEvents(this.#memory);
    for (const event of await this.#readAgain(stream, 0, beforeRevision)) packed.push(event);
    return packed;
  }

  /**
   * Reads events that may have come through the log before; they count towards the rate again.
   * @returns none where the stream alone cannot be read
   */
  async #readAgain(
    stream: string,
    fromRevision: number,
    beforeRevision: number,
  ): Promise<readonly StoredExactEvent[]> {
    if (this.#unread.has(stream)) return [];
    const events = await readBetween(this.#options.eventStore, stream, fromRevision, beforeRevision);
    if (events instanceof StoreUnavailable) {
      this.#unread.set(stream, events.message);
      return [];
    }
    await this.#options.gate?.(events.length);
    return events;
  }

  #checkpoint(): BuildCheckpoint {
    return { position: this.#position, events: this.#events, writeSeq: this.#writeSeq };
  }
}
