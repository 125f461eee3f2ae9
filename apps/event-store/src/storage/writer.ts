import { LRUCache } from 'lru-cache';
import type { Logger } from '#platform/logging.js';
import type { KnownEvent } from '../rules/append.decider.js';
import { describedStream } from '../rules/stream-state.js';
import type { EventReader } from './event-reader.js';
import { answerUnavailable, memoryOf, type PendingWrite } from './pending-write.js';
import { PossibleRepeats } from './possible-repeats.js';
import { firstEventsOf, recreationsAmong } from './recreations.js';
import type { RecentEvents } from './recent-events.js';
import type { StreamCache } from './stream-cache.js';
import type { StoredEvent } from './stored-event.js';
import type { StreamStates } from './stream-states.js';
import { WriteBatch } from './write-batch.js';
import type { WriterSession } from './writer-session.js';

const BATCH_MAX_EVENTS = 2_000;
const BATCH_MAX_BYTES = 8 * 1024 * 1024;
/** When more than this is waiting, callers should stop reading requests. */
const QUEUE_MAX_BYTES = 32 * 1024 * 1024;
/** How many event ids are remembered, to tell the repeat of a recent append from a new one. */
const KNOWN_IDS = 20_000;

interface Parts {
  session: WriterSession;
  reader: EventReader;
  states: StreamStates;
  recent: RecentEvents;
  cache: StreamCache;
  logger: Logger;
  /** Called after each commit, when readers can see its events. */
  committed: (events: readonly StoredEvent[]) => void;
}

interface Stored {
  readonly batch: WriteBatch | null;
  /** What could not be decided, or is not known to be stored. */
  readonly undecided: readonly PendingWrite[];
}

/**
 * The one writer. Writes that arrive while a commit is under way wait and share the next one; each is
 * decided in order of arrival and answered only when the commit of its batch is durable.
 */
