import { once } from 'node:events';
import { expect } from '@jest/globals';
import {
  binaryEvent,
  END,
  excludeSystemEvents,
  START,
  streamNameFilter,
  type AllStreamResolvedEvent,
  type ResolvedEvent,
} from '@eventstore/db-client';
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

  // Without a filter EventStoreDB runs other code than with one: `AllSubscription` of its Enumerators.
  protocol('unfiltered, from the start: what reading begins with', async () => {
    const { client } = subject;
    await client.appendToStream(newStream(), numbered(2));
    const idsOf = (events: readonly (ResolvedEvent | AllStreamResolvedEvent)[]) =>
      events.map(({ event }) => event!.id);
    const read = await collect(client.readAll({ fromPosition: START, maxCount: 2 }));
    const subscribed = await take(client.subscribeToAll({ fromPosition: START }), 2);
    expect(idsOf(subscribed)).toEqual(idsOf(read));
  });

  protocol('unfiltered, from a position, with neither a gap nor a repeat while writers run', async () => {
    const { client } = subject;
    const prefix = newStream('busy');
    const streams = range(0, 3).map((n) => `${prefix}-${n}`);
    const rounds = 20;
    const isOwn = ({ event }: ResolvedEvent) => event!.streamId.startsWith(prefix);
    const { position: before } = await client.appendToStream(`${prefix}-before`, numbered(1));
    const taken: Promise<ResolvedEvent[]>[] = [];
    const write = async (stream: string): Promise<void> => {
      for (let n = 0; n < rounds; n++) {
        if (stream === streams[0] && n % 10 === 5) {
          const subscription = client.subscribeToAll({ fromPosition: before! });
          taken.push(take(subscription, streams.length * rounds * 5, isOwn));
        }
        await client.appendToStream(stream, numbered(5, { from: n * 5 }));
      }
    };
    await Promise.all(streams.map(write));
    for (const events of await Promise.all(taken)) {
      for (const stream of streams) {
        const own = events.filter(({ event }) => event!.streamId === stream);
        expect(numbersOf(own)).toEqual(range(0, rounds * 5 - 1));
      }
      const positions = events.map(({ event }) => Number(event!.position!.commit));
      expect(positions).toEqual([...positions].sort((a, b) => a - b));
    }
  });

  // Source: EventStoreDB's docs, "System events": they are in $all. A link is resolved for who asks for that alone.
  protocol('unfiltered, has system events, and links as they are', async () => {
    const { client } = subject;
    const stream = newStream();
    const { position } = await client.appendToStream(stream, numbered(1));
    const subscription = client.subscribeToAll({ fromPosition: position! });
    const events = take(subscription, 4, ({ event }) => event!.streamId.endsWith(stream));
    await caughtUp(subscription);
    await client.setStreamMetadata(stream, { maxCount: 10 });
    const toFirst = binaryEvent({ type: '$>', data: Buffer.from(`0@${stream}`) });
    await client.appendToStream(`links-to-${stream}`, toFirst);
    await client.appendToStream(stream, numbered(1, { from: 1 }));
    await client.tombstoneStream(stream);
    const seen = (await events).map(({ event, link }) => [event!.streamId, event!.type, link]);
    expect(seen).toEqual([
      [`$$${stream}`, '$metadata', undefined],
      [`links-to-${stream}`, '$>', undefined],
      [stream, 'Counted', undefined],
      [stream, '$streamDeleted', undefined],
    ]);
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
