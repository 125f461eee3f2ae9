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
import { StoreSilent, StoreUnavailable, StreamDeleted } from './errors.js';
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
import { subscription, type Convert } from './subscription.js';
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
 * reconnects by itself, and where a connection is silent without being closed, another client takes its place.
 * Only the first append makes a connection for appending.
 */
export class DbClientEventStore implements ExactEventStore {
  #reader: EventStoreDBClient;
  readonly #connectionString: string;
  readonly #appender: Appender;
  readonly #timeoutMs: number;

  constructor({ connectionString, timeoutMs = DEFAULT_TIMEOUT_MS }: DbClientOptions) {
    this.#timeoutMs = timeoutMs;
    this.#connectionString = connectionString;
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
    const client = this.#reader;
    const read = client.readStream(
      stream,
      {
        fromRevision: fromRevision === 0 ? START : BigInt(fromRevision),
        ...(maxCount === undefined ? {} : { maxCount }),
      },
      { highWaterMark: READ_AHEAD_EVENTS },
    );
    try {
      for await (const resolved of this.#watched(read, maxCount)) yield rawEventOf(resolved);
    } catch (error) {
      if (error instanceof StreamNotFoundError) return;
      if (error instanceof StreamDeletedError) {
        throw new StreamDeleted(`${stream} was deleted for good`, { cause: error });
      }
      throw this.#readError(client, `${stream} cannot be read`, error);
    }
  }

  subscribeToAll(options: SubscriptionOptions): AsyncIterable<SubscriptionMessage> {
    return this.#subscription(options, (event, resolve) => rawEventOf(resolve(event)));
  }

  subscribeToAllExact(options: SubscriptionOptions): AsyncIterable<SubscriptionMessage<StoredExactEvent>> {
    return this.#subscription(options, storedExactEventOf);
  }

  async headPosition(): Promise<bigint | null> {
    const client = this.#reader;
    const read = client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 });
    try {
      for await (const resolved of this.#watched(read, 1)) return rawEventOf(resolved).position;
    } catch (error) {
      throw this.#readError(client, 'the last position cannot be read', error);
    }
    return null;
  }

  /** As the server tells it. @throws StoreUnavailable */
  async serverVersion(): Promise<string> {
    const client = this.#reader;
    try {
      return (await within(this.#timeoutMs, internalsOf(client).capabilities)).serverVersion;
    } catch (error) {
      throw this.#readError(client, 'the version of the event store cannot be read', error);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#appender.close(), closeClient(this.#reader)]);
  }

  #subscription<Event>(
    options: SubscriptionOptions,
    convert: Convert<Event>,
  ): AsyncIterable<SubscriptionMessage<Event>> {
    const client = this.#reader;
    const reading = { timeoutMs: this.#timeoutMs, readAhead: READ_AHEAD_EVENTS, convert };
    return subscription(client, { ...options, ...reading, onSilent: () => this.#replace(client) });
  }

  #readError(client: EventStoreDBClient, what: string, error: unknown): Error {
    if (error instanceof StoreSilent) this.#replace(client);
    return error instanceof StoreUnavailable ? error : storeUnavailable(what, error);
  }

  /** Whatever else was read through it ends with an error, and is read again through the next one. */
  #replace(silent: EventStoreDBClient): void {
    if (this.#reader !== silent) return;
    this.#reader = openClient(this.#connectionString);
    closeClient(silent).catch(() => {}); // it did not answer anyway
  }

  #watched<E extends object>(read: StreamingRead<E>, maxItems?: number): AsyncGenerator<E> {
    const watching = { timeoutMs: this.#timeoutMs, ...(maxItems === undefined ? {} : { maxItems }) };
    return watched<E>({ stream: read, cancel: () => read.cancel() }, watching);
  }

  /** A server may confirm a repeated append without saying where the events are. */
  async #positionOf(stream: string, revision: number): Promise<bigint> {
    for await (const event of this.readStream(stream, { fromRevision: revision, maxCount: 1 })) {
      return event.position;
    }
    throw new Error(`${stream} has no event ${revision}, which the server said it stored`);
  }
}
