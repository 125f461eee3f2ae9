import { CertainAppend } from '#event-store/certain-append.js';
import { AppendOutcomeUnknown, AppendTooLarge, StoreUnavailable } from '#event-store/errors.js';
import type { Appended, ExactEvent, ExactEventStore } from '#event-store/port.js';
import { APPEND_LIMIT_BYTES, eventSizeBytes } from '#event-store/wire-event.js';
import { CliError } from '../support/cli-error.js';
import type { EventOfStream } from './event-line.js';
import type { Patience } from './stored-order-events.js';
import { differs } from './target-orders.js';

/** Limit for the events of all appends that are under way at once. */
const UNDER_WAY_BYTES = 8 * 1024 * 1024;

interface Run {
  readonly stream: string;
  readonly firstRevision: number;
  readonly events: ExactEvent[];
  sizeBytes: number;
}

/**
 * Appends events of many streams so that their order in `$all` is the order in which they are added.
 *
 * Consecutive events of one stream share an append. A group of appends is sent at once over one connection; the
 * next group follows when all of them were answered. Both the embedded store and EventStoreDB process the requests
 * of one connection in the order in which they were sent. So after any interruption the stored events are the
 * first part of the sent events. The protocol does not promise this order, so the positions in the answers are
 * checked: a position that is not higher than the one before ends the work.
 */
export class AppendsInOrder {
  readonly #store: ExactEventStore;
  readonly #certain: CertainAppend<ExactEvent>;
  readonly #atOnce: number;
  readonly #patience: Patience;
  #runs: Run[] = [];
  #bytes = 0;
  #lastPosition = -1n;
  /** Events that this stored, or found already stored when it sent them. */
  appended = 0;

  constructor(store: ExactEventStore, options: { atOnce: number; patience: Patience }) {
    this.#store = store;
    this.#certain = new CertainAppend<ExactEvent>({
      append: (...args) => store.appendExact(...args),
      readStream: (...args) => store.readStream(...args),
    });
    this.#atOnce = options.atOnce;
    this.#patience = options.patience;
  }

  /** @throws CliError when the stream in the store does not fit this event, or the event store stays away */
  async add({ stream, revision, ...event }: EventOfStream): Promise<void> {
    const sizeBytes = eventSizeBytes(event);
    const last = this.#runs.at(-1);
    if (last?.stream === stream && last.sizeBytes + sizeBytes <= APPEND_LIMIT_BYTES) {
      last.events.push(event);
      last.sizeBytes += sizeBytes;
    } else {
      if (this.#runs.length >= this.#atOnce || this.#bytes >= UNDER_WAY_BYTES) await this.flush();
      this.#runs.push({ stream, firstRevision: revision, events: [event], sizeBytes });
    }
    this.#bytes += sizeBytes;
  }

  /** Resolves when all added events are stored. */
  async flush(): Promise<void> {
    const runs = this.#runs;
    this.#runs = [];
    this.#bytes = 0;
    const outcomes = await Promise.allSettled(runs.map((run) => this.#send(run)));
    for (const [index, outcome] of outcomes.entries()) {
      const run = runs[index]!;
      const { position } = outcome.status === 'fulfilled' ? outcome.value : await this.#settle(run);
      this.appended += run.events.length;
      if (position <= this.#lastPosition) throw outOfOrder(run);
      this.#lastPosition = position;
    }
  }

  #send({ stream, events, firstRevision }: Run): Promise<Appended> {
    return this.#store.appendExact(stream, events, expectedBefore(firstRevision));
  }

  /**
   * Repeats a run whose outcome is unknown until it is certainly stored. The runs are settled one after another,
   * so that their order is kept.
   */
  async #settle({ stream, events, firstRevision }: Run): Promise<Appended> {
    for (;;) {
      try {
        const appended = await this.#certain.append(stream, events, expectedBefore(firstRevision));
        if (appended === null) throw differs(stream, firstRevision);
        this.#patience.answered();
        return appended;
      } catch (error) {
        if (error instanceof AppendTooLarge) throw tooLarge(stream, firstRevision, error);
        const away = error instanceof StoreUnavailable || error instanceof AppendOutcomeUnknown;
        if (!away) throw refused(stream, error);
        await this.#patience.wait(error);
      }
    }
  }
}

function expectedBefore(revision: number): number | 'no_stream' {
  return revision === 0 ? 'no_stream' : revision - 1;
}

function outOfOrder({ stream, firstRevision }: Run): CliError {
  return new CliError(
    `the event store stored event ${firstRevision} of ${stream} in another order than it was sent: each stream is right, but the log is not in the order of the file; to keep that order, import into an empty event store with --at-once 1`,
  );
}

function tooLarge(stream: string, revision: number, cause: AppendTooLarge): CliError {
  return new CliError(`event ${revision} of ${stream} is larger than an append may be: ${cause.message}`, {
    cause,
  });
}

function refused(stream: string, cause: unknown): unknown {
  if (cause instanceof CliError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CliError(`the event store refuses the events of ${stream}: ${why}`, { cause });
}