export class Writer {
  readonly #parts: Parts;
  readonly #known = new LRUCache<string, KnownEvent>({ max: KNOWN_IDS });
  /** Calls with a write that could not be decided. */
  readonly #broken = new WeakSet<object>();
  #queue: PendingWrite[] = [];
  #queuedBytes = 0;
  readonly #repeats: PossibleRepeats;
  #running: Promise<void> | null = null;
  #drained: (() => void)[] = [];
  #isClosed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { reader, logger } = parts;
    this.#repeats = new PossibleRepeats(reader, logger, () => this.isFull || this.#callDrained());
  }

  get isFull(): boolean {
    return this.#queuedBytes + this.#repeats.bytes > QUEUE_MAX_BYTES;
  }

  submit(write: PendingWrite): void {
    if (this.#isClosed || !this.#parts.session.isUp) {
      write.done({ kind: 'unavailable' });
      return;
    }
    this.#queue.push(write);
    this.#queuedBytes += memoryOf(write);
    this.#parts.states.prefetch(describedStream(write.stream));
    this.#running ??= this.#run();
  }

  /** Calls back when the queue is no longer full. */
  onceDrained(callback: () => void): void {
    this.#drained.push(callback);
  }

  /** Accepts no more writes; resolves when everything submitted so far is answered, or told that it cannot be. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
    await this.#repeats.close();
  }

  /** The session broke: queued writes cannot be decided. The batch under way fails by itself. */
  failQueued(): void {
    this.#parts.states.lost();
    this.#parts.cache.clear();
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    answerUnavailable(queue);
    this.#callDrained();
  }

  /** The session is up again with `last` as the last stored position. */
  restart(last: number): void {
    this.#parts.states.regained();
    this.#parts.cache.clear();
    this.#known.clear();
    this.#parts.recent.reset(last);
  }

  async #run(): Promise<void> {
    // Writes that arrive in this turn of the event loop join the first batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const { batch, undecided } = await this.#store(this.#take());
      if (batch) this.#publish(batch);
      // Last: a call that several appends share ends with the first of these answers.
      answerUnavailable(undecided);
    }
    this.#running = null;
  }

  #take(): PendingWrite[] {
    let events = 0;
    let bytes = 0;
    let count = 0;
    for (const write of this.#queue) {
      // A deletion has no event, but a stream whose state is looked up.
      const weight = Math.max(1, write.events.length);
      if (count > 0 && (events + weight > BATCH_MAX_EVENTS || bytes + write.bytes > BATCH_MAX_BYTES)) break;
      events += weight;
      bytes += write.bytes;
      count++;
    }
    const writes = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    for (const write of writes) this.#queuedBytes -= memoryOf(write);
    if (!this.isFull) this.#callDrained();
    return writes;
  }

  /**
   * Stores what can be decided of the writes. `batch` is null on failure: whether it was stored after all is only known
   * once the session is up again.
   */
  async #store(writes: readonly PendingWrite[]): Promise<Stored> {
    const { session, states, recent, logger } = this.#parts;
    let { decidable, undecided } = this.#withoutBroken(writes);
    try {
      for (;;) {
        const failed = await this.#lookUp(decidable);
        if (failed.size === 0) break;
        // Reading failed, which says nothing of the right to write. It may also be the first sign of an outage, in
        // which that right is lost: only the session can tell.
        await session.check();
        const left = this.#withoutBroken(decidable, failed);
        undecided = [...undecided, ...left.undecided];
        decidable = left.decidable;
        logger.error(
          { err: [...failed.values()][0], writes: left.undecided.length },
          'streams were not looked up',
        );
      }
      const batch = new WriteBatch(states, this.#known, recent.lastPosition, Date.now());
      for (const write of decidable) batch.decide(write);
      if (batch.events.length > 0) await session.execute(batch.insert);
      return { batch, undecided };
    } catch (err) {
      logger.error({ err, writes: decidable.length }, 'a batch was not stored');
      states.clear();
      this.#known.clear();
      session.discard();
      return { batch: null, undecided: writes };
    }
  }

  /**
   * Leaves out the writes on streams that could not be looked up, and all that came later in their calls. The client is
   * told that the call failed, and what is stored of it has to be its first part.
   */
  #withoutBroken(
    writes: readonly PendingWrite[],
    failed: ReadonlyMap<string, unknown> = new Map(),
  ): { decidable: PendingWrite[]; undecided: PendingWrite[] } {
    const decidable: PendingWrite[] = [];
    const undecided: PendingWrite[] = [];
    for (const write of writes) {
      if (failed.has(describedStream(write.stream))) this.#broken.add(write.call);
      (this.#broken.has(write.call) ? undecided : decidable).push(write);
    }
    return { decidable, undecided };
  }

  /** Loads what the decisions on these writes need. Returns the streams of which it could not be loaded, and why. */
  async #lookUp(writes: readonly PendingWrite[]): Promise<ReadonlyMap<string, unknown>> {
    const { states, reader } = this.#parts;
    const streams = [...new Set(writes.map((write) => describedStream(write.stream)))];
    const failed = await states.ready(streams);
    if (failed.size > 0) return failed;
    const recreations = recreationsAmong(writes, states);
    if (recreations.length === 0) return failed;
    try {
      for (const [id, event] of await firstEventsOf(recreations, reader)) this.#known.set(id, event);
    } catch (err) {
      return new Map(recreations.map(({ stream }) => [stream, err]));
    }
    // During the lookup, states may have been evicted from their cache.
    return states.ready(streams);
  }

  #publish(batch: WriteBatch): void {
    const { states, recent, cache, committed } = this.#parts;
    states.commit();
    for (const event of batch.events) {
      recent.push(event);
      cache.push(event);
      const { stream, revision, position } = event;
      this.#known.set(event.id, { stream, revision, position });
    }
    for (const { write, outcome } of batch.outcomes) write.done(outcome);
    if (batch.events.length > 0) committed(batch.events);
    this.#repeats.answer(batch.possibleRepeats);
  }

  #callDrained(): void {
    const callbacks = this.#drained;
    this.#drained = [];
    for (const callback of callbacks) callback();
  }
}
