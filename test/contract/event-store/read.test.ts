import { expect } from '@jest/globals';
import {
  BACKWARDS,
  END,
  FORWARDS,
  jsonEvent,
  START,
  StreamDeletedError,
  StreamNotFoundError,
  type AllStreamResolvedEvent,
  type Position,
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

eventStoreContract('reading a stream', (subject) => {
  const { protocol, embedded } = subject;

  async function streamOf(count: number): Promise<string> {
    const stream = newStream();
    await subject.client.appendToStream(stream, numbered(count));
    return stream;
  }

  const range = (from: number, to: number): number[] =>
    Array.from({ length: Math.abs(to - from) + 1 }, (_, index) => (to >= from ? from + index : from - index));

  protocol('forwards and backwards, from either end or a revision, with and without a count', async () => {
    const { client } = subject;
    const stream = await streamOf(10);
    for (const [options, expected] of [
      [{}, range(0, 9)],
      [{ fromRevision: START, maxCount: 3 }, range(0, 2)],
      [{ fromRevision: 4n }, range(4, 9)],
      [{ fromRevision: 4n, maxCount: 2 }, [4, 5]],
      [{ fromRevision: 9n }, [9]],
      [{ fromRevision: 10n }, []],
      [{ fromRevision: 1_000n }, []],
      [{ fromRevision: END }, []],
      [{ direction: BACKWARDS, fromRevision: END }, range(9, 0)],
      [{ direction: BACKWARDS, fromRevision: END, maxCount: 1 }, [9]],
      [{ direction: BACKWARDS, fromRevision: 4n }, range(4, 0)],
      [{ direction: BACKWARDS, fromRevision: 4n, maxCount: 2 }, [4, 3]],
      [{ direction: BACKWARDS, fromRevision: START }, [0]],
      [{ direction: BACKWARDS, fromRevision: 1_000n, maxCount: 2 }, [9, 8]],
    ] as const) {
      const events = await collect(client.readStream(stream, { direction: FORWARDS, ...options }));
      expect([options, revisionsOf(events)]).toEqual([options, expected]);
      expect(numbersOf(events)).toEqual(expected);
    }
  });

  protocol('a stream of several pages, both ways', async () => {
    const { client } = subject;
    const stream = newStream();
    for (let from = 0; from < 2_500; from += 500)
      await client.appendToStream(stream, numbered(500, { from }));
    expect(revisionsOf(await collect(client.readStream(stream)))).toEqual(range(0, 2_499));
    const back = client.readStream(stream, { direction: BACKWARDS, fromRevision: END });
    expect(revisionsOf(await collect(back))).toEqual(range(2_499, 0));
    const part = client.readStream(stream, { fromRevision: 700n, maxCount: 1_200 });
    expect(revisionsOf(await collect(part))).toEqual(range(700, 1_899));
  });

  protocol('a stream that never was is not found', async () => {
    const { client } = subject;
    const stream = newStream('fehlt-ü');
    for (const options of [{}, { direction: BACKWARDS, fromRevision: END }, { fromRevision: 5n }] as const) {
      const error = await rejection(collect(client.readStream(stream, options)));
      expect(error).toBeInstanceOf(StreamNotFoundError);
      expect(error).toMatchObject({ streamName: stream });
    }
  });

  protocol('a tombstoned stream is deleted', async () => {
    const { client } = subject;
    const stream = await streamOf(2);
    await client.tombstoneStream(stream);
    const error = await rejection(collect(client.readStream(stream)));
    expect(error).toBeInstanceOf(StreamDeletedError);
    expect(error).toMatchObject({ streamName: stream });
  });

  protocol('a reader that stops half-way leaves the client usable', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(2_000));
    for await (const { event } of client.readStream(stream)) {
      if (event!.revision === 10n) break;
    }
    expect(await collect(client.readStream(stream, { maxCount: 5 }))).toHaveLength(5);
  });

  protocol('an append is readable when it is acknowledged', async () => {
    const { client } = subject;
    const stream = newStream();
    for (let n = 0; n < 20; n++) {
      await client.appendToStream(stream, numbered(1, { from: n }));
      const [last] = await collect(
        client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 1 }),
      );
      expect(numbersOf([last!])).toEqual([n]);
    }
  });

  embedded('a page of large events is cut by bytes and nothing is lost', async () => {
    const { client } = subject;
    const stream = newStream();
    const text = 'x'.repeat(900_000);
    for (let n = 0; n < 12; n++)
      await client.appendToStream(stream, jsonEvent({ type: 'Large', data: { n, text } }));
    expect(numbersOf(await collect(client.readStream(stream)))).toEqual(range(0, 11));
  });
});

