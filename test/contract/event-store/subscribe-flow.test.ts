import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  binaryEvent,
  END,
  EventStoreDBClient,
  jsonEvent,
  streamNameFilter,
  TimeoutError,
  type Position,
  type ResolvedEvent,
} from '@eventstore/db-client';
import { freshDatabase } from '#test/support/database.js';
import { startEventStoreProcess } from '#test/support/event-store-process.js';
import { collect, eventStoreContract, newStream, numbered, numbersOf, range } from './contract.js';
import { caughtUp, confirmed } from './subscriptions.js';

eventStoreContract('a subscriber that is slow', (subject) => {
  const { protocol, embedded } = subject;

  // Source: `ConsumerTooSlow` of EventStoreDB's Enumerators: 23.10 ends such a subscription with a timeout, later
  // versions go back to reading history. Ours holds back. Whoever goes on from the last event has lost nothing.
  protocol('is held back or dropped with an error, and loses nothing', async () => {
    const { client } = subject;
    const prefix = newStream('slow');
    const filter = streamNameFilter({ prefixes: [prefix] });
    const text = 'x'.repeat(20_000);
    const total = 600;
    let subscription = client.subscribeToAll({ fromPosition: END, filter });
    const live = caughtUp(subscription);
    // What it has sent is paused here, so that nothing is taken until all of it was written.
    subscription.pause();
    await live;
    const { position: start } = await client.appendToStream(newStream(), numbered(1));
    for (let from = 0; from < total; from += 30) {
      const batch = range(from, from + 29).map((n) => jsonEvent({ type: 'Wide', data: { n, text } }));
      await client.appendToStream(`${prefix}-a`, batch);
    }
    const events: ResolvedEvent[] = [];
    let last: Position = start!;
    while (events.length < total) {
      try {
        for await (const event of subscription) {
          events.push(event);
          last = event.event!.position!;
          if (events.length === total) break;
        }
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
        subscription = client.subscribeToAll({ fromPosition: last, filter });
      }
    }
    await subscription.unsubscribe();
    expect(numbersOf(events)).toEqual(range(0, total - 1));
  });

  // Of EventStoreDB's versions some drop such a subscriber and others tell it, after as much as they like.
  embedded('is told that it fell behind, and again when it has caught up', async () => {
    const { client } = subject;
    const stream = newStream('slow');
    const told: string[] = [];
    const subscription = client.subscribeToAll({ fromPosition: END });
    for (const name of ['caughtUp', 'fellBehind'] as const) subscription.on(name, () => told.push(name));
    await caughtUp(subscription);
    subscription.pause();
    // The client takes 32 events all the same, the server has 8 MB on their way and keeps as much for who is live.
    const data = new Uint8Array(50_000);
    const total = 400;
    for (let from = 0; from < total; from += 20) {
      const batch = range(1, 20).map(() => binaryEvent({ type: 'Wide', data }));
      await client.appendToStream(stream, batch);
    }
    const again = caughtUp(subscription);
    const revisions: number[] = [];
    subscription.on('data', ({ event }) => {
      if (event!.streamId === stream) revisions.push(Number(event!.revision));
    });
    subscription.resume();
    await again;
    await subscription.unsubscribe();
    expect(told).toEqual(['caughtUp', 'fellBehind', 'caughtUp']);
    expect(revisions).toEqual(range(0, total - 1));
  });

  protocol('does not hold back the others, nor those who write', async () => {
    const { client } = subject;
    const stream = newStream('slow');
    const filter = streamNameFilter({ prefixes: [stream] });
    const slow = client.subscribeToAll({ fromPosition: END, filter });
    const quick = client.subscribeToAll({ fromPosition: END, filter });
    await Promise.all([caughtUp(slow), caughtUp(quick)]);
    slow.on('error', () => undefined);
    slow.pause();
    const seen: number[] = [];
    const done = (async () => {
      for await (const event of quick) {
        seen.push(...numbersOf([event]));
        if (seen.length === 200) break;
      }
      await quick.unsubscribe();
    })();
    const text = 'x'.repeat(20_000);
    for (const n of range(0, 199)) {
      await client.appendToStream(stream, jsonEvent({ type: 'Wide', data: { n, text } }));
    }
    await done;
    expect(seen).toEqual(range(0, 199));
    await slow.unsubscribe();
  });

  protocol('or leaves, gets nothing more', async () => {
    const { client } = subject;
    const stream = newStream();
    const subscription = client.subscribeToAll({ filter: streamNameFilter({ prefixes: [stream] }) });
    const events = collect(subscription);
    await caughtUp(subscription);
    await subscription.unsubscribe();
    await client.appendToStream(stream, numbered(1));
    expect(await events).toEqual([]);
  });
});

describe('the memory of an event store whose subscribers do not read [embedded]', () => {
  const cleanUp: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const undo of cleanUp.splice(0).reverse()) await undo();
  });

  it('grows by a few pages each, not by all that was written', async () => {
    const { url, drop } = await freshDatabase();
    cleanUp.push(drop);
    const server = await startEventStoreProcess(url);
    cleanUp.push(() => server.stop());
    const client = EventStoreDBClient.connectionString(server.url);
    cleanUp.push(() => client.dispose());
    const append = () =>
      client.appendToStream(
        newStream('large'),
        binaryEvent({ type: 'Large', data: new Uint8Array(500_000) }),
      );
    const write = async (count: number) => {
      for (let n = 0; n < count; n += 8) await Promise.all(range(1, 8).map(append));
    };
    // Until the writing itself takes no more.
    await write(96);
    const before = await residentBytes(server.pid);
    const subscribers = range(1, 12).flatMap(() => [
      client.subscribeToAll({ fromPosition: END }),
      client.subscribeToAll(),
    ]);
    for (const subscriber of subscribers) subscriber.pause();
    await Promise.all(subscribers.map(confirmed));
    await write(96);
    // Each subscriber has 48 MB or more before it: 24 of them 1.7 GB in all.
    expect((await residentBytes(server.pid)) - before).toBeLessThan(24 * 3 * 4_000_000);
    await Promise.all(subscribers.map((subscriber) => subscriber.unsubscribe()));
  }, 180_000);
});

async function residentBytes(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout) * 1_024;
}
