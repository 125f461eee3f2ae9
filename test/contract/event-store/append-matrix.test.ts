import { expect } from '@jest/globals';
import {
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
  type AppendExpectedRevision,
} from '@eventstore/db-client';
import {
  collect,
  eventStoreContract,
  numbered,
  rejection,
  revisionsOf,
  streamIn,
  type StreamState,
} from './contract.js';

/** The revision that the append ends at, or how it is refused: with the current revision, or as deleted. */
type Expectation = number | { current: bigint | 'no_stream' } | 'deleted';

const BELOW = 1n;
const HEAD = 2n;
const ABOVE = 5n;

/** Of a stream that holds the revisions 0 to 2, hidden by its metadata or not. */
const OF_PRESENT: [AppendExpectedRevision, Expectation][] = [
  ['any', 3],
  ['no_stream', { current: HEAD }],
  ['stream_exists', 3],
  [BELOW, { current: HEAD }],
  [HEAD, 3],
  [ABOVE, { current: HEAD }],
];

// Source: EventStoreDB's `IndexWriter.CheckCommit`.
const MATRIX: Record<StreamState, [AppendExpectedRevision, Expectation][]> = {
  absent: [
    ['any', 0],
    ['no_stream', 0],
    ['stream_exists', { current: 'no_stream' }],
    [0n, { current: 'no_stream' }],
    [ABOVE, { current: 'no_stream' }],
  ],
  present: OF_PRESENT,
  truncated: OF_PRESENT,
  'soft-deleted': [
    ['any', 3],
    ['no_stream', 3],
    ['stream_exists', 'deleted'],
    [BELOW, { current: HEAD }],
    [HEAD, 3],
    [ABOVE, { current: HEAD }],
  ],
  tombstoned: [
    ['any', 'deleted'],
    ['no_stream', 'deleted'],
    ['stream_exists', 'deleted'],
    [BELOW, 'deleted'],
    [HEAD, 'deleted'],
    [ABOVE, 'deleted'],
  ],
};

/** What a read shows after the append, where it was accepted: what was hidden stays so. */
const SHOWN_AFTER: Partial<Record<StreamState, number[]>> = {
  absent: [0],
  present: [0, 1, 2, 3],
  truncated: [3],
  'soft-deleted': [3],
};

/** And where it was refused: nothing has changed. */
const SHOWN_BEFORE: Record<StreamState, number[] | typeof StreamNotFoundError | typeof StreamDeletedError> = {
  absent: StreamNotFoundError,
  present: [0, 1, 2],
  truncated: [],
  'soft-deleted': StreamNotFoundError,
  tombstoned: StreamDeletedError,
};

eventStoreContract('every expected revision in every state of a stream', (subject) => {
  // Source: the client's `appendToStream`: credentials of their own make it use `Append` instead of `BatchAppend`,
  // two calls of the protocol with answers of different shape.
  for (const call of ['batch append', 'plain append'] as const) {
    for (const [state, rows] of Object.entries(MATRIX) as [StreamState, typeof OF_PRESENT][]) {
      for (const [expectedRevision, expectation] of rows) {
        subject.protocol(`${call} to a stream that is ${state}, expecting ${expectedRevision}`, async () => {
          const { client, credentials } = subject;
          const stream = await streamIn(state, client);
          const shown = async () => revisionsOf(await collect(client.readStream(stream)));
          const appending = client.appendToStream(stream, numbered(1, { from: 3 }), {
            expectedRevision,
            ...(call === 'plain append' ? { credentials } : {}),
          });
          if (typeof expectation === 'number') {
            const result = await appending;
            expect(result).toMatchObject({ success: true, nextExpectedRevision: BigInt(expectation) });
            expect(result.position?.commit).toBeGreaterThan(0n);
            expect(await shown()).toEqual(SHOWN_AFTER[state]);
            return;
          }
          const error = await rejection(appending);
          if (expectation === 'deleted') {
            expect(error).toBeInstanceOf(StreamDeletedError);
            expect(error).toMatchObject({ type: 'stream-deleted', streamName: stream });
          } else {
            expect(error).toBeInstanceOf(WrongExpectedVersionError);
            expect(error).toMatchObject({
              type: 'wrong-expected-version',
              streamName: stream,
              expectedVersion: expectedRevision,
              actualVersion: expectation.current,
            });
          }
          const before = SHOWN_BEFORE[state];
          if (Array.isArray(before)) expect(await shown()).toEqual(before);
          else expect(await rejection(shown())).toBeInstanceOf(before);
        });
      }
    }
  }
});
