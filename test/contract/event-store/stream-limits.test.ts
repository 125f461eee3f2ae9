import { expect } from '@jest/globals';
import { BACKWARDS, END, jsonEvent, WrongExpectedVersionError } from '@eventstore/db-client';
import { until } from '#test/support/until.js';
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

  protocol('$maxAge hides what is older, both ways, and from the stream alone', async () => {
    const { client } = subject;
    const stream = newStream();
    const { position } = await client.appendToStream(stream, numbered(1));
    await client.appendToStream(stream, numbered(1, { from: 1 }));
    await client.setStreamMetadata(stream, { maxAge: 3_600 });
    expect(await visible(stream)).toEqual([0, 1]);
    await client.setStreamMetadata(stream, { maxAge: 1 });
    await until('both events are too old', async () => (await visible(stream)).length === 0);
    expect(await visibleBackwards(stream)).toEqual([]);
    // What is new shows while what is old does not: a second is long, unless the machine is very busy.
    await until('a new event is younger than a second when it is read', async () => {
      const { nextExpectedRevision } = await client.appendToStream(stream, numbered(1));
      const shown = await visible(stream);
      return shown.length > 0 && !shown.includes(0) && shown.at(-1) === Number(nextExpectedRevision);
    });
    const all = await collect(client.readAll({ fromPosition: position! }));
    expect(all.some(({ event }) => event!.streamId === stream && event!.revision === 0n)).toBe(true);
    await client.setStreamMetadata(stream, { maxAge: 3_600 });
    expect((await visible(stream)).slice(0, 2)).toEqual([0, 1]);
  });

  protocol('of several limits the narrowest counts', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(10));
    await client.setStreamMetadata(stream, { maxCount: 4, truncateBefore: 3, maxAge: 3_600 });
    expect(await visible(stream)).toEqual([6, 7, 8, 9]);
    await client.setStreamMetadata(stream, { maxCount: 4, truncateBefore: 8 });
    expect(await visible(stream)).toEqual([8, 9]);
    expect(await visibleBackwards(stream)).toEqual([9, 8]);
  });

  protocol('a count is of what is shown, and a read from what is hidden begins at what is not', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(10));
    await client.setStreamMetadata(stream, { truncateBefore: 6 });
    const read = async (options: Parameters<typeof client.readStream>[1]) =>
      revisionsOf(await collect(client.readStream(stream, options)));
    expect(await read({ maxCount: 2 })).toEqual([6, 7]);
    expect(await read({ fromRevision: 2n, maxCount: 3 })).toEqual([6, 7, 8]);
    expect(await read({ direction: BACKWARDS, fromRevision: 7n })).toEqual([7, 6]);
    expect(await read({ direction: BACKWARDS, fromRevision: 3n })).toEqual([]);
  });

  protocol('truncation shows again when it is taken back, since nothing was scavenged', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(3));
    await client.setStreamMetadata(stream, { truncateBefore: 3 });
    await client.setStreamMetadata(stream, { truncateBefore: 1 });
    expect(await visible(stream)).toEqual([1, 2]);
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
