import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import type { Client } from '@elastic/elasticsearch';
import { createLogger } from '#platform/logging.js';
import { checkpointOf } from '#read-models/checkpoints.js';
import { activeGeneration } from '#read-models/generations.js';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import { describeWith, elasticsearchUrl } from '../../support/engines.js';
import { removeIndexes } from '../../support/indexes.js';
import { note, place, tags, WrittenOrder } from '../../support/order-streams.js';
import { ProjectionBench } from '../../support/projections.js';
import { replayOn } from '../../support/replays.js';
import { until } from '../../support/until.js';

jest.setTimeout(180_000);
const LIMIT_MS = 60_000;

describeWith('elasticsearch', 'a replay where orders are searched in an index', () => {
  let bench: ProjectionBench;
  let client: Client;
  let prefix: string;
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
    bench.keep({ elasticsearch: client, indexPrefix: prefix, logger: createLogger('projector', 'silent') });
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
  const indexes = async () => Object.keys(await client.indices.get({ index: `${prefix}*` })).sort();

  it('builds rows and index anew, and both are switched to at once', async () => {
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
      refresh_interval: '850ms',
      auto_expand_replicas: '0-1',
    });

    await orders[0]!.does(note('after the switch'));
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
    await orders[1]!.does(note('after the switch'));
    await indexedUpToNow();
    expect(await bench.verify(client)).toMatchObject({
      generation: generation.id,
      orders: 20,
      differences: [],
    });

    // The rows stay for as long as one of the two needs them; what only the first had goes with it.
    const { dropped } = await replayOn(bench, { elasticsearch: client, request: { searchOnly: true } });
    expect(dropped).toEqual([before.id]);
    expect(await indexes()).not.toContain(before.searchIndex);
    expect(await bench.verify(client)).toMatchObject({ orders: 20, differences: [] });
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

    const spoilt = replayOn(bench, {
      ...{ elasticsearch: client, request: { searchOnly: true } },
      onProgress: ({ phase, done, total }) => {
        if (phase !== 'catching_up' || done !== total) return;
        void bench
          .rows<{ index: string }>('SELECT search_index AS index FROM orderlog.generations WHERE id = 3')
          .then(([row]) => client.delete({ index: row!.index, id: `default.${orders[3]!.orderId}` }));
      },
    });
    await expect(spoilt).rejects.toThrow(/generation 3 is not what the events say/);
    expect(await activeGeneration(bench.pool)).toMatchObject({ id: 2 });
    expect((await indexes()).filter((name) => name.startsWith(`${prefix}-3-`))).toEqual([]);
  });

  it('cannot build an index where PostgreSQL is searched', async () => {
    const plain = await ProjectionBench.open();
    try {
      plain.keep();
      await until('it is active', () => activeGeneration(plain.pool), LIMIT_MS);
      await expect(replayOn(plain, { request: { searchOnly: true } })).rejects.toThrow(
        'orders are searched in PostgreSQL, which has no index of its own: replay without --search-only',
      );
    } finally {
      await plain.close();
    }
  });
});
