import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { jsonEvent, WrongExpectedVersionError } from '@eventstore/db-client';
import { collect, eventStoreContract, newStream, numbered, numbersOf, rejection } from './contract.js';

/** Ids that the embedded store keeps in memory. */
const REMEMBERED = 20_000;
const BATCH = 1_000;

// Source of all of it: EventStoreDB's `IndexWriter.CheckCommit`, and for the answer to a batch that repeats in part
// `StorageWriterService.ActOnCommitCheckFailure`.
eventStoreContract('appending the same ids again', (subject) => {
  const { protocol, embedded } = subject;

  const stored = async (stream: string) => numbersOf(await collect(subject.client.readStream(stream)));

  protocol('below the head is a success with the same revision and position', async () => {
    const { client } = subject;
    const stream = newStream();
    const batch = numbered(3);
    const second = numbered(2, { from: 3 });
    const first = await client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    const later = await client.appendToStream(stream, second, { expectedRevision: 2n });
    const again = await client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    expect(again).toMatchObject({ success: true, nextExpectedRevision: 2n });
    expect(again.position?.commit).toBe(first.position!.commit);
    const laterAgain = await client.appendToStream(stream, second, { expectedRevision: 2n });
    expect(laterAgain).toMatchObject({ success: true, nextExpectedRevision: 4n });
    expect(laterAgain.position?.commit).toBe(later.position!.commit);
    expect(await stored(stream)).toEqual([0, 1, 2, 3, 4]);
  });

  protocol('is a repeat at its own revision only', async () => {
    const { client } = subject;
    const stream = newStream();
    const batch = numbered(2);
    await client.appendToStream(stream, numbered(1, { from: 9 }), { expectedRevision: 'no_stream' });
    await client.appendToStream(stream, batch, { expectedRevision: 0n });
    const error = await rejection(client.appendToStream(stream, batch, { expectedRevision: 'no_stream' }));
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
    // At the head nothing is compared: the same ids are two more events.
    const atHead = await client.appendToStream(stream, batch, { expectedRevision: 2n });
    expect(atHead.nextExpectedRevision).toBe(4n);
    expect(await stored(stream)).toEqual([9, 0, 1, 0, 1]);
  });

  protocol('is told by ids, not by content', async () => {
    const { client } = subject;
    const stream = newStream();
    const id = randomUUID();
    const event = (type: string, n: number) => jsonEvent({ id, type, data: { n } });
    await client.appendToStream(stream, event('A', 1), { expectedRevision: 'no_stream' });
    const result = await client.appendToStream(stream, event('B', 2), { expectedRevision: 'no_stream' });
    expect(result.nextExpectedRevision).toBe(0n);
    expect(await stored(stream)).toEqual([1]);
  });

  protocol('in part is refused whole', async () => {
    const { client } = subject;
    const stream = newStream();
    const batch = numbered(2);
    await client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    for (const events of [
      [...batch, ...numbered(1, { from: 2 })],
      [batch[0]!, ...numbered(1, { from: 2 })],
      [...numbered(1, { from: 2 }), batch[1]!],
      [batch[1]!, batch[0]!],
    ]) {
      const error = await rejection(client.appendToStream(stream, events, { expectedRevision: 'no_stream' }));
      expect(error).toBeInstanceOf(WrongExpectedVersionError);
      expect(error).toMatchObject({
        streamName: stream,
        expectedVersion: 'no_stream',
        actualVersion: 1n,
      });
    }
    expect(await stored(stream)).toEqual([0, 1]);
  });

  protocol('expecting any or a stream, immediately, is told from a new append', async () => {
    const { client } = subject;
    for (const expectedRevision of ['any', 'stream_exists'] as const) {
      const stream = newStream();
      const batch = numbered(2);
      const first = await client.appendToStream(stream, batch);
      const again = await client.appendToStream(stream, batch, { expectedRevision });
      expect(again.nextExpectedRevision).toBe(1n);
      expect(again.position?.commit).toBe(first.position!.commit);
      const partly = client.appendToStream(stream, [batch[0]!, ...numbered(1, { from: 9 })], {
        expectedRevision,
      });
      const error = await rejection(partly);
      expect(error).toBeInstanceOf(WrongExpectedVersionError);
      expect(error).toMatchObject({ expectedVersion: expectedRevision, actualVersion: 1n });
      expect(await stored(stream)).toEqual([0, 1]);
      // The first id decides whether the others are looked at.
      await client.appendToStream(stream, [...numbered(1, { from: 9 }), batch[0]!], { expectedRevision });
      expect(await stored(stream)).toEqual([0, 1, 9, 0]);
    }
  });

  protocol(
    'expecting any, with few others between, is told from a new append at its old revision',
    async () => {
      const { client } = subject;
      const stream = newStream();
      const batch = numbered(2);
      const first = await client.appendToStream(stream, batch);
      await client.appendToStream(stream, numbered(3, { from: 2 }));
      await client.appendToStream(newStream(), numbered(3));
      const again = await client.appendToStream(stream, batch, { expectedRevision: 'any' });
      expect(again.nextExpectedRevision).toBe(1n);
      expect(again.position?.commit).toBe(first.position!.commit);
      expect(await stored(stream)).toEqual([0, 1, 2, 3, 4]);
    },
  );

  // Source: EventStoreDB's documentation, 'Optimistic concurrency and idempotence': with `ExpectedVersion.Any`
  // idempotence is not guaranteed. It asks only the ids in memory: there 8 MB (`CommitedEventsMemCacheLimit`), whose
  // number hangs on the names of streams.
  embedded('expecting any, with more others between than it remembers, makes more events', async () => {
    const { client } = subject;
    const stream = newStream();
    const batch = numbered(2);
    await client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    const other = newStream();
    for (let count = 0; count < REMEMBERED; count += BATCH)
      await client.appendToStream(other, numbered(BATCH));
    // At its revision the stored events are asked.
    const atRevision = await client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    expect(atRevision.nextExpectedRevision).toBe(1n);
    expect(await stored(stream)).toEqual([0, 1]);
    const again = await client.appendToStream(stream, batch, { expectedRevision: 'any' });
    expect(again.nextExpectedRevision).toBe(3n);
    expect(await stored(stream)).toEqual([0, 1, 0, 1]);
  });

  protocol('to another stream makes another event', async () => {
    const { client } = subject;
    const batch = numbered(1);
    const streams = [newStream(), newStream()];
    for (const stream of streams) await client.appendToStream(stream, batch);
    for (const stream of streams) expect(await stored(stream)).toEqual([0]);
  });

  protocol('to a truncated stream is still known', async () => {
    const { client } = subject;
    const stream = newStream();
    const batch = numbered(3);
    await client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    await client.setStreamMetadata(stream, { truncateBefore: 3 });
    const again = await client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    expect(again.nextExpectedRevision).toBe(2n);
    expect(await stored(stream)).toEqual([]);
  });

  protocol('to a deleted stream repeats it, and does not begin it anew', async () => {
    const { client } = subject;
    const stream = newStream();
    const batch = numbered(2);
    await client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    await client.deleteStream(stream);
    const again = await client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    expect(again.nextExpectedRevision).toBe(1n);
    const partly = client.appendToStream(stream, [batch[0]!, ...numbered(1)], {
      expectedRevision: 'no_stream',
    });
    expect(await rejection(partly)).toBeInstanceOf(WrongExpectedVersionError);
    expect(await rejection(stored(stream))).toMatchObject({ type: 'stream-not-found' });
  });
});
