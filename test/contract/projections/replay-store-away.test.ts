import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { StoreUnavailable } from '#event-store/errors.js';
import type { ExactEventStore } from '#event-store/port.js';
import { CannotReplay, ReplayFailed } from '#projections/replay/errors.js';
import { ReplayCancelled } from '#projections/replay/replay-control.js';
import { ReplaysStore, type ReplayProgress } from '#read-models/stores/replays.store.js';
import { startTestEventStore } from '../../support/event-store.js';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { orderctl } from '../../support/orderctl.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { liveOn, replayOn } from '../../support/replays.js';
import { startTcpProxy, through } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

jest.setTimeout(4 * ENGINES_MS);

describe('a replay whose event store', () => {
  let bench: ProjectionBench;
  let replays: ReplaysStore;
  let closers: (() => Promise<unknown>)[];
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    replays = new ReplaysStore(bench.pool);
    closers = [];
    for (let count = 0; count < 5; count++) {
      const order = new WrittenOrder(bench.eventStore);
      await order.does(place(order), tags('one'));
    }
    await liveOn(bench);
  });
  afterEach(async () => {
    for (const close of closers) await close();
    await bench.close();
  });

  const generations = async () =>
    (await bench.rows<{ id: number }>(`SELECT id FROM orderlog.generations WHERE state <> 'dropped'`)).map(
      ({ id }) => id,
    );

  /** A client of its own, to be closed before its store. */
  function clientOf(url: string): ExactEventStore {
    const client = new DbClientEventStore({ connectionString: url });
    closers.unshift(() => client.close());
    return client;
  }

  async function cutOffWhileFinishing(): Promise<void> {
    const cutOff = new AbortController();
    const onProgress = ({ phase }: ReplayProgress) => {
      if (phase === 'finishing') cutOff.abort(new Error('cut off'));
    };
    await expect(replayOn(bench, { signal: cutOff.signal, onProgress })).rejects.toThrow('cut off');
  }

  it('is not the one that it began with is refused, and loses nothing that it has built', async () => {
    const server = await startTestEventStore();
    closers.push(() => server.close());
    const other = clientOf(server.url);
    await cutOffWhileFinishing();
    const resumed = replayOn(bench, { eventStore: other });
    await expect(resumed).rejects.toBeInstanceOf(CannotReplay);
    await expect(resumed).rejects.toThrow(/^generation 2 is made from event store .*orderctl replay cancel/);
    // As if it had been cut off before it loaded anything.
    await bench.rows('DELETE FROM orderlog.made_from WHERE generation = 2');
    await expect(replayOn(bench, { eventStore: other })).rejects.toThrow(
      /^generation 1 is made from event store .*, but this is one that was never used: /,
    );
    expect(await generations()).toEqual([1, 2]);

    expect(await replayOn(bench)).toMatchObject({
      ...{
        generation: { id: 2 },
        replay: { id: 1, state: 'done' },
        verified: { orders: 5, differences: [] },
      },
    });
  });

  it('is away may be paused meanwhile, and is paused once the store is there again', async () => {
    const proxy = await startTcpProxy(Number(new URL(bench.eventStoreUrl).port));
    closers.push(() => proxy.close());
    const stop = new AbortController();
    const notes: string[] = [];
    let away: Promise<void> | null = null;
    const replaying = replayOn(bench, {
      eventStore: clientOf(through(proxy, bench.eventStoreUrl)),
      signal: stop.signal,
      onProgress: ({ phase }) => {
        if (phase === 'finishing') away ??= proxy.away();
      },
      onNote: (line) => notes.push(line),
    });
    replaying.catch(() => {}); // awaited below
    closers.unshift(async () => {
      stop.abort();
      await replaying.catch(() => {}); // it is to end, however it does
    });
    await until('it waits', () => notes.length > 0);
    expect(await orderctl('replay', 'pause', '--postgres-url', bench.postgresUrl)).toMatchObject({
      code: 0,
      stdout: 'the replay into generation 2 is being paused\n',
    });
    await away!;
    await proxy.restore();
    await until('it is paused', async () => (await replays.last())?.state === 'paused');
    expect(await replays.open()).toMatchObject({ asked: 'pause', isAttended: true });

    await replays.ask('run');
    expect(await replaying).toMatchObject({ generation: { id: 2 }, replay: { id: 1, state: 'done' } });
  });

  /** The store of the bench, which is away at some reads of its identity. */
  function awayAt(isAway: (read: number) => boolean | Promise<boolean>): ExactEventStore {
    const eventStore = clientOf(bench.eventStoreUrl);
    const readStream = eventStore.readStream.bind(eventStore);
    let reads = 0;
    eventStore.readStream = async function* (...args) {
      if (await isAway(++reads)) throw new StoreUnavailable('nobody listens');
      yield* readStream(...args);
    };
    return eventStore;
  }

  it('is away begins no other one where it was cancelled meanwhile, and is done where it was completed', async () => {
    /** Another process ends the replay after it has begun, and the store is away just then. */
    const endedElsewhere = (state: 'cancelled' | 'failed' | 'done') =>
      replayOn(bench, {
        eventStore: awayAt(async (read) => {
          if (read === 2) await replays.end((await replays.open())!.id, state, null);
          return read === 2;
        }),
      });
    await expect(endedElsewhere('cancelled')).rejects.toBeInstanceOf(ReplayCancelled);
    expect(await generations()).toEqual([1, 2]);
    await expect(endedElsewhere('failed')).rejects.toBeInstanceOf(ReplayFailed);
    expect(await endedElsewhere('done')).toMatchObject({ replay: { id: 3, state: 'done' }, verified: null });
    expect(await replays.open()).toBeNull();
  });

  it('is away tells so once', async () => {
    const notes: string[] = [];
    await replayOn(bench, {
      eventStore: awayAt((read) => read <= 3),
      onNote: (line) => notes.push(line),
    });
    expect(notes).toEqual(['waiting: nobody listens']);
  });

  it('went away as it was paused shows that it runs, once it was told to go on', async () => {
    let shown: ReturnType<ReplaysStore['open']> | null = null;
    await replayOn(bench, {
      // It has begun by the second read.
      eventStore: awayAt(async (read) => {
        if (read === 2) await replays.become(1, 'paused');
        return read === 2;
      }),
      onProgress: () => void (shown ??= replays.open()),
    });
    expect(await shown!).toMatchObject({ asked: 'run', state: 'running' });
  });
});
