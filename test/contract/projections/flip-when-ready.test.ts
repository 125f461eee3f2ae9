import { randomUUID } from 'node:crypto';
import type { Client } from '@elastic/elasticsearch';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { StoreUnavailable } from '#event-store/errors.js';
import type { ExactEventStore } from '#event-store/port.js';
import { ORDER_STREAM_PREFIX } from '#event-store/streams.js';
import { createLogger } from '#platform/logging.js';
import { flipWhenReady } from '#projections/generations/flip-when-ready.js';
import { dropGeneration } from '#read-models/generations/drop-generation.js';
import {
  activeGeneration,
  createGeneration,
  generationById,
  prepareGeneration,
  type Generation,
} from '#read-models/generations/generation.js';
import { markFailed, markReady } from '#read-models/generations/generation-states.js';
import { setGenerationsAside } from '#read-models/generations/set-aside.js';
import { tryFlip } from '#read-models/generations/try-flip.js';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import { lossyStore } from '../../support/lossy-store.js';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { describeWith, elasticsearchUrl } from '../../support/engines.js';
import { removeIndexes } from '../../support/indexes.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { unreadableStreams } from '../../support/unreadable-streams.js';
import { until } from '../../support/until.js';

jest.setTimeout(2 * ENGINES_MS);

/**
 * Calls back before each read of an order's whole stream. What is built reads them only to be compared; to look whether
 * the store has its last event, a projector reads that event alone.
 */
function comparing(store: ExactEventStore, onRead: (count: number) => Promise<unknown>): ExactEventStore {
  let count = 0;
  return {
    ...lossyStore(store, () => false),
    async *readStream(stream, range) {
      if (stream.startsWith(ORDER_STREAM_PREFIX) && range?.maxCount !== 1) await onRead(++count);
      yield* store.readStream(stream, range);
    },
  };
}

