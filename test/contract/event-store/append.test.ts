import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import {
  binaryEvent,
  jsonEvent,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  WrongExpectedVersionError,
  type AppendExpectedRevision,
} from '@eventstore/db-client';
import {
  collect,
  eventStoreContract,
  newStream,
  numbered,
  numbersOf,
  rejection,
  revisionsOf,
} from './contract.js';

type State = 'absent' | 'present' | 'truncated' | 'soft-deleted' | 'tombstoned';

/** The revision the append ends at, or how it is refused: with the current revision, or as deleted. */
type Expectation = number | { current: bigint | 'no_stream' } | 'deleted';

// Source: IndexWriter.CheckCommit of EventStoreDB. Present, truncated and soft-deleted streams hold the
// revisions 0 to 2.
const MATRIX: [State, [AppendExpectedRevision, Expectation][]][] = [
  [
    'absent',
    [
      ['any', 0],
      ['no_stream', 0],
      ['stream_exists', { current: 'no_stream' }],
      [0n, { current: 'no_stream' }],
    ],
  ],
  ...(['present', 'truncated'] as const).map((state): [State, [AppendExpectedRevision, Expectation][]] => [
    state,
    [
      ['any', 3],
      ['no_stream', { current: 2n }],
      ['stream_exists', 3],
      [2n, 3],
      [1n, { current: 2n }],
      [5n, { current: 2n }],
    ],
  ]),
  [
    'soft-deleted',
    [
      ['any', 3],
      ['no_stream', 3],
      ['stream_exists', 'deleted'],
      [2n, 3],
      [1n, { current: 2n }],
      [5n, { current: 2n }],
    ],
  ],
  [
    'tombstoned',
    [
      ['any', 'deleted'],
      ['no_stream', 'deleted'],
      ['stream_exists', 'deleted'],
      [2n, 'deleted'],
    ],
  ],
];

