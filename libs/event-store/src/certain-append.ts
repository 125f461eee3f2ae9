import { setTimeout } from 'node:timers/promises';
import { AppendOutcomeUnknown, StoreUnavailable, WrongExpectedRevision } from './errors.js';
import type { Appended, EncodedEvent, EventStore, ExpectedRevision } from './port.js';

/** Waits before the same events are sent again: time for a server to restart. */
const RESEND_AFTER_MS = [20, 200, 1_000] as const;

/** The part of an event store that is needed here. Events are recognised by their ids. */
interface Appending<Event> extends Pick<EventStore, 'readStream'> {
  append(stream: string, events: readonly Event[], expected: ExpectedRevision): Promise<Appended>;
}

/** Appends events and finds out the outcome, or says that it is unknown. */
export class CertainAppend<Event extends { readonly eventId: string } = EncodedEvent> {
  readonly #eventStore: Appending<Event>;
  readonly #resendAfterMs: readonly number[];

  constructor(eventStore: Appending<Event>, resendAfterMs: readonly number[] = RESEND_AFTER_MS) {
    this.#eventStore = eventStore;
    this.#resendAfterMs = resendAfterMs;
  }

  /**
   * Like the port's append, but an unknown outcome is found out: the same events are sent again at the same
   * revision, where the server recognises them by their ids.
   *
   * @returns null when the stream has moved on without these events: they can no longer be stored
   * @throws StoreUnavailable when nothing was sent
   * @throws AppendOutcomeUnknown when it cannot be found out whether the events are stored, or will be, or never
   * @throws AppendTooLarge
   */
  async append(
    stream: string,
    events: readonly Event[],
    expected: ExpectedRevision,
  ): Promise<Appended | null> {
    try {
      return await this.#eventStore.append(stream, events, expected);
    } catch (error) {
      if (error instanceof WrongExpectedRevision) return null;
      if (!(error instanceof AppendOutcomeUnknown)) throw error;
      return this.#findOut(stream, events, expected, error);
    }
  }

  async #findOut(
    stream: string,
    events: readonly Event[],
    expected: ExpectedRevision,
    unknown: AppendOutcomeUnknown,
  ): Promise<Appended | null> {
    for (const waitMs of this.#resendAfterMs) {
      await setTimeout(waitMs);
      const answer = await unlessSilent(this.#sentAgain(stream, events, expected));
      if (answer !== SILENT) return answer;
    }
    const stored = await unlessSilent(this.#stored(stream, events, expected));
    if (stored !== SILENT && stored !== null) return stored;
    // The events are not stored yet. An append that is still under way may store them after all.
    throw new AppendOutcomeUnknown(`it is not known whether ${stream} has taken the events`, {
      cause: unknown,
    });
  }

  /** null: other events took the revision, so that no append of these events can succeed any more. */
  async #sentAgain(
    stream: string,
    events: readonly Event[],
    expected: ExpectedRevision,
  ): Promise<Appended | null> {
    try {
      return await this.#eventStore.append(stream, events, expected);
    } catch (error) {
      if (error instanceof WrongExpectedRevision) return this.#stored(stream, events, expected);
      throw error;
    }
  }

  /** Where these very events are stored; null: they are not in the stream. */
  async #stored(
    stream: string,
    events: readonly Event[],
    expected: ExpectedRevision,
  ): Promise<Appended | null> {
    const fromRevision = expected === 'no_stream' ? 0 : expected + 1;
    const lastId = events.at(-1)?.eventId;
    for await (const event of this.#eventStore.readStream(stream, {
      fromRevision,
      maxCount: events.length,
    })) {
      if (event.eventId === lastId) return { revision: event.revision, position: event.position };
    }
    return null;
  }
}

const SILENT = Symbol('silent');

/** SILENT: the store did not answer. */
async function unlessSilent<T>(asked: Promise<T>): Promise<T | typeof SILENT> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof AppendOutcomeUnknown || error instanceof StoreUnavailable) return SILENT;
    throw error;
  }
}
