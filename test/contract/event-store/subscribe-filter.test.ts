import { expect } from '@jest/globals';
import {
  END,
  eventTypeFilter,
  START,
  streamNameFilter,
  type AllStreamSubscription,
  type Filter,
  type Position,
} from '@eventstore/db-client';
import { until } from '#test/support/until.js';
import { collect, eventStoreContract, newStream, numbered, numbersOf, rejection } from './contract.js';
import { caughtUp, take } from './subscriptions.js';

// Source: EventStoreDB's `AllSubscriptionFiltered` of the Enumerators: it counts the events that it looks at, whether
// they pass or not, and after checkpointInterval × maxSearchWindow of them gives the place where it is. Without a
// window asked for it is 32, the size of a page.
eventStoreContract('checkpoints of a filtered subscription', (subject) => {
  const { protocol } = subject;

  async function noise(appends: number): Promise<Position> {
    let last: Position | undefined;
    for (let n = 0; n < appends; n++) {
      last = (await subject.client.appendToStream(newStream('noise'), numbered(20))).position;
    }
    return last!;
  }

  /** How many events lie after one place and before another, whoever wrote them. */
  async function between(from: Position, to: Position): Promise<number> {
    let count = -1;
    const read = subject.client.readAll({ fromPosition: from });
    for await (const { event } of read) {
      if (event!.position.commit >= to.commit) {
        // Leaving the loop is not enough: the client keeps the call until it is cancelled.
        await read.cancel();
        return count;
      }
      count++;
    }
    throw new Error('the end was not found');
  }

  function subscribe(prefix: string, fromPosition: Position | typeof END, options: Partial<Filter>) {
    const checkpoints: Position[] = [];
    const filter = streamNameFilter({
      prefixes: [prefix],
      ...(options.maxSearchWindow ? { maxSearchWindow: options.maxSearchWindow } : {}),
      ...(options.checkpointInterval ? { checkpointInterval: options.checkpointInterval } : {}),
      checkpointReached: (_subscription: AllStreamSubscription, position: Position) => {
        checkpoints.push(position);
        return Promise.resolve();
      },
    });
    return { checkpoints, subscription: subject.client.subscribeToAll({ fromPosition, filter }) };
  }

  for (const [options, every] of [
    [{ maxSearchWindow: 10, checkpointInterval: 2 }, 20],
    [{ maxSearchWindow: 10, checkpointInterval: 5 }, 50],
    [{ maxSearchWindow: 100 }, 100],
    [{ checkpointInterval: 3 }, 96],
    [{}, 32],
  ] as const) {
    protocol(`come every ${every} events for ${JSON.stringify(options)}`, async () => {
      const { client } = subject;
      const prefix = newStream('rare');
      const { position: before } = await client.appendToStream(newStream(), numbered(1));
      await noise(20);
      const { position: written } = await client.appendToStream(`${prefix}-a`, numbered(1));
      const { checkpoints, subscription } = subscribe(prefix, before!, options);
      expect(numbersOf(await take(subscription, 1))).toEqual([0]);
      const passed = await between(before!, written!);
      expect(passed).toBeGreaterThanOrEqual(400);
      // One more or less where history goes over into live.
      expect(checkpoints.length).toBeGreaterThanOrEqual(Math.floor(passed / every) - 1);
      expect(checkpoints.length).toBeLessThanOrEqual(Math.floor(passed / every) + 1);
      const commits = checkpoints.map((checkpoint) => checkpoint.commit);
      expect(commits).toEqual([...commits].sort((a, b) => (a < b ? -1 : 1)));
      expect(new Set(commits).size).toBe(commits.length);
      expect(commits[0]).toBeGreaterThan(before!.commit);
    });
  }

  protocol('can be resumed from: nothing that passes the filter is lost or repeated', async () => {
    const { client } = subject;
    const prefix = newStream('rare');
    const { position: before } = await client.appendToStream(newStream(), numbered(1));
    await client.appendToStream(`${prefix}-a`, numbered(1));
    await noise(5);
    const { position: written } = await client.appendToStream(`${prefix}-a`, numbered(1, { from: 1 }));
    const { checkpoints, subscription } = subscribe(prefix, before!, { maxSearchWindow: 10 });
    expect(numbersOf(await take(subscription, 2))).toEqual([0, 1]);
    const last = checkpoints.findLast((checkpoint) => checkpoint.commit < written!.commit)!;
    const resumed = subscribe(prefix, last, {}).subscription;
    expect(numbersOf(await take(resumed, 1))).toEqual([1]);
  });

  protocol('come when it is live, too', async () => {
    const prefix = newStream('rare');
    const { checkpoints, subscription } = subscribe(prefix, END, {
      maxSearchWindow: 10,
      checkpointInterval: 2,
    });
    const events = take(subscription, 1);
    await caughtUp(subscription);
    const last = await noise(5);
    await until('four checkpoints of a hundred events', () => checkpoints.length >= 4);
    await subject.client.appendToStream(`${prefix}-a`, numbered(1));
    await events;
    expect(checkpoints[3]!.commit).toBeLessThanOrEqual(last.commit);
  });
});

