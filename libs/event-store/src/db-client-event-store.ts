import type { EventStoreDBClient } from '@eventstore/db-client';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { Appender } from './appender.js';
import { CallItems } from './call-items.js';
import { isNotLeader, isStreamDeleted, storeUnavailable } from './client-errors.js';
import { closeClient, internalsOf } from './client-internals.js';
import { AppendOutcomeUnknown, StoreSilent, StoreUnavailable, StreamDeleted } from './errors.js';
import { openClient } from './open-client.js';
import type {
  Appended,
  EncodedEvent,
  ExactEvent,
  ExactEventStore,
  ExpectedRevision,
  RawEvent,
  StoredExactEvent,
  StreamRange,
  SubscriptionMessage,
  SubscriptionOptions,
} from './port.js';
import { openReadCall } from './read-call.js';
import { eventSizeBytes, toExactEvent } from './wire-event.js';
import { headRequest, streamRequest, subscriptionRequest } from './wire/read-request.js';
import type { ReadResponse } from './wire/read-response.js';
import { rawEventOf } from './wire/recorded-event.js';
import { within } from './within.js';

export interface DbClientOptions {
  /** `esdb://…` or `esdb+discover://…`, credentials included where the server asks for them. */
  readonly connectionString: string;
  /** Longest wait for any one answer. */
  readonly timeoutMs?: number;
  /** Called when the connection for appends is lost: the next answer may come from a restored or another store. */
  readonly onLost?: () => void;
}

const DEFAULT_TIMEOUT_MS = 5_000;

/** The error that the reader gets for an error of a call through `client`. */
type Failure = (client: EventStoreDBClient, error: unknown) => Error;

/** What a reader gets of each event. */
interface EventKind<Event> {
  readonly convert: (event: StoredExactEvent) => Event;
  /** In bytes. */
  readonly sizeOf: (event: Event) => number;
}

const rawEvents: EventKind<RawEvent> = { convert: rawEventOf, sizeOf: ({ sizeBytes }) => sizeBytes };
const exactEvents: EventKind<StoredExactEvent> = { convert: (event) => event, sizeOf: eventSizeBytes };

/**
 * The event store port over `@eventstore/db-client`. Reads and subscriptions share a client of their own, so that
 * their errors never touch appends, and the other way round. That client reconnects by itself; where its
 * connection is silent without being closed, a new client takes its place. The connection for appends is made by
 * the first append.
 *
 * Everything is read from the leader of a cluster, whatever node the connection string prefers: another node may lack
 * the last events, and say that a stream, the log or a subscription ends before them.
 */
export class DbClientEventStore implements ExactEventStore {
  #reader: EventStoreDBClient;
  readonly #connectionString: string;
  readonly #appender: Appender;
  readonly #timeoutMs: number;

  constructor(options: DbClientOptions) {
    const { connectionString, timeoutMs = DEFAULT_TIMEOUT_MS, onLost } = options;
    this.#timeoutMs = timeoutMs;
    this.#connectionString = connectionString;
    this.#reader = openClient(connectionString);
    this.#appender = new Appender(connectionString, timeoutMs, onLost);
  }

  async append(
    stream: string,
    events: readonly EncodedEvent[],
    expected: ExpectedRevision,
  ): Promise<Appended> {
    return this.appendExact(stream, events.map(toExactEvent), expected);
  }