describeWith([], 'read models that are built anew in the place of others', () => {
  let bench: ProjectionBench;
  let orders: WrittenOrder[];
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    orders = Array.from({ length: 3 }, () => new WrittenOrder(bench.eventStore));
    for (const order of orders) await order.does(place(order));
    const running = bench.start();
    await bench.caughtUp(running);
    await running.stop();
    await bench.rows(`UPDATE orderlog.generations SET fingerprint = 'set aside'`);
  });
  afterEach(() => bench.close());

  /** @returns what it warns of, and the errors that it logs */
  function keep(eventStore: ExactEventStore, options: { leftAfterMs?: number } = {}) {
    const [warned, failures]: [string[], string[]] = [[], []];
    const logger = createLogger('projector', 'silent');
    logger.warn = (...[, text]: unknown[]) => void warned.push(String(text));
    logger.error = (about: unknown) => void failures.push(String((about as { err: unknown }).err));
    const { keeper } = bench.keep({ ...options, eventStore, logger });
    return { warned, failures, keeper };
  }
  const areRead = () =>
    until('they are read', async () => (await activeGeneration(bench.pool))?.id === 2, ENGINES_MS);

  it('are read though the stream of one order alone cannot be, and it is told which', async () => {
    const { stream } = orders[1]!;
    const { warned } = keep(unreadableStreams(bench.eventStore, (asked) => asked === stream));
    await areRead();
    expect(warned.filter((text) => text.includes('compared'))).toEqual([
      `1 order could not be compared with the events, such as ${stream.slice(ORDER_STREAM_PREFIX.length)}: ${stream} is not given`,
    ]);
  });

  it('say what they wait for where the event store is away', async () => {
    let [away, asked] = [true, false];
    const isAway = (stream: string) => {
      if (!stream.startsWith(ORDER_STREAM_PREFIX)) return false;
      asked = true; // what is built is compared: until then nothing is to be in its way
      return away;
    };
    const { warned } = keep({
      ...unreadableStreams(bench.eventStore, isAway),
      headPosition: () => {
        if (asked && away) return Promise.reject(new StoreUnavailable('the store is away'));
        return bench.eventStore.headPosition();
      },
    });
    await until('it is told', () => warned.includes('not activated yet: the store is away'));
    away = false;
    await areRead();
  });

  it('are active again once the projectors are gone that made the others active again', async () => {
    const { warned, keeper } = keep(bench.eventStore, { leftAfterMs: 1 });
    const { target } = keeper;
    const isActive = async (id: number) =>
      (await bench.rows('SELECT FROM orderlog.active_generation WHERE generation = $1', [id])).length > 0;
    await until('they are active', () => isActive(2), ENGINES_MS);
    const others = await generationById(bench.pool, 1);
    const restarted = bench.start({ generation: async () => others });
    await bench.caughtUp(restarted);
    /** The keeper sees it, has more than the time of a flip, and leaves it as it is. */
    const othersAreActive = async (chosen: boolean) => {
      expect(await tryFlip(bench.pool, others, { chosen })).toBe('flipped');
      await until('it is seen', () => !target.orders.active);
      for (let count = 0; count < 20; count++) {
        const { position } = await orders[0]!.does(tags(`${count} ${chosen}`));
        await until('they have it', () => (target.orders.position ?? -1n) >= position);
      }
      await expect(dropGeneration(bench.pool, 1, { removeIndex: null })).rejects.toThrow(
        'generation 1 is active, and query-apis of its release read it: activate another one first',
      );
    };
    await othersAreActive(false);
    await bench.caughtUp(restarted);
    await restarted.stop();
    await until('they are active again', () => isActive(2), ENGINES_MS);

    await until('it is seen', () => target.orders.active);
    await othersAreActive(true);
    expect(warned).toEqual([]); // it would be told every other second
  });

  it('are not read where another projector has found them wrong meanwhile', async () => {
    const { target } = bench.keep({
      eventStore: comparing(bench.eventStore, async (count) => {
        if (count === 1) await markFailed(bench.pool, { id: 2 }, 'a row is not as its events make it');
      }),
    }).keeper;
    await until('it is told', () => target.orders.lastError?.startsWith('generation 2 failed: a row is not'));
    const states = await bench.rows(
      'SELECT a.generation AS active, g.state FROM orderlog.active_generation a, orderlog.generations g WHERE g.id = 2',
    );
    expect(states).toEqual([{ active: 1, state: 'failed' }]);
  });

  it('are compared anew by the next owner of their rows', async () => {
    let reads = 0;
    const { target } = bench.keep({
      eventStore: comparing(bench.eventStore, async (count) => {
        reads = count;
        if (count > 1) return;
        await bench.rows(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND application_name = 'orderlog projector orders'`,
        );
        await until('they have another owner, who has caught up', async () => {
          const [lease] = await bench.rows('SELECT token FROM orderlog.leases WHERE generation = 2');
          return lease!['token'] === '2' && target.orders.state === 'live';
        });
      }),
    }).keeper;
    await areRead();
    expect(reads).toBe(2 * orders.length);
  });

  it('are said to be read already where that is so when they are found wrong', async () => {
    const second = await prepareGeneration(bench.pool, null);
    const filling = bench.start({ generation: async () => second });
    await bench.caughtUp(filling);
    await filling.stop();
    await bench.rows('UPDATE gen_2.orders SET total_minor = total_minor + 1');
    const { failures } = keep(
      comparing(bench.eventStore, async (count) => {
        if (count > 1) return;
        // As another projector does, which compared other orders.
        await markReady(bench.pool, second);
        await tryFlip(bench.pool, second, { chosen: false });
      }),
    );
    await until('it is told', () => failures.length > 0);
    expect(failures[0]).toMatch(
      /^Error: generation 2 was built, but of 3 orders, .*, and queries are answered from it already: run orderctl replay/,
    );
    expect((await activeGeneration(bench.pool))?.id).toBe(2);
  });
});

describeWith([], 'read models that are set aside while a projector keeps them', () => {
  let bench: ProjectionBench;
  let order: WrittenOrder;
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
  });
  afterEach(() => bench.close());

  it('are built anew by it, and filled before they are compared, though nobody started it again', async () => {
    let ending = new AbortController();
    let compared: object[] = [];
    const eventStore = comparing(bench.eventStore, async () => {
      compared = await bench.rows(
        `SELECT g.state, c.position IS NOT NULL AS filled FROM orderlog.generations g
         LEFT JOIN orderlog.checkpoints c ON c.generation = g.id AND c.projection = 'orders' WHERE g.id = 2`,
      );
    });
    eventStore.subscribeToAll = (options) =>
      bench.eventStore.subscribeToAll({
        ...options,
        signal: AbortSignal.any([options.signal, ending.signal]),
      });
    const { target } = bench.keep({ eventStore }).keeper;
    await until('they are kept', () => target.orders.state === 'live');

    await setGenerationsAside(bench.pool);
    const ended = ending;
    ending = new AbortController();
    ended.abort();
    await until(
      'the new ones are read',
      async () => (await activeGeneration(bench.pool))?.id === 2,
      ENGINES_MS,
    );
    expect(compared).toEqual([{ state: 'building', filled: true }]);
  });

  it('are not confused with the new ones, which are empty, where they have caught up since', async () => {
    let areAside = false;
    const { target } = bench.keep({
      eventStore: {
        ...lossyStore(bench.eventStore, () => false),
        // A comparison would wait for minutes; so the store says that it has nothing to wait for.
        headPosition: () => (areAside ? Promise.resolve(null) : bench.eventStore.headPosition()),
        async *subscribeToAll(options) {
          if (!areAside) await setGenerationsAside(bench.pool);
          areAside = true;
          yield* bench.eventStore.subscribeToAll(options);
        },
      },
    }).keeper;
    const states = () =>
      bench.rows(
        `SELECT g.id, g.state, g.id = a.generation AS active FROM orderlog.generations g, orderlog.active_generation a
         ORDER BY g.id`,
      );
    await until('there are new ones', async () => areAside && (await states()).length === 2);
    const { position } = await order.does(tags('later'));
    await until('the old ones have what came since', () => (target.orders.position ?? -1n) >= position);
    expect(await states()).toEqual([
      { id: 1, state: 'set_aside', active: true },
      { id: 2, state: 'building', active: false },
    ]);
  });
});

describeWith([], 'what a person has activated', () => {
  let bench: ProjectionBench;
  let warned: string[];
  let first: Generation;
  let built: Generation;
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    warned = [];
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
    // Two kinds, as where the projector is told to search in tables from now on.
    first = await prepareGeneration(bench.pool, 'test');
    await isIndexed(first);
    built = await prepareGeneration(bench.pool, null);
    for (const one of [first, built]) await isFilled(one);
  });
  afterEach(() => bench.close());

  const isFilled = (generation: Generation) =>
    bench.caughtUp(bench.start({ generation: async () => generation }));
  /** As an index that has all there will be. */
  const isIndexed = ({ id }: Generation) =>
    bench.rows(
      `INSERT INTO orderlog.checkpoints (generation, projection, position, write_seq)
       VALUES (${id}, 'search', 9000000000000000, 0)`,
    );
  /** As a replay of the index of `first` makes one. */
  async function anotherIndex(): Promise<Generation> {
    const generation = await createGeneration(bench.pool, {
      indexPrefix: 'test',
      madeBy: 'replay',
      rowsOf: first,
    });
    await isIndexed(generation);
    await markReady(bench.pool, generation);
    return generation;
  }
  const flip = (generation: Generation, chosen: boolean) => tryFlip(bench.pool, generation, { chosen });
  /** As its projector does once it has caught up. @param meanwhile done while it compares orders */
  async function flipsToBuilt(meanwhile: () => Promise<unknown> = async () => {}): Promise<void> {
    const logger = createLogger('projector', 'silent');
    logger.warn = (...[, text]: unknown[]) => void warned.push(String(text));
    const eventStore = comparing(bench.eventStore, meanwhile);
    const options = { pool: bench.pool, eventStore, elasticsearch: null, logger };
    await flipWhenReady(options, built, 0n, new AbortController().signal);
  }
  const activeId = async () =>
    (await bench.rows<{ id: number }>('SELECT generation AS id FROM orderlog.active_generation'))[0]!.id;
  const WARNING =
    'not activated: somebody went back from this generation; `orderctl generations activate` activates it';

  it('stays active after a rollback, and so does what was activated after that', async () => {
    await flipsToBuilt();
    expect(await activeId()).toBe(built.id);
    expect(await flip(first, true)).toBe('flipped');
    await flipsToBuilt();
    expect(await activeId()).toBe(first.id);

    const third = await anotherIndex();
    expect(await flip(third, true)).toBe('flipped');
    await flipsToBuilt();
    expect(await activeId()).toBe(third.id);
    expect(warned).toEqual([WARNING, WARNING]);

    // Once a person has activated what was built, a projector flips back to it from what another release flips to.
    expect(await flip(built, true)).toBe('flipped');
    await bench.rows('UPDATE orderlog.active_generation SET generation = $1, chosen = false', [third.id]);
    await flipsToBuilt();
    expect(await activeId()).toBe(built.id);
  });

  it('by a replay is no way back from what it replaced', async () => {
    await flipsToBuilt();
    const third = await anotherIndex();
    expect(await tryFlip(bench.pool, third, { chosen: true, isReplay: true })).toBe('flipped');
    await flipsToBuilt();
    expect(await activeId()).toBe(third.id);

    // Only the replay itself was asked for. Once another release has flipped, nothing is left of that.
    await bench.rows('UPDATE orderlog.active_generation SET generation = $1, previous = $2, chosen = false', [
      first.id,
      third.id,
    ]);
    await flipsToBuilt();
    expect(await activeId()).toBe(built.id);
  });

  it('stays active where a person goes back while a projector compares orders', async () => {
    const flips: string[] = [];
    await flipsToBuilt(async () => {
      await markReady(bench.pool, built);
      flips.push(await flip(built, false)); // by another projector, which was faster
      flips.push(await flip(first, true));
    });
    expect(flips).toEqual(['flipped', 'flipped']);
    expect(await activeId()).toBe(first.id);
    expect(warned).toEqual([WARNING]);
  });

  it('stays active where it is the replay of the same release, and was faster', async () => {
    const third = await createGeneration(bench.pool, { indexPrefix: null, madeBy: 'replay' });
    await isFilled(third);
    await flipsToBuilt(async () => {
      await markReady(bench.pool, third);
      await flip(third, true);
    });
    expect(await activeId()).toBe(third.id);
  });
});

describeWith(
  'elasticsearch',
  'read models with an index that are set aside while a projector keeps them',
  () => {
    let bench: ProjectionBench;
    let client: Client;
    const prefix = `test-${randomUUID().slice(0, 8)}`;
    beforeEach(async () => {
      client = createElasticsearchClient({ url: elasticsearchUrl()!, apiKey: null, caFile: null });
      bench = await ProjectionBench.open();
      const order = new WrittenOrder(bench.eventStore);
      await order.does(place(order));
    });
    afterEach(async () => {
      await bench.close();
      await removeIndexes(client, prefix);
      await client.close();
    });

    it('are built anew with their index, though only the rows were begun anew', async () => {
      let ending = new AbortController();
      const { target } = bench.keep({
        eventStore: {
          ...lossyStore(bench.eventStore, () => false),
          subscribeToAll: (options) =>
            bench.eventStore.subscribeToAll({
              ...options,
              signal: AbortSignal.any([options.signal, ending.signal]),
            }),
        },
        elasticsearch: client,
        indexPrefix: prefix,
      }).keeper;
      const isRead = (id: number) =>
        until(`${id} is read`, async () => (await activeGeneration(bench.pool))?.id === id, ENGINES_MS);
      await isRead(1);
      await until('its index is followed', () => target.search!.state === 'live', ENGINES_MS);
      // The index of no rows is live at once; the rows may not be subscribed yet to what is ended below.
      await until('its rows are followed', () => target.orders.state === 'live', ENGINES_MS);

      await setGenerationsAside(bench.pool);
      const ended = ending;
      ending = new AbortController();
      ended.abort();
      await isRead(2);
    });
  },
);
