import { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import { AppendResp, type AppendReq } from '@eventstore/db-client/generated/streams_pb.js';
import { status, type handleClientStreamingCall } from '@grpc/grpc-js';
import { expect, it } from '@jest/globals';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { AppendOutcomeUnknown } from '#event-store/errors.js';
import { someEvent, someStream } from '../../support/stored-events.js';
import { startStreamsServer } from '../../support/streams-server.js';

/** Confirms every append, without a position. */
const confirm: handleClientStreamingCall<AppendReq, AppendResp> = (call, reply) => {
  call.resume();
  call.on('end', () => {
    const success = new AppendResp.Success().setCurrentRevision('0').setNoPosition(new Empty());
    reply(null, new AppendResp().setSuccess(success));
  });
};

it('an append whose position the server neither tells nor lets read is not said to have done nothing', async () => {
  const server = await startStreamsServer((call) => {
    call.emit('error', { code: status.UNAVAILABLE, details: 'not now' });
  }, confirm);
  const store = new DbClientEventStore({ connectionString: server.url });
  try {
    const appended = store.append(someStream(), [someEvent()], 'no_stream');
    await expect(appended).rejects.toBeInstanceOf(AppendOutcomeUnknown);
  } finally {
    await store.close();
    server.close();
  }
});
