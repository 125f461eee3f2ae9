import type { Logger } from '#platform/logging.js';
import type { EventReader } from './event-reader.js';
import { answerUnavailable, memoryOf, type WriteOutcome } from './pending-write.js';
import type { PossibleRepeat } from './write-batch.js';

/** Looked up at a time, unless one append has more. */
const MAX_EVENTS = 2_000;

/**
 * Answers appends at an old revision, by comparing them with what is stored there: they may be repeats. Stored events
 * never change, so this goes on beside the next batches.
 */
export class PossibleRepeats {
  readonly #reader: EventReader;
  readonly #logger: Logger;
  readonly #answered: () => void;
  #waiting: PossibleRepeat[] = [];
  #bytes = 0;
  #running: Promise<void> | null = null;
  #isClosed = false;

  /** @param answered called each time that some are answered */
  constructor(reader: EventReader, logger: Logger, answered: () => void) {
    this.#reader = reader;
    this.#logger = logger;
    this.#answered = answered;
  }

  /** Memory of those that have no answer yet. */
  get bytes(): number {
    return this.#bytes;
  }

  answer(repeats: readonly PossibleRepeat[]): void {
    if (repeats.length === 0) return;
    this.#waiting.push(...repeats);
    this.#bytes += memoryOfAll(repeats);
    this.#running ??= this.#run();
  }

  /** Answers those that are being compared, and lets the others know that they are not. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // so that it is known to be running before it ends
    while (this.#waiting.length > 0) {
      const repeats = this.#take();
      if (this.#isClosed) answerUnavailable(repeats.map(({ write }) => write));
      else await this.#compare(repeats);
      this.#bytes -= memoryOfAll(repeats);
      this.#answered();
    }
    this.#running = null;
  }

  #take(): PossibleRepeat[] {
    let events = 0;
    const count = this.#waiting.findIndex(({ write }, index) => {
      events += write.events.length;
      return index > 0 && events > MAX_EVENTS;
    });
    return this.#waiting.splice(0, count === -1 ? this.#waiting.length : count);
  }

  async #compare(repeats: readonly PossibleRepeat[]): Promise<void> {
    try {
      const places = repeats.flatMap(({ write, expected }) =>
        write.events.map((_, index) => ({ stream: write.stream, revision: expected + 1 + index })),
      );
      const stored = await this.#reader.eventsAt(places);
      let at = 0;
      for (const { write, expected, current } of repeats) {
        const rows = stored.slice(at, (at += write.events.length));
        const repeated = write.events.every((event, index) => rows[index]?.id === event.id);
        const position = rows.at(-1)?.position ?? null;
        const outcome: WriteOutcome = repeated
          ? { kind: 'written', revision: expected + write.events.length, position }
          : { kind: 'wrong-expected-revision', current };
        write.done(outcome);
      }
    } catch (err) {
      this.#logger.warn({ err }, 'comparing event ids failed');
      answerUnavailable(repeats.map(({ write }) => write));
    }
  }
}

function memoryOfAll(repeats: readonly PossibleRepeat[]): number {
  return repeats.reduce((sum, { write }) => sum + memoryOf(write), 0);
}
