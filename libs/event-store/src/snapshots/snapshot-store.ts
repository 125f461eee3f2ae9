import { randomUUID } from 'node:crypto';
import type { Order } from '#domain/order/state.js';
import { WrongExpectedRevision } from '../errors.js';
import type { ExactEvent, ExactEventStore, ExpectedRevision, RawEvent } from '../port.js';
import { snapshotStream } from '../streams.js';
import { APPEND_LIMIT_BYTES, eventSizeBytes, JSON_TYPE } from '../wire-event.js';
import { SnapshotCodec, type Unusable } from './snapshot-codec.js';

/** The last snapshot of an order. */
export interface LatestSnapshot {
  /** Revision in the stream of snapshots, which the next write expects; null: no snapshot is visible. */
  readonly streamRevision: number | null;
  /** null: there is none. */
  readonly content: Order | Unusable | null;
}

export type Written =
  | { readonly kind: 'written'; readonly streamRevision: number }
  | { readonly kind: 'conflict'; readonly actualRevision: number | null }
  | { readonly kind: 'too_large' };

type Store = Pick<ExactEventStore, 'readStream' | 'appendExact'>;

/** Snapshots in an event store: a stream for each order that has any, of which only the last event is kept. */
export class SnapshotStore {
  readonly #eventStore: Store;
  readonly #codec: SnapshotCodec;

  constructor(eventStore: Store, codec: SnapshotCodec) {
    this.#eventStore = eventStore;
    this.#codec = codec;
  }

  /** The last snapshot of the order whose events are in `stream`. @throws StoreUnavailable */
  async latest(stream: string): Promise<LatestSnapshot> {
    const last = await this.#last(snapshotStream(stream));
    if (last === null) return { streamRevision: null, content: null };
    return { streamRevision: last.revision, content: await this.#codec.decode(stream, last) };
  }

  /**
   * Stores a snapshot of `order` in the place of the one that was seen last.
   *
   * @param seen the revision of the one seen last in the stream of snapshots; null: there was none
   * @throws StoreUnavailable, AppendOutcomeUnknown
   */
  async write(stream: string, order: Order, seen: number | null): Promise<Written> {
    const event = await this.#codec.encode(order);
    if (eventSizeBytes(event) > APPEND_LIMIT_BYTES) return { kind: 'too_large' };
    const name = snapshotStream(stream);
    // The limit is set before the first snapshot: a stream without it would keep all snapshots.
    if (seen === null) await this.#limit(name);
    try {
      const { revision } = await this.#eventStore.appendExact(name, [event], seen ?? 'no_stream');
      return { kind: 'written', streamRevision: revision };
    } catch (error) {
      if (error instanceof WrongExpectedRevision) {
        return { kind: 'conflict', actualRevision: error.actualRevision };
      }
      throw error;
    }
  }

  /** Hides the stored snapshots, so that the order has none. @throws StoreUnavailable, AppendOutcomeUnknown */
  async drop(stream: string): Promise<void> {
    const name = snapshotStream(stream);
    const last = await this.#last(name);
    if (last === null) return;
    const metadata = metastreamOf(name);
    const seen = await this.#last(metadata);
    const content = { ...limits, $tb: last.revision + 1 };
    await this.#eventStore.appendExact(metadata, [streamMetadata(content)], expectedAfter(seen));
  }

  async #limit(name: string): Promise<void> {
    const metadata = metastreamOf(name);
    try {
      await this.#eventStore.appendExact(metadata, [streamMetadata(limits)], 'no_stream');
    } catch (error) {
      // The metadata is there already. Only this class writes it, always with the same limit.
      if (!(error instanceof WrongExpectedRevision)) throw error;
    }
  }

  async #last(name: string): Promise<RawEvent | null> {
    let last: RawEvent | null = null;
    for await (const event of this.#eventStore.readStream(name)) last = event;
    return last;
  }
}

/** EventStoreDB's metadata of a stream: how many of its events are kept, and which are not (`$tb`: truncate before). */
const limits = { $maxCount: 1 };

function metastreamOf(stream: string): string {
  return `$$${stream}`;
}

function streamMetadata(content: Readonly<Record<string, number>>): ExactEvent {
  return {
    eventId: randomUUID(),
    type: '$metadata',
    contentType: JSON_TYPE,
    data: new TextEncoder().encode(JSON.stringify(content)),
    metadata: new Uint8Array(),
  };
}

function expectedAfter(event: RawEvent | null): ExpectedRevision {
  return event === null ? 'no_stream' : event.revision;
}
