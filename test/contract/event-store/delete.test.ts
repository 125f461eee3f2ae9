import { expect } from '@jest/globals';
import {
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
  type ExpectedRevision,
} from '@eventstore/db-client';
import {
  collect,
  eventStoreContract,
  newStream,
  numbered,
  numbersOf,
  rejection,
  revisionsOf,
  streamIn,
  type StreamState,
} from './contract.js';

/** `done`, or how it is refused: with the current revision, or because the stream has ended. */
type Expectation = 'done' | bigint | 'deleted';
type Row = [expected: ExpectedRevision, deletion: Expectation, tombstone: Expectation];

/** Of a stream that holds the revisions 0 to 2, hidden or not. */
const OF_PRESENT: Row[] = [
  ['any', 'done', 'done'],
  ['no_stream', 2n, 2n],
  [1n, 2n, 2n],
  [2n, 'done', 'done'],
  [5n, 2n, 2n],
];

// Source: EventStoreDB's `IndexWriter.CheckCommit` and `StorageWriterService` (WriteDelete): a stream without events
// and metadata cannot be deleted, not even expecting any (KurrentDB issue 4637), but it can be tombstoned.
// `stream_exists` is left out: the client's `deleteStream` does not send it.
const MATRIX: Record<StreamState, Row[]> = {
  absent: [
    ['any', -1n, 'done'],
    ['no_stream', -1n, 'done'],
    [0n, -1n, -1n],
  ],
  present: OF_PRESENT,
  truncated: OF_PRESENT,
  'soft-deleted': [
    ['any', 'done', 'done'],
    ['no_stream', 'done', 'done'],
    [1n, 2n, 2n],
    [2n, 'done', 'done'],
    [5n, 2n, 2n],
  ],
  tombstoned: [
    ['any', 'deleted', 'deleted'],
    ['no_stream', 'deleted', 'deleted'],
    [2n, 'deleted', 'deleted'],
  ],
};

/** Source: EventStoreDB's `ExpectedVersion`; the client gives what the trailer says as it is. */
const numberOf = (expected: ExpectedRevision): bigint =>
  expected === 'any' ? -2n : expected === 'no_stream' ? -1n : expected;

eventStoreContract('deleting in every state of a stream', (subject) => {
  const ways = { deleteStream: 1, tombstoneStream: 2 } as const;
  for (const [way, column] of Object.entries(ways) as [keyof typeof ways, 1 | 2][]) {
    for (const [state, rows] of Object.entries(MATRIX) as [StreamState, Row[]][]) {
      for (const row of rows) {
        const [expectedRevision] = row;
        const expectation = row[column];
        subject.protocol(`${way} of one that is ${state}, expecting ${expectedRevision}`, async () => {
          const { client } = subject;
          const stream = await streamIn(state, client);
          const erasing = client[way](stream, { expectedRevision });
          if (expectation === 'done') {
            expect((await erasing).position?.commit).toBeGreaterThan(0n);
            const gone = column === 1 ? StreamNotFoundError : StreamDeletedError;
            expect(await rejection(collect(client.readStream(stream)))).toBeInstanceOf(gone);
            return;
          }
          const error = await rejection(erasing);
          if (expectation === 'deleted') {
            expect(error).toBeInstanceOf(StreamDeletedError);
            expect(error).toMatchObject({ streamName: stream });
            return;
          }
          expect(error).toBeInstanceOf(WrongExpectedVersionError);
          expect(error).toMatchObject({
            streamName: stream,
            expectedVersion: numberOf(expectedRevision),
            actualVersion: expectation,
          });
        });
      }
    }
  }
});

eventStoreContract('a deleted stream', (subject) => {
  const { protocol } = subject;
  const shown = async (stream: string) => revisionsOf(await collect(subject.client.readStream(stream)));

  protocol('is not found, can be written again and goes on counting', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(3));
    await client.deleteStream(stream, { expectedRevision: 2n });
    expect(await rejection(shown(stream))).toMatchObject({ type: 'stream-not-found', streamName: stream });
    const again = await client.appendToStream(stream, numbered(2), { expectedRevision: 'no_stream' });
    expect(again.nextExpectedRevision).toBe(4n);
    expect(await shown(stream)).toEqual([3, 4]);
    expect((await client.getStreamMetadata(stream)).metadata).toMatchObject({ truncateBefore: 3 });
  });

  protocol('can be deleted and written more than once', async () => {
    const { client } = subject;
    const stream = newStream();
    for (let round = 0; round < 3; round++) {
      await client.appendToStream(stream, numbered(1));
      expect(await shown(stream)).toEqual([round]);
      await client.deleteStream(stream);
      expect(await rejection(shown(stream))).toBeInstanceOf(StreamNotFoundError);
    }
  });

  protocol('loses its metadata, and shows nothing old when it gets other metadata', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.setStreamMetadata(stream, { maxCount: 2, owner: 'somebody' });
    await client.appendToStream(stream, numbered(3));
    await client.deleteStream(stream);
    const { metadata } = await client.getStreamMetadata<{ owner: string }>(stream);
    expect(metadata).not.toHaveProperty('maxCount');
    expect(metadata).not.toHaveProperty('owner');
    // Source: `SoftUndeleteMetastream` of EventStoreDB's `StorageWriterService`.
    await client.setStreamMetadata(stream, { maxCount: 5 });
    expect(await shown(stream)).toEqual([]);
    expect((await client.getStreamMetadata(stream)).metadata).toMatchObject({
      maxCount: 5,
      truncateBefore: 3,
    });
    await client.appendToStream(stream, numbered(1, { from: 3 }), { expectedRevision: 2n });
    expect(await shown(stream)).toEqual([3]);
  });

  protocol('keeps its events in $all', async () => {
    const { client } = subject;
    const stream = newStream();
    const { position } = await client.appendToStream(stream, numbered(1));
    await client.deleteStream(stream);
    const all = await collect(client.readAll({ fromPosition: position! }));
    expect(numbersOf(all.filter(({ event }) => event!.streamId === stream))).toEqual([0]);
  });
});

eventStoreContract('a tombstoned stream', (subject) => {
  const { protocol } = subject;

  protocol('has ended, and its metadata with it', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(1));
    await client.setStreamMetadata(stream, { maxCount: 5 });
    await client.tombstoneStream(stream, { expectedRevision: 0n });
    for (const use of [
      () => client.tombstoneStream(stream),
      () => client.deleteStream(stream),
      () => client.setStreamMetadata(stream, {}),
      () => client.getStreamMetadata(stream),
    ]) {
      expect(await rejection(use())).toBeInstanceOf(StreamDeletedError);
    }
  });

  protocol('may never have had an event', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.tombstoneStream(stream, { expectedRevision: 'no_stream' });
    expect(await rejection(client.appendToStream(stream, numbered(1)))).toBeInstanceOf(StreamDeletedError);
  });
});
