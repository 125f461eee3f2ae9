import { once } from 'node:events';
import { expect } from '@jest/globals';
import { END, excludeSystemEvents, START, streamNameFilter, type ResolvedEvent } from '@eventstore/db-client';
import { collect, eventStoreContract, newStream, numbered, numbersOf, range } from './contract.js';
import { caughtUp, take } from './subscriptions.js';

eventStoreContract('subscribing to $all', (subject) => {
  const { protocol, embedded } = subject;

  protocol('by stream prefix: history, caught up, then live, in order', async () => {
    const { client } = subject;
    const prefix = newStream('p');
    await client.appendToStream(`${prefix}-a`, numbered(2));
    await client.appendToStream(newStream('other'), numbered(2));
    const subscription = client.subscribeToAll({
      fromPosition: START,
      filter: streamNameFilter({ prefixes: ['no-such-prefix', prefix] }),
    });
    const events = take(subscription, 4);
    await caughtUp(subscription);
    await client.appendToStream(newStream('other'), numbered(2));
    await client.appendToStream(`${prefix}-b`, numbered(2, { from: 2 }));
    expect(numbersOf(await events)).toEqual([0, 1, 2, 3]);
  });

  protocol('without system events', async () => {
    const { client } = subject;
    const stream = newStream();
    const { position } = await client.appendToStream(stream, numbered(1));
    await client.setStreamMetadata(stream, { maxCount: 10 });
    await client.appendToStream(stream, numbered(1, { from: 1 }));
    const subscription = client.subscribeToAll({ fromPosition: position!, filter: excludeSystemEvents() });
    const passed: string[] = [];
    const [first] = await take(subscription, 1, ({ event }) => {
      passed.push(event!.type);
      return event!.streamId === stream;
    });
    expect(numbersOf([first!])).toEqual([1]);
    expect(passed.filter((type) => type.startsWith('$'))).toEqual([]);
  });

  protocol('after a position, that one excluded', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(3));
    const [, second] = await collect(client.readStream(stream));
    const subscription = client.subscribeToAll({
      fromPosition: second!.event!.position!,
      filter: streamNameFilter({ prefixes: [stream] }),
    });
    expect(numbersOf(await take(subscription, 1))).toEqual([2]);
  });

  protocol('from the end: only what comes', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(3));
    const subscription = client.subscribeToAll({
      fromPosition: END,
      filter: streamNameFilter({ prefixes: [stream] }),
    });
    const events = take(subscription, 1);
    await caughtUp(subscription);
    await client.appendToStream(stream, numbered(1, { from: 3 }));
    expect(numbersOf(await events)).toEqual([3]);
  });

  protocol('history goes over into live with neither a gap nor a repeat while writers run', async () => {
    const { client } = subject;
    const prefix = newStream('busy');
    const streams = range(0, 7).map((n) => `${prefix}-${n}`);
    const rounds = 60;
    const subscribers: Promise<ResolvedEvent[]>[] = [];
    const subscribe = () => {
      const filter = streamNameFilter({ prefixes: [prefix] });
      subscribers.push(
        take(client.subscribeToAll({ fromPosition: START, filter }), streams.length * rounds * 5),
      );
    };
    const write = async (stream: string): Promise<void> => {
      for (let n = 0; n < rounds; n++) {
        if (stream === streams[0] && n % 20 === 0) subscribe();
        await client.appendToStream(stream, numbered(5, { from: n * 5 }), {
          expectedRevision: n === 0 ? 'no_stream' : BigInt(n * 5 - 1),
        });
      }
    };
    await Promise.all(streams.map(write));
    for (const events of await Promise.all(subscribers)) {
      for (const stream of streams) {
        const own = events.filter(({ event }) => event!.streamId === stream);
        expect(numbersOf(own)).toEqual(range(0, rounds * 5 - 1));
      }
      const positions = events.map(({ event }) => Number(event!.position!.commit));
      expect(positions).toEqual([...positions].sort((a, b) => a - b));
    }
  });

  embedded('a subscriber sees an event about when it is acknowledged: nothing polls', async () => {
    const { client } = subject;
    const stream = newStream();
    const subscription = client.subscribeToAll({
      fromPosition: END,
      filter: streamNameFilter({ prefixes: [stream] }),
    });
    const seenMs: number[] = [];
    subscription.on('data', () => seenMs.push(performance.now()));
    await caughtUp(subscription);
    const lagsMs: number[] = [];
    for (let n = 0; n < 20; n++) {
      const next = once(subscription, 'data');
      await client.appendToStream(stream, numbered(1, { from: n }));
      const acknowledgedMs = performance.now();
      await next;
      lagsMs.push(seenMs.at(-1)! - acknowledgedMs);
    }
    await subscription.unsubscribe();
    lagsMs.sort((a, b) => a - b);
    expect(lagsMs[10]).toBeLessThan(200);
  });
});
