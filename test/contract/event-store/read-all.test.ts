import { expect } from '@jest/globals';
import {
  BACKWARDS,
  END,
  START,
  type AllStreamResolvedEvent,
  type Position,
  type ReadAllOptions,
  type ReadPosition,
} from '@eventstore/db-client';
import { collect, eventStoreContract, newStream, numbered } from './contract.js';

eventStoreContract('reading $all', (subject) => {
  const { protocol, embedded } = subject;

  /** Three streams written in turn: their events in the order of `$all`, with the positions acknowledged. */
  async function written() {
    const streams = [newStream(), newStream(), newStream()];
    const ids: string[] = [];
    const acknowledged: Position[] = [];
    for (let round = 0; round < 4; round++) {
      for (const stream of streams) {
        // One event each: EventStoreDB gives an event of a larger batch the place of the whole as its prepare position
        // when it is read from its stream.
        const batch = numbered(1, { from: round });
        const { position } = await subject.client.appendToStream(stream, batch);
        ids.push(...batch.map((event) => event.id));
        acknowledged.push(position!);
      }
    }
    return { streams: new Set(streams), acknowledged, ids };
  }

  /** The server's own events, and other people's, may stand between ours. */
  const idsOf = (events: readonly AllStreamResolvedEvent[], streams: ReadonlySet<string>): string[] =>
    events.filter(({ event }) => streams.has(event!.streamId)).map(({ event }) => event!.id);

  const read = (options: ReadAllOptions) => collect(subject.client.readAll(options));

  /** Backwards, to a position and not on to the beginning of time. */
  async function readBack(fromPosition: ReadPosition, downTo: Position): Promise<AllStreamResolvedEvent[]> {
    const events: AllStreamResolvedEvent[] = [];
    const reading = subject.client.readAll({ direction: BACKWARDS, fromPosition });
    for await (const event of reading) {
      if (event.event!.position.commit < downTo.commit) break;
      events.push(event);
    }
    // Leaving the loop is not enough: the client keeps the call until it is cancelled.
    await reading.cancel();
    return events;
  }

  protocol('gives every event once in the order of writing, both ways', async () => {
    const { streams, acknowledged, ids } = await written();
    const forwards = await read({ fromPosition: acknowledged[0]! });
    expect(idsOf(forwards, streams)).toEqual(ids);
    const backwards = await readBack(END, acknowledged[0]!);
    expect(idsOf(backwards, streams)).toEqual([...ids].reverse());
    const positions = forwards.map(({ event }) => event!.position.commit);
    expect(positions).toEqual([...positions].sort((a, b) => (a < b ? -1 : 1)));
    expect(new Set(positions).size).toBe(positions.length);
  });

  // Source: ReadAllEventsForward and -Backward of EventStoreDB: a position stands before its event.
  protocol(
    'includes the event at a position forwards and leaves it out backwards, from every one',
    async () => {
      const { streams, acknowledged, ids } = await written();
      for (const [index, fromPosition] of acknowledged.entries()) {
        expect(idsOf(await read({ fromPosition }), streams)).toEqual(ids.slice(index));
        const before = await readBack(fromPosition, acknowledged[0]!);
        expect(idsOf(before, streams)).toEqual(ids.slice(0, index).reverse());
      }
    },
  );

  protocol('gives an event the position that its append was acknowledged with', async () => {
    const { acknowledged, ids } = await written();
    const events = await read({ fromPosition: acknowledged[0]! });
    const byId = new Map(events.map(({ event }) => [event!.id, event!.position]));
    expect(ids.map((id) => byId.get(id)?.commit)).toEqual(acknowledged.map(({ commit }) => commit));
  });

  protocol('counts, and gives the same event again from the position it had', async () => {
    const { acknowledged } = await written();
    const [fromPosition] = acknowledged;
    for (const maxCount of [1, 2, 7]) {
      expect(await read({ fromPosition: fromPosition!, maxCount })).toHaveLength(maxCount);
      expect(await read({ direction: BACKWARDS, fromPosition: END, maxCount })).toHaveLength(maxCount);
    }
    const [first, second] = await read({ fromPosition: fromPosition!, maxCount: 2 });
    const [again] = await read({ fromPosition: second!.event!.position, maxCount: 1 });
    expect(again!.event!.id).toBe(second!.event!.id);
    expect(first!.event!.position.commit).toBe(fromPosition!.commit);
  });

  protocol('there is nothing after the end and nothing before the start', async () => {
    await written();
    expect(await read({ fromPosition: END })).toEqual([]);
    expect(await read({ direction: BACKWARDS, fromPosition: START })).toEqual([]);
    expect(await read({ fromPosition: START, maxCount: 2 })).toHaveLength(2);
  });

  embedded('a position beyond the end is like the end, one between its halves is none', async () => {
    const { acknowledged, streams, ids } = await written();
    const beyond = { commit: acknowledged.at(-1)!.commit + 1_000n, prepare: acknowledged.at(-1)!.commit };
    expect(await read({ fromPosition: beyond })).toEqual([]);
    const backwards = await readBack(beyond, acknowledged[0]!);
    expect(idsOf(backwards, streams)).toEqual([...ids].reverse());
    const error = await read({ fromPosition: { commit: 1n, prepare: 2n } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: 3,
      message: expect.stringContaining('before the prepare') as unknown,
    });
  });

  protocol('system events and events hidden in their streams are in it', async () => {
    const { client } = subject;
    const stream = newStream();
    const { position } = await client.appendToStream(stream, numbered(1));
    await client.appendToStream(stream, numbered(2, { from: 1 }));
    await client.setStreamMetadata(stream, { maxCount: 1 });
    await client.deleteStream(stream);
    await client.tombstoneStream(stream);
    const events = (await read({ fromPosition: position! })).filter(({ event }) =>
      event!.streamId.endsWith(stream),
    );
    // Source: EventStoreDB's docs, "Deleting streams and events"; a tombstone is at the last revision there can be.
    expect(events.map(({ event }) => [event!.streamId, event!.type, event!.revision])).toEqual([
      [stream, 'Counted', 0n],
      [stream, 'Counted', 1n],
      [stream, 'Counted', 2n],
      [`$$${stream}`, '$metadata', 0n],
      [`$$${stream}`, '$metadata', 1n],
      [stream, '$streamDeleted', 9_223_372_036_854_775_807n],
    ]);
  });
});
