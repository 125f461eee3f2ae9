import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from '@jest/globals';
import {
  END,
  eventTypeFilter,
  excludeSystemEvents,
  jsonEvent,
  START,
  StreamDeletedError,
  streamNameFilter,
  type AllStreamSubscription,
  type Position,
  type ResolvedEvent,
  type StreamSubscription,
} from '@eventstore/db-client';
import { collect, eventStoreContract, newStream, numbered, numbersOf, rejection } from './contract.js';

type Subscription = AllStreamSubscription | StreamSubscription;

/** The first `count` events of a subscription. */
async function take(subscription: Subscription, count: number): Promise<ResolvedEvent[]> {
  const events: ResolvedEvent[] = [];
  for await (const event of subscription) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

eventStoreContract('subscribing to a stream', (subject) => {
  const { protocol, embedded } = subject;

  protocol('from the start: history, then what comes', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(3));
    const subscription = client.subscribeToStream(stream, { fromRevision: START });
    const events = take(subscription, 5);
    await once(subscription, 'confirmation');
    await client.appendToStream(stream, numbered(2, { from: 3 }));
    expect(numbersOf(await events)).toEqual(upTo(5));
  });

  protocol('after a revision, that one excluded', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(4));
    expect(numbersOf(await take(client.subscribeToStream(stream, { fromRevision: 1n }), 2))).toEqual([2, 3]);
  });

  protocol('from the end: only what comes, also in a stream that is not there yet', async () => {
    const { client } = subject;
    for (const before of [3, 0]) {
      const stream = newStream();
      if (before > 0) await client.appendToStream(stream, numbered(before));
      const subscription = client.subscribeToStream(stream, { fromRevision: END });
      const events = take(subscription, 1);
      await once(subscription, 'caughtUp');
      await client.appendToStream(stream, numbered(1, { from: 10 }));
      expect(numbersOf(await events)).toEqual([10]);
    }
  });

  protocol('ends with an error when the stream is tombstoned', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(1));
    const subscription = client.subscribeToStream(stream);
    const events = rejection(collect(subscription));
    await once(subscription, 'caughtUp');
    await client.tombstoneStream(stream);
    expect(await events).toBeInstanceOf(StreamDeletedError);
    expect(await rejection(collect(client.subscribeToStream(stream)))).toBeInstanceOf(StreamDeletedError);
  });

  protocol('passes over what the metadata hides', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(5));
    await client.setStreamMetadata(stream, { truncateBefore: 3 });
    expect(numbersOf(await take(client.subscribeToStream(stream), 2))).toEqual([3, 4]);
  });

  embedded('goes on when a soft-deleted stream is written again', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(2));
    await client.deleteStream(stream);
    const subscription = client.subscribeToStream(stream);
    const events = take(subscription, 1);
    await once(subscription, 'caughtUp');
    await client.appendToStream(stream, numbered(1, { from: 7 }));
    expect(numbersOf(await events)).toEqual([7]);
  });
});

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
    await once(subscription, 'caughtUp');
    await client.appendToStream(newStream('other'), numbered(2));
    await client.appendToStream(`${prefix}-b`, numbered(2, { from: 2 }));
    expect(numbersOf(await events)).toEqual([0, 1, 2, 3]);
  });

  protocol('by regular expression on stream names, and by prefix or expression on types', async () => {
    const { client } = subject;
    const tag = newStream('t').replaceAll('-', '');
    await client.appendToStream(`${tag}-a`, numbered(1, { from: 1, type: `${tag}Placed` }));
    await client.appendToStream(`x-${tag}`, numbered(1, { from: 2, type: `x${tag}` }));
    await client.appendToStream(`${tag}-b`, numbered(1, { from: 3, type: `${tag}Paid` }));
    for (const filter of [
      streamNameFilter({ regex: `^${tag}-[ab]$` }),
      eventTypeFilter({ prefixes: [tag] }),
      eventTypeFilter({ regex: `^${tag}P(laced|aid)$` }),
    ]) {
      expect(numbersOf(await take(client.subscribeToAll({ filter }), 2))).toEqual([1, 3]);
    }
  });

  protocol('without system events', async () => {
    const { client } = subject;
    const stream = newStream();
    const { position } = await client.appendToStream(stream, numbered(1));
    await client.setStreamMetadata(stream, { maxCount: 10 });
    await client.appendToStream(stream, numbered(1, { from: 1 }));
    const subscription = client.subscribeToAll({ fromPosition: position!, filter: excludeSystemEvents() });
    for await (const { event } of subscription) {
      expect(event!.type.startsWith('$')).toBe(false);
      if (event!.streamId === stream) break;
    }
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
    await once(subscription, 'caughtUp');
    await client.appendToStream(stream, numbered(1, { from: 3 }));
    expect(numbersOf(await events)).toEqual([3]);
  });

  protocol('history goes over into live with neither a gap nor a repeat while writers run', async () => {
    const { client } = subject;
    const prefix = newStream('busy');
    const streams = upTo(8).map((n) => `${prefix}-${n}`);
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
        expect(numbersOf(own)).toEqual(upTo(rounds * 5));
      }
      const positions = events.map(({ event }) => Number(event!.position!.commit));
      expect(positions).toEqual([...positions].sort((a, b) => a - b));
    }
  });

  // Source: EventStoreDB counts events considered, matching or not: checkpointInterval × maxSearchWindow.
  protocol('checkpoints come at the interval asked for and can be resumed from', async () => {
    const { client } = subject;
    const prefix = newStream('rare');
    const { position: before } = await client.appendToStream(newStream(), numbered(1));
    for (let n = 0; n < 5; n++) await client.appendToStream(newStream('noise'), numbered(20));
    const checkpoints: Position[] = [];
    const subscription = client.subscribeToAll({
      fromPosition: before!,
      filter: streamNameFilter({
        prefixes: [prefix],
        maxSearchWindow: 10,
        checkpointInterval: 2,
        checkpointReached: async (_subscription, position) => {
          checkpoints.push(position);
        },
      }),
    });
    const events = take(subscription, 1);
    const { position: written } = await client.appendToStream(`${prefix}-a`, numbered(1));
    expect(numbersOf(await events)).toEqual([0]);
    expect(checkpoints.length).toBeGreaterThanOrEqual(5);
    const commits = checkpoints.map((checkpoint) => checkpoint.commit);
    expect(commits).toEqual([...commits].sort((a, b) => (a < b ? -1 : 1)));
    expect(commits.every((commit) => commit > before!.commit)).toBe(true);
    const resumeFrom = checkpoints.findLast((checkpoint) => checkpoint.commit < written!.commit)!;
    const resumed = client.subscribeToAll({
      fromPosition: resumeFrom,
      filter: streamNameFilter({ prefixes: [prefix] }),
    });
    expect(numbersOf(await take(resumed, 1))).toEqual([0]);
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
    await once(subscription, 'caughtUp');
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

  protocol('a slow consumer is held back and loses nothing', async () => {
    const { client } = subject;
    const prefix = newStream('slow');
    const subscription = client.subscribeToAll({
      fromPosition: END,
      filter: streamNameFilter({ prefixes: [prefix] }),
    });
    await once(subscription, 'caughtUp');
    const text = 'x'.repeat(20_000);
    const total = 600;
    const batch = (from: number) =>
      Array.from({ length: 30 }, (_, n) => jsonEvent({ type: 'Wide', data: { n: from + n, text } }));
    for (let from = 0; from < total; from += 30) await client.appendToStream(`${prefix}-a`, batch(from));
    const events = [];
    for await (const event of subscription) {
      events.push(event);
      if (events.length % 100 === 0) await delay(20);
      if (events.length === total) break;
    }
    expect(numbersOf(events)).toEqual(upTo(total));
  });

  protocol('unsubscribing ends the stream of events', async () => {
    const { client } = subject;
    const stream = newStream();
    const subscription = client.subscribeToAll({ filter: streamNameFilter({ prefixes: [stream] }) });
    const events = collect(subscription);
    await once(subscription, 'caughtUp');
    await subscription.unsubscribe();
    await client.appendToStream(stream, numbered(1));
    expect(await events).toEqual([]);
  });

  embedded('an expression that is none is refused', async () => {
    const { client } = subject;
    const subscription = client.subscribeToAll({ filter: streamNameFilter({ regex: '(' }) });
    expect(await rejection(collect(subscription))).toMatchObject({ code: 3 });
  });
});
