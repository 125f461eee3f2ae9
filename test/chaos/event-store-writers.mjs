/**
 * Sixty-four writers in a separate process, so that a crash of the client over a lost answer would be seen. They
 * tell the parent process what was tried and what was acknowledged. A failed append has an unknown outcome, and is
 * sent again unchanged until it is acknowledged.
 */
import { randomUUID } from 'node:crypto';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';

const WRITERS = 64;
const RETRY_MS = 25;
const client = EventStoreDBClient.connectionString(process.argv[2]);
let stopping = false;

const newEvents = () =>
  Array.from({ length: 1 + Math.floor(Math.random() * 4) }, () =>
    jsonEvent({ id: randomUUID(), type: 'Written', data: { text: 'x'.repeat(Math.random() * 800) } }),
  );

async function write() {
  let stream = '';
  let revision = -1;
  while (!stopping) {
    if (revision > 20 || stream === '') {
      stream = `chaos-${randomUUID()}`;
      revision = -1;
    }
    const events = newEvents();
    const ids = events.map((event) => event.id);
    process.send({ tried: { stream, ids } });
    const { nextExpectedRevision, position } = await untilAcknowledged(stream, events, revision);
    process.send({
      acknowledged: {
        stream,
        ids,
        lastRevision: Number(nextExpectedRevision),
        position: Number(position.commit),
      },
    });
    revision += events.length;
  }
}

async function untilAcknowledged(stream, events, revision) {
  const expectedRevision = revision < 0 ? 'no_stream' : BigInt(revision);
  for (;;) {
    try {
      return await client.appendToStream(stream, events, { expectedRevision });
    } catch (error) {
      // A refusal would mean that an append was stored in part or twice.
      if (error.type === 'wrong-expected-version') throw error;
      process.send({ failed: String(error.type) });
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

process.once('message', () => (stopping = true));
await Promise.all(Array.from({ length: WRITERS }, write));
await client.dispose();
process.disconnect();
