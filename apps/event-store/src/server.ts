import { randomUUID } from 'node:crypto';
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { createLogger, type Logger } from '#platform/logging.js';
import { gossipCall, refuseAll, supportedMethodsCall } from './server-info.calls.js';
import { StorageUnavailable } from './storage/event-reader.js';
import { appendCall } from './streams/append.call.js';
import { BatchAppendCall } from './streams/batch-append.call.js';
import { deadlineOf } from './streams/call-deadline.js';
import { deleteCall, tombstoneCall } from './streams/delete.call.js';
import { readAll, readStream } from './streams/read.js';
import { openStore, type Store } from './streams/store.js';
import { subscribeToAll, subscribeToStream } from './streams/subscribe.js';
import {
  decodeAppendRequest,
  decodeBatchAppendRequest,
  InvalidRequest,
  type BatchAppendChunk,
} from './wire/append-requests.js';
import { CallError, deadlineExceeded, internal, invalidArgument, unavailable } from './wire/errors.js';
import { serializeFrames, type FrameBatch } from './wire/frames.js';
import {
  GossipService,
  PersistentSubscriptionsService,
  ProjectionsService,
  ServerFeaturesService,
  StreamsService,
} from './wire/generated.js';
import { parseReadRequest } from './wire/read-request.js';
import { ReplyStream } from './wire/reply-stream.js';

export interface EventStoreOptions {
  postgresUrl: string;
  /** 0: any free port. */
  port: number;
  host?: string;
  logger?: Logger;
  /** Longest wait for PostgreSQL. */
  answerLimitMs?: number;
  /**
   * Called, with the reason in one line, when what this server knows of the streams no longer holds. The server cannot
   * go on then: the callback has to end it.
   */
  onOutdated?: (why: string) => void;
  /** How long another event store may hold the database before `onOutdated` is called; default 30 seconds. */
  takenOverAfterMs?: number;
}

export interface RunningEventStore {
  port: number;
  /** How many reads, subscriptions and batch appends are under way. */
  openCalls(): number;
  /** How many subscriptions are registered for new events. */
  listeners(): number;
  /** Stops accepting, finishes the commit under way, ends the subscriptions. */
  close(): Promise<void>;
}

/**
 * Far above the append limit, so that an append over that limit gets an answer. A message over this limit breaks
 * the call, and with it every append on it.
 */
const RECEIVE_MAX_BYTES = 17 * 1024 * 1024;
const DRAIN_MS = 5_000;

/**
 * Starts the event store: EventStoreDB's protocol over a PostgreSQL database of its own.
 *
 * @throws Error in one line when the port is taken, PostgreSQL is away or another server writes there.
 */
export async function startEventStore(options: EventStoreOptions): Promise<RunningEventStore> {
  const { postgresUrl, host = '127.0.0.1', logger = createLogger('event-store') } = options;
  const { answerLimitMs, takenOverAfterMs, onOutdated = () => {} } = options;
  const store = await openStore({ postgresUrl, logger, onOutdated, answerLimitMs, takenOverAfterMs });
  const server = new Server({
    'grpc.max_receive_message_length': RECEIVE_MAX_BYTES,
    'grpc.max_send_message_length': -1,
  });
  const open = new Set<{ fail: () => void }>();
  let port = 0;
  addServices(server, store, open, () => port);
  try {
    port = await bind(server, host, options.port);
  } catch (error) {
    await store.close();
    throw error;
  }
  const close = async () => {
    const stopped = shutDown(server);
    await store.writer.close();
    for (const call of open) call.fail();
    await stopped;
    await store.close();
  };
  return { port, openCalls: () => open.size, listeners: () => store.signals.size, close };
}

function addServices(
  server: Server,
  store: Store,
  open: Set<{ fail: () => void }>,
  port: () => number,
): void {
  const { read, append, batchAppend } = StreamsService;
  // The hot messages have their own encoding; the rest goes through the generated classes.
  const streamsService = {
    ...StreamsService,
    read: { ...read, responseSerialize: serializeFrames },
    append: { ...append, requestDeserialize: decodeAppendRequest },
    batchAppend: {
      ...batchAppend,
      requestDeserialize: decodeBatchAppendRequest,
      responseSerialize: serializeFrames,
    },
  } as unknown as ServiceDefinition;
  server.addService(streamsService, {
    read: (call: ServerWritableStream<ReadReq, FrameBatch>) => {
      const reply = new ReplyStream(call);
      // Nobody is told any more of the end of a call whose deadline passed before it came here.
      if ((deadlineOf(call) ?? Infinity) <= Date.now()) return reply.fail(deadlineExceeded());
      const ending = { fail: () => reply.fail(unavailable()) };
      open.add(ending);
      reply.onClosed(() => open.delete(ending));
      void answerRead(store, call.request, reply);
    },
    append: appendCall.bind(null, store),
    batchAppend: (call: ServerDuplexStream<BatchAppendChunk, FrameBatch>) => {
      const appends = new BatchAppendCall(store, call);
      open.add(appends);
      call.on('close', () => open.delete(appends));
      call.on('cancelled', () => open.delete(appends));
    },
    delete: deleteCall.bind(null, store),
    tombstone: tombstoneCall.bind(null, store),
  });
  server.addService(ServerFeaturesService, { getSupportedMethods: supportedMethodsCall });
  server.addService(GossipService, { read: gossipCall(randomUUID(), port) });
  for (const [service, what] of [
    [PersistentSubscriptionsService, 'persistent subscriptions'],
    [ProjectionsService, 'projections'],
  ] as const) {
    const definition = service as unknown as ServiceDefinition;
    server.addService(definition, refuseAll(definition, what) as UntypedServiceImplementation);
  }
}

async function answerRead(store: Store, message: ReadReq, reply: ReplyStream): Promise<void> {
  try {
    const request = parseReadRequest(message);
    const { stream, maxCount } = request;
    if (maxCount === null) {
      if (stream === null) await subscribeToAll(store, request, reply);
      else await subscribeToStream(store, { ...request, stream }, reply);
    } else if (stream === null) await readAll(store, { ...request, maxCount }, reply);
    else await readStream(store, { ...request, stream, maxCount }, reply);
  } catch (error) {
    reply.fail(callErrorOf(store, error));
  }
}

function callErrorOf(store: Store, error: unknown): CallError {
  if (error instanceof CallError) return error;
  if (error instanceof InvalidRequest) return invalidArgument(error.message);
  if (error instanceof StorageUnavailable) return unavailable();
  // PostgreSQL refused the query, or a row cannot be read: asking again is of no use, and a person has to be told.
  store.logger.error({ err: error }, 'a read failed');
  return internal();
}

async function bind(server: Server, host: string, port: number): Promise<number> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (!error) return resolve(bound);
      const taken = error.message.includes('EADDRINUSE');
      reject(taken ? new Error(`port ${port} is taken: stop what listens there or choose another`) : error);
    });
  });
}

async function shutDown(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, DRAIN_MS);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}
