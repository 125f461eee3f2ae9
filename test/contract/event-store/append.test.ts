import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import {
  binaryEvent,
  jsonEvent,
  MaxAppendSizeExceededError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { collect, eventStoreContract, newStream, numbered, rejection, revisionsOf } from './contract.js';

eventStoreContract('appending', (subject) => {
  const { protocol, embedded } = subject;

  protocol('of many writers at one revision exactly one wins', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(1));
    const results = await Promise.allSettled(
      Array.from({ length: 32 }, (_, n) =>
        client.appendToStream(stream, numbered(2, { from: n }), { expectedRevision: 0n }),
      ),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(WrongExpectedVersionError);
    }
    expect(revisionsOf(await collect(client.readStream(stream)))).toEqual([0, 1, 2]);
  });

  protocol('appends sent one after the other without waiting are decided in that order', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(1));
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        client.appendToStream(stream, numbered(1, { from: n + 1 }), { expectedRevision: BigInt(n) }),
      ),
    );
    expect(results.map((result) => Number(result.nextExpectedRevision))).toEqual(
      Array.from({ length: 50 }, (_, n) => n + 1),
    );
  });

  protocol('positions grow in the order of the acknowledgements', async () => {
    const { client } = subject;
    let last = -1n;
    for (let n = 0; n < 5; n++) {
      const { position } = await client.appendToStream(newStream(), numbered(2));
      expect(position!.commit).toBeGreaterThan(last);
      expect(position!.commit).toBeGreaterThanOrEqual(position!.prepare);
      last = position!.commit;
    }
  });

  protocol('a large batch in several messages is one append', async () => {
    const { client } = subject;
    const stream = newStream();
    const batch = numbered(1_500);
    const result = await client.appendToStream(stream, batch, {
      expectedRevision: 'no_stream',
      batchAppendSize: 10_000,
    });
    expect(result.nextExpectedRevision).toBe(1_499n);
    const stored = await collect(client.readStream(stream));
    expect(stored.map(({ event }) => event!.id)).toEqual(batch.map((event) => event.id));
  });

  protocol('more than 1 MiB is refused and leaves nothing', async () => {
    const { client } = subject;
    const stream = newStream();
    const half = () => binaryEvent({ type: 'Large', data: new Uint8Array(600_000) });
    const error = await rejection(
      client.appendToStream(stream, [half(), half()], { expectedRevision: 'no_stream' }),
    );
    expect(error).toBeInstanceOf(MaxAppendSizeExceededError);
    expect(error).toMatchObject({ maxAppendSize: 1_048_576 });
    const one = await client.appendToStream(stream, half(), { expectedRevision: 'no_stream' });
    expect(one.nextExpectedRevision).toBe(0n);
  });

  // Source: EventStoreDB counts data, metadata and two bytes for each character of the type (`Event.SizeOnDisk`);
  // docs, "Configuration options", MaxAppendSize: 1 MiB by default.
  protocol('exactly 1 MiB is accepted, one byte more is not', async () => {
    const { client } = subject;
    const stream = newStream();
    const sized = (bytes: number) =>
      binaryEvent({
        type: 'ÄB',
        data: new Uint8Array(bytes - 4 - 1_000),
        metadata: new Uint8Array(1_000),
      });
    const fits = await client.appendToStream(stream, sized(1_048_576));
    expect(fits.nextExpectedRevision).toBe(0n);
    const error = await rejection(client.appendToStream(stream, sized(1_048_577)));
    expect(error).toBeInstanceOf(MaxAppendSizeExceededError);
    const halves = [
      binaryEvent({ type: 'L', data: new Uint8Array(524_286) }),
      binaryEvent({ type: 'L', data: new Uint8Array(524_286) }),
    ];
    expect((await client.appendToStream(stream, halves)).nextExpectedRevision).toBe(2n);
  });

  protocol('more than 1 MiB in several messages is refused once, and leaves nothing', async () => {
    const { client } = subject;
    const stream = newStream();
    const events = Array.from({ length: 20 }, () =>
      binaryEvent({ type: 'Large', data: new Uint8Array(100_000) }),
    );
    const options = { expectedRevision: 'no_stream', batchAppendSize: 250_000 } as const;
    expect(await rejection(client.appendToStream(stream, events, options))).toBeInstanceOf(
      MaxAppendSizeExceededError,
    );
    const [fits] = events;
    expect((await client.appendToStream(stream, fits!, options)).nextExpectedRevision).toBe(0n);
  });

  embedded('an event far over the limit is refused without breaking the other appends', async () => {
    const { client } = subject;
    const stream = newStream();
    const huge = binaryEvent({ type: 'Huge', data: new Uint8Array(9_000_000) });
    const [refused, ...others] = await Promise.allSettled([
      client.appendToStream(newStream(), huge),
      client.appendToStream(stream, numbered(1)),
      client.appendToStream(newStream(), numbered(1)),
    ]);
    expect((refused as PromiseRejectedResult).reason).toBeInstanceOf(MaxAppendSizeExceededError);
    expect(others.map((other) => other.status)).toEqual(['fulfilled', 'fulfilled']);
  });

  protocol('ids, types, data and metadata come back as they were, in any script', async () => {
    const { client } = subject;
    const stream = newStream('bestellung-ü-注文-🧺');
    const id = randomUUID();
    const bytes = new Uint8Array(256).map((_, index) => index);
    await client.appendToStream(stream, [
      jsonEvent({ id, type: 'Größe-型', data: { text: 'é\u0000"\\\n🧺' }, metadata: { who: 'Ångström' } }),
      binaryEvent({ type: 'Bytes', data: bytes, metadata: bytes }),
      jsonEvent({ type: 'Bare', data: {} }),
    ]);
    const [json, binary, bare] = await collect(client.readStream(stream));
    expect(json!.event).toMatchObject({
      streamId: stream,
      id,
      type: 'Größe-型',
      isJson: true,
      data: { text: 'é\u0000"\\\n🧺' },
      metadata: { who: 'Ångström' },
    });
    expect(Math.abs(json!.event!.created.getTime() - Date.now())).toBeLessThan(60_000);
    expect(binary!.event).toMatchObject({ isJson: false, revision: 1n });
    expect(Buffer.from(binary!.event!.data as Uint8Array)).toEqual(Buffer.from(bytes));
    expect(Buffer.from(binary!.event!.metadata as Uint8Array)).toEqual(Buffer.from(bytes));
    expect(bare!.event!.metadata).toBeUndefined();
  });

  protocol('the plain append, used with credentials, answers like the batch append', async () => {
    const { client, credentials } = subject;
    const stream = newStream();
    const batch = numbered(2);
    const options = { expectedRevision: 'no_stream', credentials } as const;
    const first = await client.appendToStream(stream, batch, options);
    expect(first).toMatchObject({ success: true, nextExpectedRevision: 1n });
    const again = await client.appendToStream(stream, batch, options);
    expect(again.position?.commit).toBe(first.position!.commit);
    expect(await rejection(client.appendToStream(stream, numbered(1), options))).toMatchObject({
      type: 'wrong-expected-version',
      streamName: stream,
      expectedVersion: 'no_stream',
      actualVersion: 1n,
    });
    const large = binaryEvent({ type: 'Large', data: new Uint8Array(1_100_000) });
    expect(await rejection(client.appendToStream(stream, large, { credentials }))).toMatchObject({
      type: 'maximum-append-size-exceeded',
      maxAppendSize: 1_048_576,
    });
    await client.tombstoneStream(stream);
    expect(await rejection(client.appendToStream(stream, numbered(1), { credentials }))).toMatchObject({
      type: 'stream-deleted',
      streamName: stream,
    });
  });

  embedded('names PostgreSQL cannot hold and appends to $all are refused', async () => {
    const { client } = subject;
    for (const name of ['', 'nul\0', 'x'.repeat(601)]) {
      expect(await rejection(client.appendToStream(name, numbered(1)))).toBeInstanceOf(Error);
    }
    expect(await rejection(client.appendToStream('$all', numbered(1)))).toMatchObject({
      type: 'access-denied',
    });
  });

  // Source: `Status.Timeout` of EventStoreDB's `Streams.BatchAppend`, by the server's clock: hence an hour.
  protocol('an append whose deadline has passed is not written', async () => {
    const { client } = subject;
    const stream = newStream();
    const error = await rejection(client.appendToStream(stream, numbered(1), { deadline: -3_600_000 }));
    expect(error).toMatchObject({ type: 'deadline-exceeded' });
    expect(await rejection(collect(client.readStream(stream)))).toMatchObject({ type: 'stream-not-found' });
  });

  embedded('an append of nothing changes nothing', async () => {
    const { client } = subject;
    const stream = newStream();
    await client.appendToStream(stream, numbered(2));
    expect(await client.appendToStream(stream, [])).toMatchObject({
      success: true,
      nextExpectedRevision: 1n,
    });
    expect(await collect(client.readStream(stream))).toHaveLength(2);
  });
});
