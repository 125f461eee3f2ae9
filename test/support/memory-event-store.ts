import { AppendOutcomeUnknown, WrongExpectedRevision } from '#event-store/errors.js';
import type { Appended, EncodedEvent, EventStore, ExpectedRevision, RawEvent } from '#event-store/port.js';

/** One stream in memory. It records the calls, and a test may change it or hold it just before an append. */
export class MemoryEventStore {
  readonly events: RawEvent[] = [];
  readonly asked: string[] = [];
  /** Number of events of each append. */
  readonly sizes: number[] = [];
  beforeAppend: ((events: readonly EncodedEvent[]) => void | Promise<void>) | null = null;
  /** Number of coming appends that are stored, but whose answer is lost. */
  answersToLose = 0;
  #held: Promise<void> = Promise.resolve();

  readonly port: EventStore = {
    append: async (stream, events, expected) => {
      this.asked.push(`append at ${expected}`);
      this.sizes.push(events.length);
      await this.#held;
      await this.beforeAppend?.(events);
      const appended = this.add(stream, events, expected);
      if (this.answersToLose-- > 0) throw new AppendOutcomeUnknown('the answer was lost');
      return appended;
    },
    readStream: (_stream, { fromRevision = 0, maxCount = Infinity } = {}) => {
      this.asked.push(`read from ${fromRevision}`);
      return this.#from(fromRevision, maxCount);
    },
    subscribeToAll: () => {
      throw new Error('not asked for here');
    },
    headPosition: async () => null,
    close: async () => undefined,
  };

  /** Holds all appends until the returned function is called. */
  hold(): () => void {
    let release = () => {};
    this.#held = new Promise((resolve) => (release = resolve));
    return release;
  }

  /** Like a server, it confirms the same events at the same revision again without storing them twice. */
  add(stream: string, events: readonly EncodedEvent[], expected: ExpectedRevision): Appended {
    const first = expected === 'no_stream' ? 0 : expected + 1;
    const there = this.events.slice(first, first + events.length);
    const isRepeated =
      there.length === events.length && there.every(({ eventId }, i) => eventId === events[i]!.eventId);
    if (!isRepeated) {
      const head = this.events.length - 1;
      if (first !== head + 1) throw new WrongExpectedRevision(stream, head < 0 ? null : head);
      events.forEach((event, index) => {
        const revision = first + index;
        this.events.push({ ...event, stream, revision, position: BigInt(revision), sizeBytes: 0 });
      });
    }
    const last = first + events.length - 1;
    return { revision: last, position: BigInt(last) };
  }

  async *#from(fromRevision: number, maxCount: number): AsyncGenerator<RawEvent> {
    yield* this.events.slice(fromRevision, fromRevision + maxCount);
  }
}
