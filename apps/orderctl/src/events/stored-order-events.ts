import { setTimeout } from 'node:timers/promises';
import { AppendOutcomeUnknown, StoreUnavailable } from '#event-store/errors.js';
import type { ExactEventStore, StoredExactEvent } from '#event-store/port.js';
import { ORDER_STREAM_PREFIX } from '#event-store/streams.js';
import { CliError } from '../support/cli-error.js';
import { Stopped } from '../support/interruption.js';

/** Long enough for a machine to restart; a store that is away longer needs a person. */
const PATIENCE_MS = 120_000;
const PAUSE_MS = 500;

/** Tries again while the event store is away, for two minutes at most, and only until a stop is asked for. */
export class Patience {
  #awaySinceMs: number | null = null;
  readonly #onWaiting: (line: string) => void;
  readonly #stopAsked: () => boolean;

  constructor(onWaiting: (line: string) => void, stopAsked: () => boolean) {
    this.#onWaiting = onWaiting;
    this.#stopAsked = stopAsked;
  }

  answered(): void {
    this.#awaySinceMs = null;
  }

  /** @throws Stopped when a stop was asked for */
  goOn(): void {
    if (this.#stopAsked()) throw new Stopped('stopped: run the same command again to go on from here');
  }

  /**
   * Pauses before the next try.
   *
   * @throws CliError when the store has been away for too long, and the error itself when it does not mean "away"
   * @throws Stopped when a stop was asked for
   */
  async wait(error: unknown): Promise<void> {
    const away = error instanceof StoreUnavailable || error instanceof AppendOutcomeUnknown;
    if (!away) throw error;
    this.goOn();
    if (this.#awaySinceMs === null) this.#onWaiting(`waiting: ${error.message}`);
    this.#awaySinceMs ??= Date.now();
    if (Date.now() - this.#awaySinceMs > PATIENCE_MS) {
      throw new CliError(
        `${error.message}, for ${PATIENCE_MS / 1_000} s now: run the same command again to go on from here`,
        {
          cause: error,
        },
      );
    }
    await setTimeout(PAUSE_MS);
    this.goOn();
  }
}

interface StoredRange {
  readonly after: bigint | null;
  readonly upTo: bigint;
  readonly patience: Patience;
}

/**
 * The events of every order after a position (null: from the start) and up to another, in the order of the store.
 *
 * @throws CliError when the event store stays away
 * @throws Stopped while the store is away, or delivers no events of orders
 */
export function storedOrderEvents(
  store: Pick<ExactEventStore, 'subscribeToAllExact'>,
  range: StoredRange,
): AsyncGenerator<StoredExactEvent, void, undefined> {
  return storedEvents(store, { ...range, streamPrefix: ORDER_STREAM_PREFIX });
}

/** As `storedOrderEvents`, for the streams whose names begin with `streamPrefix`. */
export async function* storedEvents(
  store: Pick<ExactEventStore, 'subscribeToAllExact'>,
  { after, upTo, patience, streamPrefix }: StoredRange & { readonly streamPrefix: string },
): AsyncGenerator<StoredExactEvent, void, undefined> {
  let last = after;
  for (;;) {
    const stop = new AbortController();
    try {
      const options = { after: last, streamPrefix, signal: stop.signal };
      for await (const message of store.subscribeToAllExact(options)) {
        patience.answered();
        if (message.kind === 'caught_up') return;
        const position = message.kind === 'event' ? message.event.position : message.position;
        if (message.kind === 'event' && position <= upTo) yield message.event;
        last = position;
        if (position >= upTo) return;
        if (message.kind !== 'event') patience.goOn();
      }
    } catch (error) {
      await patience.wait(error);
    } finally {
      stop.abort();
    }
  }
}