eventStoreContract('reading $all', (subject) => {
  const { protocol } = subject;

  /** Three streams written in turn: their events in the order of `$all`, with the positions acknowledged. */
  async function written(): Promise<{ streams: Set<string>; first: Position; ids: string[] }> {
    const streams = [newStream(), newStream(), newStream()];
    const ids: string[] = [];
    let first: Position | undefined;
    for (let round = 0; round < 4; round++) {
      for (const stream of streams) {
        const batch = numbered(2, { from: round * 2 });
        const { position } = await subject.client.appendToStream(stream, batch);
        ids.push(...batch.map((event) => event.id));
        first ??= (await collect(subject.client.readStream(stream, { maxCount: 1 })))[0]!.event!.position!;
        expect(position).toBeDefined();
      }
    }
    return { streams: new Set(streams), first: first!, ids };
  }

  const idsOf = (events: readonly AllStreamResolvedEvent[], streams: ReadonlySet<string>): string[] =>
    events.filter(({ event }) => streams.has(event!.streamId)).map(({ event }) => event!.id);

  protocol('gives every event once in the order of writing, both ways', async () => {
    const { client } = subject;
    const { streams, first, ids } = await written();
    const forwards = await collect(client.readAll({ fromPosition: first }));
    expect(idsOf(forwards, streams)).toEqual(ids);
    const backwards = await collect(
      client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: forwards.length }),
    );
    expect(idsOf(backwards, streams)).toEqual([...ids].reverse());
    const positions = forwards.map(({ event }) => event!.position.commit);
    expect(positions).toEqual([...positions].sort((a, b) => (a < b ? -1 : 1)));
    expect(new Set(positions).size).toBe(positions.length);
  });

  // Source: ReadAllEventsForward and -Backward of EventStoreDB: a position stands before its event.
  protocol('a position is included forwards and excluded backwards', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(3));
    const [, second] = await collect(client.readStream(stream));
    const fromPosition = second!.event!.position!;
    const [ahead] = await collect(client.readAll({ fromPosition, maxCount: 1 }));
    expect(ahead!.event!.id).toBe(second!.event!.id);
    const [behind] = await collect(client.readAll({ direction: BACKWARDS, fromPosition, maxCount: 1 }));
    expect(behind!.event!.revision).toBe(0n);
    expect(behind!.event!.streamId).toBe(stream);
  });

  protocol('there is nothing after the end and nothing before the start', async () => {
    const { client } = subject;
    await client.appendToStream(newStream(), numbered(1));
    expect(await collect(client.readAll({ fromPosition: END }))).toEqual([]);
    expect(await collect(client.readAll({ direction: BACKWARDS, fromPosition: START }))).toEqual([]);
    expect(await collect(client.readAll({ fromPosition: START, maxCount: 2 }))).toHaveLength(2);
    expect(
      await collect(client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 })),
    ).toHaveLength(1);
  });

  protocol('system events and events hidden in their streams are in it', async () => {
    const { client } = subject;
    const stream = newStream();
    const { position } = await client.appendToStream(stream, numbered(1));
    await client.appendToStream(stream, numbered(2, { from: 1 }));
    await client.setStreamMetadata(stream, { maxCount: 1 });
    await client.tombstoneStream(stream);
    const events = (await collect(client.readAll({ fromPosition: position! }))).filter(({ event }) =>
      event!.streamId.endsWith(stream),
    );
    expect(events.map(({ event }) => [event!.streamId, event!.type, event!.revision])).toEqual([
      [stream, 'Counted', 0n],
      [stream, 'Counted', 1n],
      [stream, 'Counted', 2n],
      [`$$${stream}`, '$metadata', 0n],
      [stream, '$streamDeleted', 9_223_372_036_854_775_807n],
    ]);
  });
});
