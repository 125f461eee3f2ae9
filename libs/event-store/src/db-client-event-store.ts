import {
  BACKWARDS,
  END,
  EventStoreDBClient,
  START,
  StreamDeletedError,
  StreamNotFoundError,
  type StreamingRead,
} from '@eventstore/db-client';
import { Appender } from './appender.js';
import { storeUnavailable } from './client-errors.js';
import { closeClient, internalsOf } from './client-internals.js';
import { StoreUnavailable, StreamDeleted } from './errors.js';
import { openClient } from './open-client.js';
import type {
  Appended,
  EncodedEvent,
  ExactEvent,
  ExactEventStore,
  ExpectedRevision,
  RawEvent,
  StoredExactEvent,
  SubscriptionMessage,
  SubscriptionOptions,
} from './port.js';
import { rawEventOf } from './raw-event.js';
import { storedExactEventOf } from './stored-exact-event.js';
import { subscription } from './subscription.js';
import { watched } from './watched-stream.js';
import { within } from './within.js';
import { exactly } from './wire-event.js';

export interface DbClientOptions {
  /** `esdb://…` or `esdb+discover://…`, credentials included where the server asks for them. */
  readonly connectionString: string;
  /** Longest wait for any one answer. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 5_000;
/** How many events of a read or subscription wait for their reader at most. */
const READ_AHEAD_EVENTS = 256;

/**
 * The event store port over `@eventstore/db-client`. Reads and subscriptions have a client of their own,
 * so that an error of theirs never touches what is being appended, and the other way round; that one
 * reconnects by itself. Only the first append makes a connection for appending.
 */
export class DbClientEventStore implements ExactEventStore {
  readonly #reader: EventStoreDBClient;
  readonly #appender: Appender;
  readonly #timeoutMs: number;

  constructor({ connectionString, timeoutMs = DEFAULT_TIMEOUT_MS }: DbClientOptions) {
    this.#timeoutMs = timeoutMs;
    this.#reader = openClient(connectionString);
    this.#appender = new Appender(connectionString, timeoutMs);
  }

  async append(
    stream: string,
    events: readonly EncodedEvent[],
    expected: ExpectedRevision,
  ): Promise<Appended> {
    return this.appendExact(stream, events.map(exactly), expected);
  }

  async appendExact(
    stream: string,
    events: readonly ExactEvent[],
    expected: ExpectedRevision,
  ): Promise<Appended> {
    const { revision, position } = await this.#appender.append(stream, events, expected);
    return { revision, position: position ?? (await this.#positionOf(stream, revision)) };
  }

  async *readStream(
    stream: string,
    { fromRevision = 0, maxCount }: { fromRevision?: number; maxCount?: number } = {},
  ): AsyncIterable<RawEvent> {
    const read = this.#reader.readStream(
      stream,
      {
        fromRevision: fromRevision === 0 ? START : BigInt(fromRevision),
        ...(maxCount === undefined ? {} : { maxCount }),
      },
      { highWaterMark: READ_AHEAD_EVENTS },
    );
    try {
      for await (const resolved of this.#watched(read)) yield rawEventOf(resolved);
    } catch (error) {
      if (error instanceof StreamNotFoundError) return;
      if (error instanceof StreamDeletedError) {
        throw new StreamDeleted(`${stream} was deleted for good`, { cause: error });
      }
      throw readError(`${stream} cannot be read`, error);
    }
  }

  subscribeToAll(options: SubscriptionOptions): AsyncIterable<SubscriptionMessage> {
    return subscription(this.#reader, {
      ...options,
      ...this.#reading(),
      convert: (event, resolve) => rawEventOf(resolve(event)),
    });
  }

  subscribeToAllExact(options: SubscriptionOptions): AsyncIterable<SubscriptionMessage<StoredExactEvent>> {
    return subscription(this.#reader, { ...options, ...this.#reading(), convert: storedExactEventOf });
  }

  async headPosition(): Promise<bigint | null> {
    const read = this.#reader.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 });
    try {
      for await (const resolved of this.#watched(read)) return rawEventOf(resolved).position;
    } catch (error) {
      throw readError('the last position cannot be read', error);
    }
    return null;
  }

  /** As the server tells it. @throws StoreUnavailable */
  async serverVersion(): Promise<string> {
    try {
      return (await within(this.#timeoutMs, internalsOf(this.#reader).capabilities)).serverVersion;
    } catch (error) {
      throw readError('the version of the event store cannot be read', error);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#appender.close(), closeClient(this.#reader)]);
  }

  #reading(): { timeoutMs: number; readAhead: number } {
    return { timeoutMs: this.#timeoutMs, readAhead: READ_AHEAD_EVENTS };
  }

  #watched<E>(read: StreamingRead<E>): AsyncGenerator<E> {
    return watched<E>({ stream: read, cancel: () => read.cancel() }, this.#timeoutMs);
  }

  /** A server may confirm a repeated append without saying where the events are. */
  async #positionOf(stream: string, revision: number): Promise<bigint> {
    for await (const event of this.readStream(stream, { fromRevision: revision, maxCount: 1 })) {
      return event.position;
    }
    throw new Error(`${stream} has no event ${revision}, which the server said it stored`);
  }
}

function readError(what: string, error: unknown): Error {
  return error instanceof StoreUnavailable ? error : storeUnavailable(what, error);
}
