import { expect } from '@jest/globals';
import { END, START, StreamDeletedError, type ResolvedEvent } from '@eventstore/db-client';
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
import { caughtUp, confirmed, take } from './subscriptions.js';

eventStoreContract('subscribing to a stream', (subject) => {
  const { protocol } = subject;

  protocol('from the start: history, then what comes', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(3));
    const subscription = client.subscribeToStream(stream, { fromRevision: START });
    const events = take(subscription, 5);
    await confirmed(subscription);
    await client.appendToStream(stream, numbered(2, { from: 3 }));
    expect(numbersOf(await events)).toEqual(range(0, 4));
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
      await caughtUp(subscription);
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
    await caughtUp(subscription);
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

  // Source: EventStoreDB's `SubscriptionsService`: it passes each event to live subscribers as it is committed, and asks
  // no metadata.
  protocol('that has caught up, delivers also what is hidden as soon as it is appended', async () => {
    const { client } = subject;
    for (const fromRevision of [START, END] as const) {
      const stream = newStream();
      await client.setStreamMetadata(stream, { maxCount: 1 });
      await client.appendToStream(stream, numbered(1));
      const subscription = client.subscribeToStream(stream, { fromRevision });
      const events = take(subscription, fromRevision === START ? 6 : 5);
      await caughtUp(subscription);
      await client.appendToStream(stream, numbered(3, { from: 1 }));
      await client.setStreamMetadata(stream, { truncateBefore: 9 });
      await client.appendToStream(stream, numbered(2, { from: 4 }));
      expect(revisionsOf(await events)).toEqual(range(fromRevision === START ? 0 : 1, 5));
    }
  });

  // Source: `StreamSubscription` of EventStoreDB's Enumerators: it is confirmed at once, and looks again until there is
  // a stream; only then can it be caught up.
  protocol('waits for a stream that is not there, or not any more', async () => {
    const { client } = subject;
    for (const state of ['absent', 'soft-deleted'] as const) {
      const stream = await streamIn(state, client);
      const subscription = client.subscribeToStream(stream);
      const events = take(subscription, 2);
      await confirmed(subscription);
      const caught = caughtUp(subscription);
      await client.appendToStream(stream, numbered(1, { from: 7 }));
      await caught;
      await client.appendToStream(stream, numbered(1, { from: 8 }));
      expect(numbersOf(await events)).toEqual([7, 8]);
    }
  });

  protocol('goes on through a deletion: what comes after it is delivered', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(2));
    const subscription = client.subscribeToStream(stream);
    const events = take(subscription, 3);
    await caughtUp(subscription);
    await client.deleteStream(stream);
    await client.appendToStream(stream, numbered(1, { from: 2 }));
    expect(revisionsOf(await events)).toEqual([0, 1, 2]);
  });

  protocol('after the last revision, or one beyond it: only what lies after that', async () => {
    const { client } = subject;
    for (const [fromRevision, expected] of [
      [2n, [3, 4, 5]],
      [4n, [5]],
    ] as const) {
      const stream = newStream();
      await client.appendToStream(stream, numbered(3));
      const subscription = client.subscribeToStream(stream, { fromRevision });
      const events = take(subscription, expected.length);
      await confirmed(subscription);
      for (let n = 3; n < 6; n++) await client.appendToStream(stream, numbered(1, { from: n }));
      expect(revisionsOf(await events)).toEqual(expected);
    }
  });

  protocol('history goes over into live with neither a gap nor a repeat while a writer runs', async () => {
    const { client } = subject;
    const stream = newStream();
    const subscribers: Promise<ResolvedEvent[]>[] = [];
    const total = 1_500;
    for (let n = 0; n < total; n += 5) {
      if (n % 300 === 0) subscribers.push(take(client.subscribeToStream(stream), total));
      await client.appendToStream(stream, numbered(5, { from: n }));
    }
    for (const events of await Promise.all(subscribers)) {
      expect(revisionsOf(events)).toEqual(range(0, total - 1));
    }
  });
});
