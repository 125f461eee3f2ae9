import { LRUCache } from 'lru-cache';
import type { StreamState } from '../rules/stream-state.js';
import type { EventReader } from './event-reader.js';

interface Load {
  streams: string[];
  done: Promise<void>;
}

/**
 * States of the streams in use, so that an append needs no query. Reads see the committed states. The writer
 * also sees what its batch under way has decided.
 */
export class StreamStates {
  readonly #reader: EventReader;
  readonly #committed: LRUCache<string, StreamState>;
  readonly #loading = new Map<string, Load>();
  #decided = new Map<string, StreamState>();
  #next: Load | null = null;
  /** Whether no other session can write, so that a remembered state is as good as the stored one. */
  #isOnlyWriter = true;

  constructor(reader: EventReader, maxStreams: number) {
    this.#reader = reader;
    this.#committed = new LRUCache({ max: maxStreams });
  }

  /** Begins to load a state that is missing. Calls in one turn of the event loop share a query. */
  prefetch(stream: string): void {
    if (this.#committed.has(stream) || this.#loading.has(stream) || this.#decided.has(stream)) return;
    this.#next ??= this.#planLoad();
    this.#next.streams.push(stream);
    this.#loading.set(stream, this.#next);
  }

  /** The committed state of a stream. @throws StorageUnavailable */
  async committed(stream: string): Promise<StreamState> {
    while (this.#isOnlyWriter) {
      const state = this.#committed.get(stream);
      if (state) return state;
      this.prefetch(stream);
      // No load means that the batch under way has decided this stream. Until it commits, the stored state counts.
      const load = this.#loading.get(stream);
      if (!load) break;
      await load.done;
    }
    return (await this.#reader.statesOf([stream]))[0]!;
  }

  /**
   * Waits until `decided` knows all of these streams at the same time, except those whose states cannot be loaded:
   * it returns these, each with the error.
   */
  async ready(streams: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
    const failed = new Map<string, unknown>();
    for (;;) {
      const missing = streams.filter((stream) => !failed.has(stream) && !this.#committed.has(stream));
      if (missing.length === 0) return failed;
      for (const stream of missing) this.prefetch(stream);
      await Promise.all(
        missing.map(async (stream) => {
          try {
            await this.#loading.get(stream)?.done;
          } catch (error) {
            failed.set(stream, error);
          }
        }),
      );
    }
  }

  /** The state after what the batch has decided so far. For the writer alone, after `ready`. */
  decided(stream: string): StreamState {
    const state = this.#decided.get(stream) ?? this.#committed.get(stream);
    if (!state) throw new Error(`the state of ${stream} was not loaded`);
    return state;
  }

  decide(stream: string, state: StreamState): void {
    this.#decided.set(stream, state);
  }

  commit(): void {
    for (const [stream, state] of this.#decided) {
      // A load under way would bring an older state.
      this.#loading.delete(stream);
      this.#committed.set(stream, state);
    }
    this.#decided = new Map();
  }

  /** The right to write is lost: until `regained`, another session may write, and each read asks storage. */
  lost(): void {
    this.#isOnlyWriter = false;
    this.clear();
  }

  regained(): void {
    this.#isOnlyWriter = true;
    this.clear();
  }

  /** Forgets everything: the batch was not stored, or its outcome is unknown. */
  clear(): void {
    this.#decided = new Map();
    this.#loading.clear();
    this.#committed.clear();
  }

  #planLoad(): Load {
    const load: Load = { streams: [], done: Promise.resolve() };
    load.done = new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#run(load));
    // A caller that needs the state awaits the load and sees its failure. A prefetch that nobody awaits may fail.
    load.done.catch(() => undefined);
    return load;
  }

  async #run(load: Load): Promise<void> {
    this.#next = null;
    try {
      const states = await this.#reader.statesOf(load.streams);
      load.streams.forEach((stream, index) => {
        if (this.#loading.get(stream) === load) this.#committed.set(stream, states[index]);
      });
    } finally {
      for (const stream of load.streams) {
        if (this.#loading.get(stream) === load) this.#loading.delete(stream);
      }
    }
  }
}
