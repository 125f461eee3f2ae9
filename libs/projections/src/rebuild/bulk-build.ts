import type pg from 'pg';
import { decode } from '#event-store/codec.js';
import { StoreUnavailable } from '#event-store/errors.js';
import type { EventStore } from '#event-store/port.js';
import type { Generation } from '#read-models/generations.js';
import { BulkLoadStore, type BuildCheckpoint } from '#read-models/stores/bulk-load.store.js';
import { BulkRows } from '#read-models/stores/bulk-rows.js';
import { EventBuffer, type Batch } from '../event-buffer.js';
import { feed } from '../feed.js';
import { BulkFold } from './bulk-fold.js';

export interface BulkBuildOptions {
  /** Of the one builder: everything is written through it. */
  readonly db: pg.ClientBase;
  readonly eventStore: Pick<EventStore, 'readStream' | 'subscribeToAll'>;
  readonly generation: Generation;
  /** Ends it between two batches; what was committed is gone on from by the next. */
  readonly signal: AbortSignal;
  /** Waited for before each batch: to pause, and to keep a rate. */
  readonly gate?: (events: number) => Promise<void>;
  readonly onProgress?: (progress: BuildProgress) => void;
  readonly limits?: Partial<typeof LIMITS>;
}

export interface BuildProgress {
  /** Reading events and writing rows; then what is made of whole tables. */
  readonly phase: 'loading' | 'finishing';
  /** Up to here in the log; null: the loading is over. */
  readonly position: bigint | null;
  readonly events: number;
  /** The step of `finishing` that begins, and how many there are. */
  readonly step: { readonly what: string; readonly number: number; readonly of: number } | null;
}

const LIMITS = {
  /** Of one batch of events. */
  maxEvents: 2_000,
  maxBytes: 8_000_000,
  /** Of rows that are sent in one transaction, about. */
  maxRowBytes: 8_000_000,
  /** See `BulkFold`. */
  maxLines: 200_000,
};

/** The log is read as fast as it comes; this is for a store that sends in fits and starts. */
const WHOLE_BATCH_MS = 200;

/**
 * Fills an empty generation from the whole log: the rows of all events up to where the log ended when it was reached,
 * then their indexes and the checkpoint from which the usual projector goes on. Cut off at any point, it goes on from
 * there.
 *
 * @throws UnappliableEvent, UnreadableEvent, StoreUnavailable, and what PostgreSQL says
 */
export async function buildInBulk(options: BulkBuildOptions): Promise<void> {
  const store = new BulkLoadStore(options.db, options.generation);
  const from = await store.open();
  if (from === null) return;
  const checkpoint = await new Loading(options, store, from).run();
  const steps = await store.finishing(checkpoint);
  for (const [index, { what, run }] of steps.entries()) {
    options.signal.throwIfAborted();
    await options.gate?.(0);
    const step = { what, number: index + 1, of: steps.length };
    options.onProgress?.({ phase: 'finishing', position: null, events: checkpoint.events, step });
    await run();
  }
}

class Loading {
  readonly #options: BulkBuildOptions;
  readonly #limits: typeof LIMITS;
  readonly #store: BulkLoadStore;
  readonly #fold: BulkFold;
  #filling: BulkRows;
  #sending: BulkRows;
  #sent: Promise<void> = Promise.resolve();
  #position: bigint;
  #events: number;

  constructor(options: BulkBuildOptions, store: BulkLoadStore, from: BuildCheckpoint) {
    const { eventStore, generation, limits } = options;
    this.#options = options;
    this.#limits = { ...LIMITS, ...limits };
    this.#store = store;
    this.#fold = new BulkFold({ eventStore, writeSeq: from.writeSeq, maxLines: this.#limits.maxLines });
    this.#filling = new BulkRows(generation);
    this.#sending = new BulkRows(generation);
    this.#position = from.position;
    this.#events = from.events;
  }

  async run(): Promise<BuildCheckpoint> {
    await this.#fold.restore(await this.#store.openOrders(), this.#position);
    try {
      await this.#read();
      for (let more = true; more;) {
        more = this.#fold.drain(this.#filling, this.#limits.maxRowBytes);
        await this.#send();
      }
      await this.#sent;
    } finally {
      await this.#sent.catch(() => {}); // told already, or what ended it was something else
    }
    return this.#checkpoint();
  }

  /** Up to where the log ends when it is reached. */
  async #read(): Promise<void> {
    const { eventStore, signal, gate } = this.#options;
    const buffer = new EventBuffer(this.#limits);
    const stop = new AbortController();
    let end: bigint | null = null;
    const fed = feed({
      eventStore,
      after: this.#position < 0n ? null : this.#position,
      buffer,
      signal: AbortSignal.any([signal, stop.signal]),
      onCaughtUp: (position) => {
        end ??= position;
        buffer.hurry();
        if (buffer.size === 0) buffer.end(new EndOfLog());
      },
    });
    try {
      while (end === null || this.#position < end) {
        await buffer.some();
        await buffer.wholeBatch(WHOLE_BATCH_MS);
        const batch = buffer.take();
        await gate?.(batch.events.length);
        await this.#take(batch);
      }
    } catch (error) {
      if (!(error instanceof EndOfLog)) throw error;
    } finally {
      stop.abort();
      buffer.end(new StoreUnavailable('the subscription was ended'));
      await fed;
    }
  }

  async #take({ events, position }: Batch): Promise<void> {
    await this.#fold.add(await decode(events), this.#filling);
    this.#position = position;
    this.#events += events.length;
    if (this.#filling.sizeBytes >= this.#limits.maxRowBytes) await this.#send();
  }

  /** While these rows are on their way, the next ones are made. */
  async #send(): Promise<void> {
    await this.#sent;
    [this.#filling, this.#sending] = [this.#sending, this.#filling];
    this.#filling.clear();
    const checkpoint = this.#checkpoint();
    this.#sent = this.#store.write(this.#sending, checkpoint).then(() => {
      const { position, events } = checkpoint;
      this.#options.onProgress?.({ phase: 'loading', position, events, step: null });
    });
    this.#sent.catch(() => {}); // thrown where it is awaited
  }

  #checkpoint(): BuildCheckpoint {
    return { position: this.#position, events: this.#events, writeSeq: this.#fold.writeSeq };
  }
}

/** There was nothing to read any more. */
class EndOfLog extends Error {}