eventStoreContract('the end of a filtered subscription', (subject) => {
  subject.embedded('is told at once when it is live, whatever the last events are', async () => {
    const prefix = newStream('rare');
    const reached: bigint[] = [];
    const filter = streamNameFilter({
      prefixes: [prefix],
      checkpointReached: (_subscription: AllStreamSubscription, { commit }: Position) => {
        reached.push(commit);
        return Promise.resolve();
      },
    });
    const subscription = subject.client.subscribeToAll({ fromPosition: END, filter });
    const events = take(subscription, 1);
    await caughtUp(subscription);
    const { position } = await subject.client.appendToStream(newStream('noise'), numbered(3));
    await until('the end is told', () => reached.at(-1) === position!.commit);
    // An event that passes tells where it is itself.
    await subject.client.appendToStream(`${prefix}-a`, numbered(1));
    await events;
    expect(reached.at(-1)).toBe(position!.commit);
  });
});

eventStoreContract('filters of a subscription', (subject) => {
  const { protocol, embedded } = subject;

  protocol('are on streams or types, by prefix or regular expression', async () => {
    const { client } = subject;
    const tag = newStream('t').replaceAll('-', '');
    await client.appendToStream(`${tag}-a`, numbered(1, { from: 1, type: `${tag}Placed` }));
    await client.appendToStream(`x-${tag}`, numbered(1, { from: 2, type: `x${tag}` }));
    await client.appendToStream(`${tag}-b`, numbered(1, { from: 3, type: `${tag}Paid` }));
    await client.appendToStream(`${tag}-bü`, numbered(1, { from: 4, type: `${tag}größer` }));
    for (const [filter, expected] of [
      [streamNameFilter({ prefixes: [tag] }), [1, 3, 4]],
      [streamNameFilter({ prefixes: ['no-such-prefix', `${tag}-b`, `x-${tag}`] }), [2, 3, 4]],
      [streamNameFilter({ regex: `^${tag}-[ab]$` }), [1, 3]],
      [streamNameFilter({ regex: `${tag}` }), [1, 2, 3, 4]],
      [eventTypeFilter({ prefixes: [tag] }), [1, 3, 4]],
      [eventTypeFilter({ prefixes: [`${tag}grö`, `x${tag}`] }), [2, 4]],
      [eventTypeFilter({ regex: `^${tag}P(laced|aid)$` }), [1, 3]],
      [eventTypeFilter({ regex: `${tag}g.+er$` }), [4]],
    ] as const) {
      const subscription = client.subscribeToAll({ fromPosition: START, filter });
      expect(numbersOf(await take(subscription, expected.length))).toEqual(expected);
    }
  });

  protocol('let nothing else pass', async () => {
    const { client } = subject;
    const prefix = newStream('only');
    const filter = streamNameFilter({ prefixes: [`${prefix}-a`] });
    const subscription = client.subscribeToAll({ fromPosition: END, filter });
    const events = take(subscription, 2);
    await caughtUp(subscription);
    await client.appendToStream(`${prefix}-a`, numbered(1));
    await client.appendToStream(`${prefix}-b`, numbered(1, { from: 7 }));
    await client.setStreamMetadata(`${prefix}-a`, { maxCount: 10 });
    await client.appendToStream(`${prefix}-a`, numbered(1, { from: 1 }));
    expect(numbersOf(await events)).toEqual([0, 1]);
  });

  embedded('are refused when they are no expression', async () => {
    const { client } = subject;
    const subscription = client.subscribeToAll({ filter: streamNameFilter({ regex: '(' }) });
    expect(await rejection(collect(subscription))).toMatchObject({
      code: 3,
      message: expect.stringContaining('not understood: (') as unknown,
    });
  });
});
