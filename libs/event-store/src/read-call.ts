import type { EventStoreDBClient } from '@eventstore/db-client';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { Client, type ClientReadableStream } from '@grpc/grpc-js';
import { internalsOf } from './client-internals.js';
import { StoreSilent } from './errors.js';
import type { StoredExactEvent } from './port.js';
import { decodeReadResponse, type ReadResponse } from './wire/read-response.js';
import { TimeoutError, within } from './within.js';

const METHOD = '/event_store.client.streams.Streams/Read';

/**
 * A call of `Streams.Read` over the client's connection, with answers decoded by hand (ADR 25). Every member of a
 * cluster but the leader refuses it. The client then turns to the leader that the refusal names.
 *
 * @param convert makes what the reader gets from an event
 * @throws StoreSilent when there is no connection in time
 */
export async function openReadCall<Event>(
  client: EventStoreDBClient,
  request: ReadReq,
  convert: (event: StoredExactEvent) => Event,
  timeoutMs: number,
): Promise<ClientReadableStream<ReadResponse<Event>>> {
  const internals = internalsOf(client);
  const open = internals.GRPCStreamCreator(Client, 'read', (grpc) =>
    grpc.makeServerStreamRequest<ReadReq, ReadResponse<Event>>(
      METHOD,
      (message) => Buffer.from(message.serializeBinary()),
      (message) => decodeReadResponse(message, convert),
      request,
      ...internals.callArguments({ requiresLeader: true }, { deadline: Infinity }),
    ),
  );
  const opening = open();
  try {
    return await within(timeoutMs, opening);
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    opening.then(
      (late) => late.on('error', () => {}).cancel(),
      () => {},
    );
    throw new StoreSilent(`no connection to the event store in ${timeoutMs} ms`);
  }
}
