import { expect } from '@jest/globals';
import {
  BACKWARDS,
  END,
  FORWARDS,
  jsonEvent,
  START,
  StreamDeletedError,
  StreamNotFoundError,
} from '@eventstore/db-client';
import {
  collect,
  eventStoreContract,
  newStream,
  numbered,
  numbersOf,
  range,
  rejection,
  revisionsOf,
  streamIn,
} from './contract.js';

eventStoreContract('reading a stream', (subject) => {
  const { protocol, embedded } = subject;

  async function streamOf(count: number): Promise<string> {
    const stream = newStream();
    await subject.client.appendToStream(stream, numbered(count));
    return stream;
  }

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
      [{ direction: BACKWARDS, fromRevision: END }, range(9, 0)],
      [{ direction: BACKWARDS, fromRevision: END, maxCount: 1 }, [9]],
      [{ direction: BACKWARDS, fromRevision: 4n }, range(4, 0)],
      [{ direction: BACKWARDS, fromRevision: 4n, maxCount: 2 }, [4, 3]],
      [{ direction: BACKWARDS, fromRevision: START }, [0]],
      [{ direction: BACKWARDS, fromRevision: 9n, maxCount: 100 }, range(9, 0)],
      [{ maxCount: 10 }, range(0, 9)],
      [{ maxCount: 11 }, range(0, 9)],
      [{ direction: BACKWARDS, fromRevision: 1_000n, maxCount: 2 }, [9, 8]],
    ] as const) {
      const events = await collect(client.readStream(stream, { direction: FORWARDS, ...options }));
      expect([options, revisionsOf(events)]).toEqual([options, expected]);
      expect(numbersOf(events)).toEqual(expected);
    }
  });

  // EventStoreDB is not clear about it: its index takes no negative revision, and the end is -1 in there.
  embedded('there is nothing after the end', async () => {
    const stream = await streamOf(3);
    expect(await collect(subject.client.readStream(stream, { fromRevision: END }))).toEqual([]);
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

  protocol(
    'a soft-deleted stream is not found, a tombstoned one is deleted, from wherever it is read',
    async () => {
      const { client } = subject;
      const deleted = await streamIn('soft-deleted', client);
      const tombstoned = await streamIn('tombstoned', client);
      for (const options of [
        {},
        { fromRevision: 1n },
        { fromRevision: 1_000n },
        { direction: BACKWARDS, fromRevision: END },
        { direction: BACKWARDS, fromRevision: 1n },
      ] as const) {
        const notFound = await rejection(collect(client.readStream(deleted, options)));
        expect(notFound).toBeInstanceOf(StreamNotFoundError);
        expect(notFound).toMatchObject({ streamName: deleted });
        const gone = await rejection(collect(client.readStream(tombstoned, options)));
        expect(gone).toBeInstanceOf(StreamDeletedError);
        expect(gone).toMatchObject({ streamName: tombstoned });
      }
    },
  );

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
