import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { errors, type Client } from '@elastic/elasticsearch';
import { createLogger } from '#platform/logging.js';
import type { ReadModelKeeper } from '#projections/generations/read-model-keeper.js';
import type { Replayed, ReplayOptions } from '#projections/replay/replay.js';
import { checkpointOf } from '#read-models/checkpoints.js';
import { activeGeneration, generationById } from '#read-models/generations/generation.js';
import { FROM_THE_START } from '#read-models/readers/feed-place.js';
import { readFeed } from '#read-models/readers/event-feed.reader.js';
import { ReadModels } from '#read-models/readers/read-models.js';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import { beginBulk } from '#read-models/search/elasticsearch/bulk-index.js';
import { REFRESH_INTERVAL, SHOWN_ID } from '#read-models/search/elasticsearch/index-definition.js';
import { ReplaysStore, type ReplayPhase } from '#read-models/stores/replays.store.js';
import { describeWith, elasticsearchUrl } from '../../support/engines.js';
import { removeIndexes } from '../../support/indexes.js';
import { note, place, tags, WrittenOrder } from '../../support/order-streams.js';
import { ProjectionBench } from '../../support/projections.js';
import { replayOn, waitedByPhase } from '../../support/replays.js';
import { startTcpProxy, through, type TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

jest.setTimeout(180_000);
const LIMIT_MS = 60_000;
const FAILURES = 3;

describeWith('elasticsearch', 'a replay where orders are searched in an index', () => {
  let bench: ProjectionBench;
  let client: Client;
  let prefix: string;
  let keeper: ReadModelKeeper;
  let orders: WrittenOrder[];

  beforeAll(() => {
    client = createElasticsearchClient({ url: elasticsearchUrl()!, apiKey: null, caFile: null });
  });
  afterAll(() => client.close());
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    prefix = `test-${randomUUID().slice(0, 8)}`;
    orders = Array.from({ length: 20 }, () => new WrittenOrder(bench.eventStore));
    for (const order of orders) await order.does(place(order, 3));
    for (const order of orders) await order.does(tags('late'));
    ({ keeper } = bench.keep({
      ...{ elasticsearch: client, indexPrefix: prefix, logger: createLogger('projector', 'silent') },
    }));
    await indexedUpToNow();
  });
  afterEach(async () => {
    await bench.close();
    await removeIndexes(client, prefix);
  });

  async function indexedUpToNow(): Promise<void> {
    const head = (await bench.eventStore.headPosition())!;
    await until(
      'the index has all',
      async () => {
        const active = await activeGeneration(bench.pool);
        return active && ((await checkpointOf(bench.pool, active.id, 'search')) ?? -1n) >= head;
      },
      LIMIT_MS,
    );
  }
  /** An index alone, of which a document is gone when it is verified. */
  function spoilt(generation: number, options: Partial<ReplayOptions> = {}): Promise<Replayed> {
    return replayOn(bench, {
      ...{ elasticsearch: client, ...options, request: { searchOnly: true } },
      onProgress: ({ phase, done, total }) => {
        if (phase !== 'catching_up' || done !== total) return;
        void bench
          .rows<{ index: string }>('SELECT search_index AS index FROM orderlog.generations WHERE id = $1', [
            generation,
          ])
          .then(([row]) => client.delete({ index: row!.index, id: `default.${orders[3]!.orderId}` }));
      },
    });
  }
  const indexes = async () => Object.keys(await client.indices.get({ index: `${prefix}*` })).sort();

  it('builds rows and index anew, and one flip makes both active', async () => {
    const before = (await activeGeneration(bench.pool))!;
    const { generation, verified } = await replayOn(bench, { elasticsearch: client });
    expect(verified).toMatchObject({ orders: 20, differences: [] });
    expect(await activeGeneration(bench.pool)).toMatchObject({
      id: generation.id,
      searchIndex: generation.searchIndex,
    });
    expect(await indexes()).toEqual([before.searchIndex!, generation.searchIndex!].sort());
    const { [generation.searchIndex!]: settings } = await client.indices.getSettings({
      index: generation.searchIndex!,
    });
    expect(settings!.settings!.index).toMatchObject({
      refresh_interval: '5s',
      auto_expand_replicas: '0-1',
    });

    await orders[0]!.does(note('after the flip'));
    await indexedUpToNow();
    expect(await bench.verify(client)).toMatchObject({
      generation: generation.id,
      orders: 20,
      differences: [],
    });
  });

  it('builds the index alone, beside the same rows', async () => {
    const before = (await activeGeneration(bench.pool))!;
    const { generation } = await replayOn(bench, { elasticsearch: client, request: { searchOnly: true } });
    expect(generation).toMatchObject({ schema: before.schema, rowsOf: before.id });
    expect(generation.searchIndex).not.toBe(before.searchIndex);
    expect(await activeGeneration(bench.pool)).toMatchObject({ id: generation.id });
    await orders[1]!.does(note('after the flip'));
    await indexedUpToNow();
    const current = async () => (await activeGeneration(bench.pool))!;
    const models = new ReadModels(bench.pool, { current, refreshed: current });
    const question = {
      tenantId: 'default',
      after: FROM_THE_START,
      types: ['OrderPlaced'],
      limit: 50,
    };
    expect((await readFeed(models, question)).items).toHaveLength(20);
    expect(await bench.verify(client)).toMatchObject({
      generation: generation.id,
      orders: 20,
      differences: [],
    });

    // The rows stay for as long as one of the two needs them; what only the first had goes with it.
    const { dropped } = await replayOn(bench, { elasticsearch: client, request: { searchOnly: true } });
    expect(dropped).toEqual([before.id]);
    await orders[2]!.does(note('after the first was dropped'));
    await indexedUpToNow();
    const third = (await current()).id;
    await until(
      'what kept the first keeps the third',
      () => keeper.target.search?.generation?.id === third && keeper.target.search.state === 'live',
      LIMIT_MS,
    );
    expect(await indexes()).not.toContain(before.searchIndex);
    expect(await bench.verify(client)).toMatchObject({ orders: 20, differences: [] });
    const kept = [...keeper.ordersFollowers, ...keeper.searchFollowers];
    expect(new Set(kept.map(({ engine }) => engine.restarts.error))).toEqual(new Set([0]));
  });

  it('keeps the rate that it was given when it fills an index and when it verifies', async () => {
    const { seconds, ...waiting } = waitedByPhase();
    const request = { searchOnly: true, throttle: 10 };
    await replayOn(bench, { ...{ elasticsearch: client, request }, ...waiting });
    // 20 documents, of which a fifth of a second goes at once; then as many, and the 40 events of their orders.
    const { loading = 0, catching_up = 0 } = seconds; // it is filled from the moment on that it is there
    expect(loading + catching_up).toBeGreaterThanOrEqual(1.8);
    expect(seconds.verifying).toBeGreaterThanOrEqual(6);
  });

  it('fills an index that is neither refreshed nor copied, and has it as any other before it is verified', async () => {
    const found = new Map<ReplayPhase, Set<string>>();
    const refreshesOf = async (index: string) => {
      const { _all } = await client.indices.stats({ index, metric: 'refresh' });
      return _all.primaries!.refresh!.external_total;
    };
    await beginBulk(client, `${prefix}-untouched`);
    const refreshes = new Set([await refreshesOf(`${prefix}-untouched`)]);
    let phase: ReplayPhase = 'catching_up';
    const wait = async () => {
      const during = phase;
      const [made] = await bench.rows<{ index: string }>(
        'SELECT search_index AS index FROM orderlog.generations WHERE id = 2',
      );
      const { index } = made!;
      const { refresh_interval, number_of_replicas, auto_expand_replicas } = (
        await client.indices.getSettings({ index })
      )[index]!.settings!.index!;
      const copies = auto_expand_replicas ?? number_of_replicas;
      if (during === 'catching_up') refreshes.add(await refreshesOf(index));
      found.set(during, (found.get(during) ?? new Set()).add(`${refresh_interval}, copies ${copies}`));
    };
    await replayOn(bench, {
      ...{ elasticsearch: client, request: { throttle: 1, searchOnly: true } },
      ...{ clock: { now: () => 0, wait }, onProgress: (progress) => void (phase = progress.phase) },
    });
    expect(found).toEqual(
      new Map([
        ['catching_up', new Set(['-1, copies 0'])],
        ['verifying', new Set([`${REFRESH_INTERVAL}, copies 0-1`])],
      ]),
    );
    expect(refreshes.size).toBe(1);
  });

  it('goes on with an index that was cut off, and drops one that is given up', async () => {
    const cutOff = new AbortController();
    const first = replayOn(bench, {
      ...{ elasticsearch: client, request: { searchOnly: true }, signal: cutOff.signal },
      onProgress: ({ phase }) => {
        if (phase === 'verifying') cutOff.abort(new Error('cut off'));
      },
    });
    await expect(first).rejects.toThrow('cut off');
    const { generation } = await replayOn(bench, { elasticsearch: client, request: { searchOnly: true } });
    expect(generation.id).toBe(2);

    await expect(spoilt(3)).rejects.toThrow(/generation 3 does not match the events/);
    expect(await activeGeneration(bench.pool)).toMatchObject({ id: 2 });
    expect((await indexes()).filter((name) => name.startsWith(`${prefix}-3-`))).toEqual([]);
  });

  it('goes on in another index where its own is ahead of the rows, as after a failover of PostgreSQL', async () => {
    const cutOff = new AbortController();
    const first = replayOn(bench, {
      ...{ elasticsearch: client, signal: cutOff.signal },
      onProgress: ({ phase }) => {
        if (phase === 'verifying') cutOff.abort(new Error('cut off'));
      },
    });
    await expect(first).rejects.toThrow('cut off');
    const { searchIndex: ahead } = await generationById(bench.pool, 2);
    await bench.rows(
      `UPDATE orderlog.checkpoints SET position = 0, write_seq = 1 WHERE generation = 2 AND projection = 'search'`,
    );
    await client.index({ index: ahead!, id: SHOWN_ID, document: { shownThrough: '99', writeSeq: '9999' } });
    const { generation } = await replayOn(bench, { elasticsearch: client });
    expect(generation.searchIndex).not.toBe(ahead);
    expect(await activeGeneration(bench.pool)).toEqual(generation);
    expect(await indexes()).not.toContain(ahead);
    expect(await bench.verify(client)).toMatchObject({ generation: 2, orders: 20, differences: [] });
  });

  /** Until it was asked for in vain some times. */
  async function outage(proxy: TcpProxy, proxied: Client): Promise<void> {
    let failures = 0;
    proxied.diagnostic.on('response', (error) => void (failures += error === null ? 0 : 1));
    await proxy.away();
    await until('it was missed', () => failures >= FAILURES, LIMIT_MS);
    await proxy.restore();
  }

  it.each(['catching_up', 'verifying', 'flipping'] as const)(
    'waits for Elasticsearch, which goes away while it is %s, and ends well',
    async (phase) => {
      const proxy = await startTcpProxy(Number(new URL(elasticsearchUrl()!).port));
      const url = through(proxy, elasticsearchUrl()!);
      const proxied = createElasticsearchClient({ url, apiKey: null, caFile: null });
      try {
        const outages: Promise<void>[] = [];
        const { generation, replay } = await replayOn(bench, {
          elasticsearch: proxied,
          onProgress: (progress) => {
            if (progress.phase === phase && outages.length === 0) outages.push(outage(proxy, proxied));
          },
        });
        await Promise.all(outages);
        expect(outages).toHaveLength(1);
        expect(replay).toMatchObject({ state: 'done', generation: 2, error: null });
        expect(generation.id).toBe(2);
        expect(await bench.verify(client)).toMatchObject({ generation: 2, orders: 20, differences: [] });
      } finally {
        await proxied.close();
        await proxy.close();
      }
    },
  );

  it('says why it failed also where its index cannot be dropped then: the next one does', async () => {
    const removal = jest.spyOn(client.indices, 'delete');
    removal.mockRejectedValueOnce(new errors.ConnectionError('away for a moment'));
    const notes: string[] = [];
    await expect(spoilt(2, { onNote: (line) => notes.push(line) })).rejects.toThrow(
      /generation 2 does not match the events/,
    );
    expect(notes).toEqual([
      expect.stringMatching(
        /^generation 2 is dropped, but its index test-\S+ is not \(away for a moment\): remove it with `orderctl/,
      ),
    ]);
    expect(await new ReplaysStore(bench.pool).last()).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('does not match the events'),
    });
    const stateOf2 = () => bench.rows('SELECT state FROM orderlog.generations WHERE id = 2');
    expect(await stateOf2()).toEqual([{ state: 'dropping' }]);

    const { generation } = await replayOn(bench, {
      ...{ elasticsearch: client, request: { searchOnly: true } },
      onNote: (line) => notes.push(line),
    });
    expect(generation.id).toBe(3);
    expect(notes.at(-1)).toBe('dropped what was left of generation 2');
    expect(await stateOf2()).toEqual([{ state: 'dropped' }]);
    expect((await indexes()).filter((name) => name.startsWith(`${prefix}-2-`))).toEqual([]);
  });

  it('cannot build an index where PostgreSQL is searched', async () => {
    const plain = await ProjectionBench.open();
    try {
      plain.keep();
      await until('it is active', () => activeGeneration(plain.pool), LIMIT_MS);
      await expect(replayOn(plain, { request: { searchOnly: true } })).rejects.toThrow(
        'orders are searched in PostgreSQL, which needs no index of its own: leave out --search-only',
      );
    } finally {
      await plain.close();
    }
  });
});
