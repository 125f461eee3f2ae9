import { once } from 'node:events';
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { supportedMethodsCall } from '../../apps/event-store/src/server-info.calls.js';
import {
  decodeBatchAppendRequest,
  type BatchAppendChunk,
} from '../../apps/event-store/src/wire/append-requests.js';
import { encodeBatchAppendSuccess } from '../../apps/event-store/src/wire/append-responses.js';
import { FrameBatch, serializeFrames } from '../../apps/event-store/src/wire/frames.js';
import { ServerFeaturesService, StreamsService } from '../../apps/event-store/src/wire/generated.js';
import { parseReadRequest } from '../../apps/event-store/src/wire/read-request.js';
import { encodeReadFrame } from '../../apps/event-store/src/wire/recorded-event.js';

/**
 * The least that a client of EventStoreDB's protocol accepts as a server; the embedded store is compared with it.
 * It confirms every append as asked, without a check, and keeps the encoded events in memory. It uses the embedded
 * store's own wire encoding, so that the comparison shows the cost of the store, not of a slower codec.
 */
const WRITE_MAX_EVENTS = 200;

const frames: Buffer[] = [];

function keep(chunk: BatchAppendChunk, stream: string, before: number): void {
  for (const [index, event] of chunk.events.entries()) {
    const place = {
      position: frames.length + 1,
      stream,
      revision: before + 1 + index,
      createdMs: Date.now(),
    };
    frames.push(encodeReadFrame({ ...place, ...event }));
  }
}

/** Expects every append in one message: the bench sends none that needs more. */
function batchAppend(call: ServerDuplexStream<BatchAppendChunk, FrameBatch>): void {
  let answers: Buffer[] = [];
  call.on('data', (chunk: BatchAppendChunk) => {
    const { stream, expected } = chunk.options!;
    const before = typeof expected === 'number' ? expected : -1;
    keep(chunk, stream, before);
    answers.push(
      encodeBatchAppendSuccess(chunk.correlationId, stream, before + chunk.events.length, frames.length),
    );
    if (answers.length > 1) return;
    queueMicrotask(() => {
      call.write(new FrameBatch(answers));
      answers = [];
    });
  });
  call.on('end', () => call.end());
}

async function read(call: ServerWritableStream<ReadReq, FrameBatch>): Promise<void> {
  const { maxCount } = parseReadRequest(call.request);
  const end = Math.min(frames.length, maxCount ?? 0);
  for (let start = 0; start < end; start += WRITE_MAX_EVENTS) {
    const batch = new FrameBatch(frames.slice(start, Math.min(end, start + WRITE_MAX_EVENTS)));
    if (!call.write(batch)) await once(call, 'drain');
  }
  call.end();
}

const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
const streamsService = {
  batchAppend: {
    ...StreamsService.batchAppend,
    requestDeserialize: decodeBatchAppendRequest,
    responseSerialize: serializeFrames,
  },
  read: { ...StreamsService.read, responseSerialize: serializeFrames },
} as unknown as ServiceDefinition;
server.addService(streamsService, {
  batchAppend,
  read: (call: ServerWritableStream<ReadReq, FrameBatch>) => void read(call),
});
server.addService(ServerFeaturesService, { getSupportedMethods: supportedMethodsCall });
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.send?.(port);
});
process.once('disconnect', () => process.exit(0));
