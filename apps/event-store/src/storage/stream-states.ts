import { LRUCache } from 'lru-cache';
import type { StreamState } from '../streams/stream-state.js';
import type { EventReader } from './event-reader.js';

interface Load {
  streams: string[];
  done: Promise<void>;
}

/**
 * What is known of the streams in use, so that an append needs no query. Reads see what is committed; the
 * writer sees, on top of it, what the batch it is working on has decided.
 */
export class StreamStates {
  readonly #reader: EventReader;
  readonly #committed: LRUCache<string, StreamState>;
  readonly #loading = new Map<string, Load>();
  #decided = new Map<string, StreamState>();
  #next: Load | null = null;

  constructor(reader: EventReader, maxStreams: number) {
    this.#reader = reader;
    this.#committed = new LRUCache({ max: maxStreams });
  }

  /** Begins to fetch what is missing; several calls in one turn of the event loop share a query. */
  prefetch(stream: string): void {
    if (this.#committed.has(stream) || this.#loading.has(stream) || this.#decided.has(stream)) return;
    this.#next ??= this.#planLoad();
    this.#next.streams.push(stream);
    this.#loading.set(stream, this.#next);
  }

  /** The committed state of a stream. @throws StorageUnavailable */
  async committed(stream: string): Promise<StreamState> {
    for (;;) {
      const state = this.#committed.get(stream);
      if (state) return state;
      this.prefetch(stream);
      // A stream of the batch under way appears with its commit.
      const load = this.#loading.get(stream);
      if (!load) return (await this.#reader.statesOf([stream]))[0]!;
      await load.done;
    }
  }

  /** Waits until `decided` can answer for all of them at once. @throws StorageUnavailable */
  async ready(streams: readonly string[]): Promise<void> {
    for (;;) {
      const missing = streams.filter((stream) => !this.#committed.has(stream));
      if (missing.length === 0) return;
      for (const stream of missing) this.prefetch(stream);
      await Promise.all(missing.map(async (stream) => this.#loading.get(stream)?.done));
    }
  }

  /** For the writer alone, after `ready`. */
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
      // What a query under way brings is older than this.
      this.#loading.delete(stream);
      this.#committed.set(stream, state);
    }
    this.#decided = new Map();
  }

  /** Forgets everything: what the batch decided did not come to be, or nobody knows. */
  clear(): void {
    this.#decided = new Map();
    this.#loading.clear();
    this.#committed.clear();
  }

  #planLoad(): Load {
    const load: Load = { streams: [], done: Promise.resolve() };
    load.done = new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#run(load));
    // Whoever needs the state awaits it and sees the failure; a prefetch that nobody waits for may fail.
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