eventStoreContract('appending', (subject) => {
  const { protocol, embedded } = subject;

  async function streamIn(state: State): Promise<string> {
    const { client } = subject;
    const stream = newStream();
    if (state !== 'absent') await client.appendToStream(stream, numbered(3));
    if (state === 'truncated') await client.setStreamMetadata(stream, { truncateBefore: 3 });
    if (state === 'soft-deleted') await client.deleteStream(stream);
    if (state === 'tombstoned') await client.tombstoneStream(stream);
    return stream;
  }

  for (const [state, rows] of MATRIX) {
    for (const [expectedRevision, expectation] of rows) {
      protocol(`to a stream that is ${state}, expecting ${expectedRevision}`, async () => {
        const stream = await streamIn(state);
        const appending = subject.client.appendToStream(stream, numbered(1, { from: 3 }), {
          expectedRevision,
        });
        if (typeof expectation === 'number') {
          const result = await appending;
          expect(result).toMatchObject({ success: true, nextExpectedRevision: BigInt(expectation) });
          expect(result.position?.commit).toBeGreaterThan(0n);
          return;
        }
        const error = await rejection(appending);
        if (expectation === 'deleted') {
          expect(error).toBeInstanceOf(StreamDeletedError);
          expect(error).toMatchObject({ streamName: stream });
          return;
        }
        expect(error).toBeInstanceOf(WrongExpectedVersionError);
        expect(error).toMatchObject({
          streamName: stream,
          expectedVersion: expectedRevision,
          actualVersion: expectation.current,
        });
      });
    }
  }

  protocol(
    'the same batch again below the head is a success with the same revision and position',
    async () => {
      const { client } = subject;
      const stream = newStream();
      const batch = numbered(3);
      const first = await client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
      await client.appendToStream(stream, numbered(2, { from: 3 }), { expectedRevision: 2n });
      const again = await client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
      expect(again.nextExpectedRevision).toBe(2n);
      expect(again.position).toEqual(first.position);
      expect(numbersOf(await collect(client.readStream(stream)))).toEqual([0, 1, 2, 3, 4]);
    },
  );

  protocol('ids decide about a repeat, not content', async () => {
    const { client } = subject;
    const stream = newStream();
    const id = randomUUID();
    await client.appendToStream(stream, jsonEvent({ id, type: 'A', data: { n: 1 } }), {
      expectedRevision: 'no_stream',
    });
    const again = jsonEvent({ id, type: 'B', data: { n: 2 } });
    const result = await client.appendToStream(stream, again, { expectedRevision: 'no_stream' });
    expect(result.nextExpectedRevision).toBe(0n);
    expect(numbersOf(await collect(client.readStream(stream)))).toEqual([1]);
  });

  protocol('a batch that repeats only in part is refused whole', async () => {
    const { client } = subject;
    const stream = newStream();
    const batch = numbered(2);
    await client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    for (const events of [
      [...batch, ...numbered(1, { from: 2 })],
      [batch[0]!, ...numbered(1, { from: 2 })],
      [batch[1]!, batch[0]!],
    ]) {
      const error = await rejection(client.appendToStream(stream, events, { expectedRevision: 'no_stream' }));
      expect(error).toBeInstanceOf(WrongExpectedVersionError);
      expect(error).toMatchObject({ actualVersion: 1n });
    }
    expect(numbersOf(await collect(client.readStream(stream)))).toEqual([0, 1]);
  });

  protocol('expecting any, an immediate repeat is told from a new append', async () => {
    const { client } = subject;
    const stream = newStream();
    const batch = numbered(2);
    await client.appendToStream(stream, batch);
    const again = await client.appendToStream(stream, batch);
    expect(again.nextExpectedRevision).toBe(1n);
    const partly = rejection(client.appendToStream(stream, [batch[0]!, ...numbered(1, { from: 9 })]));
    expect(await partly).toBeInstanceOf(WrongExpectedVersionError);
    expect(await collect(client.readStream(stream))).toHaveLength(2);
  });

  protocol('the same id in another stream is another event', async () => {
    const { client } = subject;
    const batch = numbered(1);
    const streams = [newStream(), newStream()];
    for (const stream of streams) await client.appendToStream(stream, batch);
    for (const stream of streams) expect(await collect(client.readStream(stream))).toHaveLength(1);
  });

  protocol('of many writers at one revision exactly one wins', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(1));
    const results = await Promise.allSettled(
      Array.from({ length: 32 }, (_, n) =>
        client.appendToStream(stream, numbered(2, { from: n }), { expectedRevision: 0n }),
      ),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(WrongExpectedVersionError);
    }
    expect(revisionsOf(await collect(client.readStream(stream)))).toEqual([0, 1, 2]);
  });

  protocol('appends sent one after the other without waiting are decided in that order', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(1));
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        client.appendToStream(stream, numbered(1, { from: n + 1 }), { expectedRevision: BigInt(n) }),
      ),
    );
    expect(results.map((result) => Number(result.nextExpectedRevision))).toEqual(
      Array.from({ length: 50 }, (_, n) => n + 1),
    );
  });

  protocol('positions grow in the order of the acknowledgements', async () => {
    const { client } = subject;
    let last = -1n;
    for (let n = 0; n < 5; n++) {
      const { position } = await client.appendToStream(newStream(), numbered(2));
      expect(position!.commit).toBeGreaterThan(last);
      expect(position!.commit).toBeGreaterThanOrEqual(position!.prepare);
      last = position!.commit;
    }
  });

  protocol('a large batch in several messages is one append', async () => {
    const { client } = subject;
    const stream = newStream();
    const batch = numbered(1_500);
    const result = await client.appendToStream(stream, batch, {
      expectedRevision: 'no_stream',
      batchAppendSize: 10_000,
    });
    expect(result.nextExpectedRevision).toBe(1_499n);
    const stored = await collect(client.readStream(stream));
    expect(stored.map(({ event }) => event!.id)).toEqual(batch.map((event) => event.id));
  });

  protocol('more than 1 MiB is refused and leaves nothing', async () => {
    const { client } = subject;
    const stream = newStream();
    const half = () => binaryEvent({ type: 'Large', data: new Uint8Array(600_000) });
    const error = await rejection(
      client.appendToStream(stream, [half(), half()], { expectedRevision: 'no_stream' }),
    );
    expect(error).toBeInstanceOf(MaxAppendSizeExceededError);
    expect(error).toMatchObject({ maxAppendSize: 1_048_576 });
    const one = await client.appendToStream(stream, half(), { expectedRevision: 'no_stream' });
    expect(one.nextExpectedRevision).toBe(0n);
  });

  embedded('an event far over the limit is refused without breaking the other appends', async () => {
    const { client } = subject;
    const stream = newStream();
    const huge = binaryEvent({ type: 'Huge', data: new Uint8Array(9_000_000) });
    const [refused, ...others] = await Promise.allSettled([
      client.appendToStream(newStream(), huge),
      client.appendToStream(stream, numbered(1)),
      client.appendToStream(newStream(), numbered(1)),
    ]);
    expect((refused as PromiseRejectedResult).reason).toBeInstanceOf(MaxAppendSizeExceededError);
    expect(others.map((other) => other.status)).toEqual(['fulfilled', 'fulfilled']);
  });

  protocol('ids, types, data and metadata come back as they were, in any script', async () => {
    const { client } = subject;
    const stream = newStream('bestellung-ü-注文-🧺');
    const id = randomUUID();
    const bytes = new Uint8Array(256).map((_, index) => index);
    await client.appendToStream(stream, [
      jsonEvent({ id, type: 'Größe-型', data: { text: 'é\u0000"\\\n🧺' }, metadata: { who: 'Ångström' } }),
      binaryEvent({ type: 'Bytes', data: bytes, metadata: bytes }),
      jsonEvent({ type: 'Bare', data: {} }),
    ]);
    const [json, binary, bare] = await collect(client.readStream(stream));
    expect(json!.event).toMatchObject({
      streamId: stream,
      id,
      type: 'Größe-型',
      isJson: true,
      data: { text: 'é\u0000"\\\n🧺' },
      metadata: { who: 'Ångström' },
    });
    expect(Math.abs(json!.event!.created.getTime() - Date.now())).toBeLessThan(60_000);
    expect(binary!.event).toMatchObject({ isJson: false, revision: 1n });
    expect(Buffer.from(binary!.event!.data as Uint8Array)).toEqual(Buffer.from(bytes));
    expect(Buffer.from(binary!.event!.metadata as Uint8Array)).toEqual(Buffer.from(bytes));
    expect(bare!.event!.metadata).toBeUndefined();
  });

  protocol('the plain append, used with credentials, answers like the batch append', async () => {
    const { client } = subject;
    const stream = newStream();
    const credentials = { username: 'admin', password: 'changeit' };
    const batch = numbered(2);
    const options = { expectedRevision: 'no_stream', credentials } as const;
    const first = await client.appendToStream(stream, batch, options);
    expect(first).toMatchObject({ success: true, nextExpectedRevision: 1n });
    const again = await client.appendToStream(stream, batch, options);
    expect(again.position).toEqual(first.position);
    expect(await rejection(client.appendToStream(stream, numbered(1), options))).toMatchObject({
      type: 'wrong-expected-version',
      streamName: stream,
      expectedVersion: 'no_stream',
      actualVersion: 1n,
    });
    const large = binaryEvent({ type: 'Large', data: new Uint8Array(1_100_000) });
    expect(await rejection(client.appendToStream(stream, large, { credentials }))).toMatchObject({
      type: 'maximum-append-size-exceeded',
      maxAppendSize: 1_048_576,
    });
    await client.tombstoneStream(stream);
    expect(await rejection(client.appendToStream(stream, numbered(1), { credentials }))).toMatchObject({
      type: 'stream-deleted',
      streamName: stream,
    });
  });

  embedded('an id that is no UUID is refused alone', async () => {
    const { client } = subject;
    const [bad, good] = await Promise.allSettled([
      client.appendToStream(newStream(), jsonEvent({ id: 'no-uuid', type: 'A', data: {} })),
      client.appendToStream(newStream(), numbered(1)),
    ]);
    expect((bad as PromiseRejectedResult).reason).toMatchObject({
      message: expect.stringContaining('"no-uuid" is no UUID') as unknown,
    });
    expect(good.status).toBe('fulfilled');
    const credentials = { username: 'admin', password: 'changeit' };
    const plain = client.appendToStream(newStream(), jsonEvent({ id: 'no-uuid', type: 'A', data: {} }), {
      credentials,
    });
    expect(await rejection(plain)).toMatchObject({ code: 3 });
  });

  embedded('names PostgreSQL cannot hold and appends to $all are refused', async () => {
    const { client } = subject;
    for (const name of ['', 'nul\0', 'x'.repeat(601)]) {
      expect(await rejection(client.appendToStream(name, numbered(1)))).toBeInstanceOf(Error);
    }
    expect(await rejection(client.appendToStream('$all', numbered(1)))).toMatchObject({
      type: 'access-denied',
    });
  });

  embedded('an append whose deadline has passed is not written', async () => {
    const { client } = subject;
    const stream = newStream();
    const error = await rejection(client.appendToStream(stream, numbered(1), { deadline: -1_000 }));
    expect(error).toMatchObject({ type: 'deadline-exceeded' });
    expect(await rejection(collect(client.readStream(stream)))).toMatchObject({ type: 'stream-not-found' });
  });

  embedded('an append of nothing changes nothing', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(2));
    expect(await client.appendToStream(stream, [])).toMatchObject({
      success: true,
      nextExpectedRevision: 1n,
    });
    expect(await collect(client.readStream(stream))).toHaveLength(2);
  });
});
