import { setTimeout } from 'node:timers/promises';
import { AppendOutcomeUnknown, StoreUnavailable, WrongExpectedRevision } from './errors.js';
import type { Appended, EncodedEvent, EventStore, ExpectedRevision } from './port.js';

/** Waits before the same events are sent again: time for a server that restarts. */
const RESEND_AFTER_MS = [20, 200, 1_000] as const;

/** What it needs of an event store, for events that are known by their ids. */
interface Appending<Event> extends Pick<EventStore, 'readStream'> {
  append(stream: string, events: readonly Event[], expected: ExpectedRevision): Promise<Appended>;
}

/** Appends that know how they ended. */
export class CertainAppend<Event extends { readonly eventId: string } = EncodedEvent> {
  readonly #eventStore: Appending<Event>;

  constructor(eventStore: Appending<Event>) {
    this.#eventStore = eventStore;
  }

  /**
   * As the port's append, but without an unknown outcome: the same bytes are sent again at the same
   * revision, where the server recognises them by their ids.
   *
   * @returns null when the stream has moved on without these events
   * @throws StoreUnavailable, also when it cannot be found out whether they are stored
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
    for (const waitMs of RESEND_AFTER_MS) {
      await setTimeout(waitMs);
      try {
        return await this.#eventStore.append(stream, events, expected);
      } catch (error) {
        // The revision is taken, so the first sending cannot come to be any more: it was stored, or not.
        if (error instanceof WrongExpectedRevision) return this.#stored(stream, events, expected);
        const silent = error instanceof AppendOutcomeUnknown || error instanceof StoreUnavailable;
        if (!silent) throw error;
      }
    }
    const stored = await this.#stored(stream, events, expected);
    if (stored) return stored;
    // Not there yet; a sending that is still under way may store it after all.
    throw new StoreUnavailable(`whether ${stream} took the events is not known`, { cause: unknown });
  }

  /** Where these very events are; null: they are not in the stream. */
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