  async appendExact(
    stream: string,
    events: readonly ExactEvent[],
    expected: ExpectedRevision,
  ): Promise<Appended> {
    const { revision, position } = await this.#appender.append(stream, events, expected);
    return { revision, position: position ?? (await this.#positionOf(stream, revision)) };
  }

  readStream(stream: string, range?: StreamRange): AsyncIterable<RawEvent> {
    return this.#stream(stream, range, rawEvents);
  }

  readStreamExact(stream: string, range?: StreamRange): AsyncIterable<StoredExactEvent> {
    return this.#stream(stream, range, exactEvents);
  }

  subscribeToAll(options: SubscriptionOptions): AsyncIterable<SubscriptionMessage> {
    return this.#subscription(options, rawEvents);
  }

  subscribeToAllExact(options: SubscriptionOptions): AsyncIterable<SubscriptionMessage<StoredExactEvent>> {
    return this.#subscription(options, exactEvents);
  }

  async headPosition(): Promise<bigint | null> {
    const failure: Failure = (client, error) =>
      this.#readError(client, 'the last position cannot be read', error);
    for await (const { position } of this.#events(headRequest(), 1, exactEvents, failure)) return position;
    return null;
  }

  /** The version that the server reports. @throws StoreUnavailable */
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

  #stream<Event>(
    stream: string,
    { fromRevision = 0, maxCount }: StreamRange = {},
    kind: EventKind<Event>,
  ): AsyncIterable<Event> {
    const request = streamRequest(stream, fromRevision, maxCount);
    return this.#events(request, maxCount, kind, (client, error) =>
      isStreamDeleted(error)
        ? new StreamDeleted(`${stream} was deleted for good`, { cause: error })
        : this.#readError(client, `${stream} cannot be read`, error),
    );
  }

  #events<Event>(
    request: ReadReq,
    maxItems = Infinity,
    { convert, sizeOf }: EventKind<Event>,
    failure: Failure,
  ): AsyncIterable<Event> {
    const client = this.#reader;
    const timeoutMs = this.#timeoutMs;
    return new CallItems<ReadResponse<Event>, Event>({
      open: () => openReadCall(client, request, convert, timeoutMs),
      pick: (response) => (response.kind === 'event' ? response.event : null),
      sizeOf,
      withinMs: timeoutMs,
      maxItems,
      // From this error the client has learned which node leads.
      isOpenedAgain: isNotLeader,
      failure: (error) => failure(client, error),
    });
  }

  #subscription<Event>(
    { after, streamPrefix, signal }: SubscriptionOptions,
    { convert, sizeOf }: EventKind<Event>,
  ): AsyncIterable<SubscriptionMessage<Event>> {
    const client = this.#reader;
    const timeoutMs = this.#timeoutMs;
    const request = subscriptionRequest(after, streamPrefix);
    return new CallItems<ReadResponse<Event>, SubscriptionMessage<Event>>({
      open: () => openReadCall(client, request, convert, timeoutMs),
      pick: (response) => (response.kind === 'other' ? null : response),
      sizeOf: (message) => (message.kind === 'event' ? sizeOf(message.event) : 0),
      withinMs: timeoutMs,
      isEndless: true,
      // Only after CaughtUp does silence mean no events. Before it, the server sends events or checkpoints.
      isPatientAfter: ({ kind }) => kind === 'caught_up',
      isOpenedAgain: isNotLeader,
      failure: (error) => this.#readError(client, 'the subscription broke off', error),
      signal,
    });
  }

  #readError(client: EventStoreDBClient, what: string, error: unknown): Error {
    if (error instanceof StoreUnavailable) {
      if (error instanceof StoreSilent) this.#replace(client);
      return error;
    }
    // This client was closed because it was silent in another call.
    if (client !== this.#reader)
      return new StoreSilent(`${what}: its connection was closed because the event store was silent`, {
        cause: error,
      });
    return storeUnavailable(what, error);
  }

  /** Replaces a silent client. Its other calls end with an error; repeated, they go through the new client. */
  #replace(silent: EventStoreDBClient): void {
    if (this.#reader !== silent) return;
    this.#reader = openClient(this.#connectionString);
    closeClient(silent).catch(() => {}); // it did not answer anyway
  }

  /**
   * Reads the position of an event that was appended: a server may confirm a repeated append without its position.
   * @throws AppendOutcomeUnknown when it cannot be read now: the append has an answer, but not the whole of it
   */
  async #positionOf(stream: string, revision: number): Promise<bigint> {
    try {
      for await (const { position } of this.readStream(stream, { fromRevision: revision, maxCount: 1 }))
        return position;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      throw new AppendOutcomeUnknown(`${stream} has taken the events, but not said where: ${error.message}`, {
        cause: error,
      });
    }
    throw new Error(`${stream} has no event ${revision}, although the server said that it stored it`);
  }
}
