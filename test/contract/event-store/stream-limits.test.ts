import { expect } from '@jest/globals';
import {
  BACKWARDS,
  END,
  jsonEvent,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { collect, eventStoreContract, newStream, numbered, rejection, revisionsOf } from './contract.js';

eventStoreContract('stream metadata', (subject) => {
  const { protocol, embedded } = subject;

  const visible = async (stream: string): Promise<number[]> =>
    revisionsOf(await collect(subject.client.readStream(stream)));
  const visibleBackwards = async (stream: string): Promise<number[]> =>
    revisionsOf(
      await collect(subject.client.readStream(stream, { direction: BACKWARDS, fromRevision: END })),
    );

  protocol('is kept in a stream of its own, of which the last event counts', async () => {
    const { client } = subject;
    const stream = newStream();
    expect(await client.getStreamMetadata(stream)).toEqual({ streamName: stream });
    const first = await client.setStreamMetadata(stream, { maxCount: 5 }, { expectedRevision: 'no_stream' });
    expect(first.nextExpectedRevision).toBe(0n);
    const error = await rejection(client.setStreamMetadata(stream, {}, { expectedRevision: 'no_stream' }));
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
    await client.setStreamMetadata(stream, { maxAge: 60, owner: 'ü' }, { expectedRevision: 0n });
    expect(await client.getStreamMetadata(stream)).toMatchObject({ metadata: { maxAge: 60, owner: 'ü' } });
    // Source: EventStoreDB gives metastreams a $maxCount of 1.
    expect(await visible(`$$${stream}`)).toEqual([1]);
  });

  protocol('$maxCount shows the last events only', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(5));
    await client.setStreamMetadata(stream, { maxCount: 2 });
    expect(await visible(stream)).toEqual([3, 4]);
    expect(await visibleBackwards(stream)).toEqual([4, 3]);
    await client.appendToStream(stream, numbered(1), { expectedRevision: 4n });
    expect(await visible(stream)).toEqual([4, 5]);
    expect(revisionsOf(await collect(client.readStream(stream, { fromRevision: 1n, maxCount: 4 })))).toEqual([
      4, 5,
    ]);
    await client.setStreamMetadata(stream, {});
    expect(await visible(stream)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  protocol('a stream with $maxCount 1 holds a latest value', async () => {
    const { client } = subject;
    const stream = newStream('order_snapshot');
    await client.setStreamMetadata(stream, { maxCount: 1 });
    for (let n = 0; n < 3; n++) {
      await client.appendToStream(stream, numbered(1, { from: n }), {
        expectedRevision: n === 0 ? 'no_stream' : BigInt(n - 1),
      });
      expect(await visible(stream)).toEqual([n]);
    }
  });

  protocol('$tb hides what lies before it, up to the whole stream', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(4));
    await client.setStreamMetadata(stream, { truncateBefore: 2 });
    expect(await visible(stream)).toEqual([2, 3]);
    expect(await visibleBackwards(stream)).toEqual([3, 2]);
    await client.setStreamMetadata(stream, { truncateBefore: 4 });
    expect(await visible(stream)).toEqual([]);
    expect(await visibleBackwards(stream)).toEqual([]);
    await client.appendToStream(stream, numbered(1), { expectedRevision: 3n });
    expect(await visible(stream)).toEqual([4]);
  });

  protocol('$maxAge hides what is older', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(2));
    await client.setStreamMetadata(stream, { maxAge: 1 });
    expect(await visible(stream)).toEqual([0, 1]);
    const deadline = Date.now() + 10_000;
    let left = await visible(stream);
    while (left.length > 0 && Date.now() < deadline) left = await visible(stream);
    expect(left).toEqual([]);
    await client.appendToStream(stream, numbered(1));
    expect(await visible(stream)).toEqual([2]);
  });

  embedded('metadata that makes no sense limits nothing', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(2));
    for (const data of [{ $maxCount: -1 }, { $maxCount: 'two' }, { $tb: -5 }, [1], 'text']) {
      await client.appendToStream(`$$${stream}`, jsonEvent({ type: '$metadata', data }));
      expect(await visible(stream)).toEqual([0, 1]);
    }
  });
});

eventStoreContract('deleting', (subject) => {
  const { protocol } = subject;

  protocol('a soft-deleted stream is not found, can be written again and goes on counting', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(3));
    const { position } = await client.deleteStream(stream, { expectedRevision: 2n });
    expect(position?.commit).toBeGreaterThan(0n);
    expect(await rejection(collect(client.readStream(stream)))).toBeInstanceOf(StreamNotFoundError);
    const again = await client.appendToStream(stream, numbered(2), { expectedRevision: 'no_stream' });
    expect(again.nextExpectedRevision).toBe(4n);
    expect(revisionsOf(await collect(client.readStream(stream)))).toEqual([3, 4]);
    expect((await client.getStreamMetadata(stream)).metadata).toMatchObject({ truncateBefore: 3 });
  });

  protocol('a stream can be deleted and written more than once', async () => {
    const { client } = subject;
    const stream = newStream();
    for (let round = 0; round < 3; round++) {
      await client.appendToStream(stream, numbered(1));
      expect(revisionsOf(await collect(client.readStream(stream)))).toEqual([round]);
      await client.deleteStream(stream);
      expect(await rejection(collect(client.readStream(stream)))).toBeInstanceOf(StreamNotFoundError);
    }
  });

  protocol('a deletion with the wrong revision is refused', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(3));
    for (const erase of [
      client.deleteStream(stream, { expectedRevision: 1n }),
      client.tombstoneStream(stream, { expectedRevision: 7n }),
      client.deleteStream(stream, { expectedRevision: 'no_stream' }),
    ]) {
      expect(await rejection(erase)).toBeInstanceOf(WrongExpectedVersionError);
    }
    expect(await collect(client.readStream(stream))).toHaveLength(3);
  });

  protocol('a tombstone is for ever', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(1));
    const { position } = await client.tombstoneStream(stream, { expectedRevision: 0n });
    expect(position?.commit).toBeGreaterThan(0n);
    expect(await rejection(client.tombstoneStream(stream))).toBeInstanceOf(StreamDeletedError);
    expect(await rejection(client.deleteStream(stream))).toBeInstanceOf(StreamDeletedError);
    expect(await rejection(client.setStreamMetadata(stream, {}))).toBeInstanceOf(StreamDeletedError);
  });

  protocol('a stream without events can be tombstoned', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.tombstoneStream(stream, { expectedRevision: 'no_stream' });
    expect(await rejection(client.appendToStream(stream, numbered(1)))).toBeInstanceOf(StreamDeletedError);
  });
});
