import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { errors, type Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import { createLogger } from '#platform/logging.js';
import { FollowedStep, FollowedSteps } from '#projections/search/followed-steps.js';
import { SearchFollower } from '#projections/search/search-follower.js';
import { prepareGeneration, type Generation } from '#read-models/generations/generation.js';
import { SEARCH_PROJECTION } from '#read-models/orders.projection.js';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import { ElasticsearchOrderSearch } from '#read-models/search/elasticsearch/elasticsearch-order-search.js';
import { MARKER_ID } from '#read-models/search/elasticsearch/index-definition.js';
import { IndexWriter } from '#read-models/search/elasticsearch/index-writer.js';
import { changedRows } from '#read-models/stores/changed-rows.js';
import { LeaseLost } from '#read-models/stores/fence.js';
import { NOTHING_REACHED, SearchProgressStore } from '#read-models/stores/search-progress.store.js';
import { describeWith, elasticsearchUrl } from '../../support/engines.js';
import { removeIndexes } from '../../support/indexes.js';
import { takeLease } from '../../support/leases.js';
import { WrittenOrder, place, tags } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench, type RunningProjector } from '../../support/projections.js';
import { startTcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';
import { questionOf } from '../order-search/shapes.js';

jest.setTimeout(ENGINES_MS);

const LIMITS = { maxRows: 100, maxBytes: 1_000_000 };
const NOBODY_LISTENS = 'http://127.0.0.1:9';

describeWith('elasticsearch', 'a step of the search index', () => {
  let bench: ProjectionBench;
  let client: Client;
  let prefix: string;
  let rows: RunningProjector;
  let db: pg.PoolClient;
  let generation: Generation;
  let store: SearchProgressStore;

  beforeAll(() => {
    client = clientOf(elasticsearchUrl()!);
  });
  afterAll(() => client.close());
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    prefix = `test-${randomUUID().slice(0, 8)}`;
    generation = await prepareGeneration(bench.pool, prefix);
    rows = bench.start({ generation: async () => generation });
    db = await bench.pool.connect();
    store = new SearchProgressStore(db, generation);
  });
  afterEach(async () => {
    db.release();
    await removeIndexes(client, prefix);
    await bench.close();
  });

  const placed = async () => {
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
    return order;
  };

  /** Takes the index over, and prepares the documents that it lacks. */
  async function owner() {
    const token = await takeLease(db, { generation: generation.id, projection: SEARCH_PROJECTION });
    const writer = new IndexWriter(client, generation.searchIndex!);
    const reached = (await writer.open()) ?? NOTHING_REACHED;
    const steps = new FollowedSteps({ store, writer, token }, reached, await store.parked());
    await bench.caughtUp(rows);
    const page = await changedRows(db, generation, reached.writeSeq, LIMITS);
    return {
      steps,
      flush: (through = client) => {
        const written = new IndexWriter(through, generation.searchIndex!).write(page.orders, page);
        return new FollowedStep(page, reached, written);
      },
    };
  }

  const marker = () => new IndexWriter(client, generation.searchIndex!).open();
  const contents = async (...orders: readonly WrittenOrder[]) => {
    const ids = [MARKER_ID, ...orders.map(({ tenantId, orderId }) => `${tenantId}.${orderId}`)];
    const { docs } = await client.mget({ index: generation.searchIndex!, ids });
    return docs.map((doc) => ('found' in doc ? { version: doc._version, source: doc._source } : doc));
  };

  it('is told in neither store while its documents are not acknowledged', async () => {
    await placed();
    const { steps, flush } = await owner();
    const away = clientOf(NOBODY_LISTENS);
    await expect(steps.settle(flush(away))).rejects.toBeInstanceOf(errors.ConnectionError);
    await away.close();
    expect([await store.checkpoint(), await marker()]).toEqual([NOTHING_REACHED, null]);
    const { reached } = await steps.settle(flush());
    expect([await store.checkpoint(), await marker()]).toEqual([reached, reached]);
    expect(await bench.verify(client)).toMatchObject({ orders: 1, differences: [] });
  });

  it('may be found before it is told, and then a search says how new what it shows may be', async () => {
    const orders = [await placed(), await placed()];
    const index = generation.searchIndex!;
    const always = async () => index;
    const searching = new ElasticsearchOrderSearch(client, { current: always, refreshed: always });
    const seen = async () => {
      await client.indices.refresh({ index });
      const { total, indexedThrough, shownThrough } = await searching.search(questionOf());
      return { total, indexedThrough, shownThrough };
    };
    const { steps, flush } = await owner();
    expect(await seen()).toEqual({ total: 0, indexedThrough: null, shownThrough: null });
    const step = flush();
    await step.written;
    const { position } = step.reached;
    expect(await seen()).toEqual({ total: 2, indexedThrough: null, shownThrough: position });
    await steps.settle(step);
    expect(await seen()).toEqual({ total: 2, indexedThrough: position, shownThrough: position });
    await orders[0]!.does(tags('newer'));
    const next = await owner();
    const newer = next.flush();
    await newer.written;
    expect(await seen()).toEqual({
      total: 2,
      indexedThrough: position,
      shownThrough: newer.reached.position,
    });
    // What an owner that is one no longer sends late takes nothing back.
    await flush().written;
    expect((await seen()).shownThrough).toBe(newer.reached.position);
  });

  it('is told in neither store while one before it is not acknowledged', async () => {
    const [first] = [await placed(), await placed()];
    await bench.caughtUp(rows);
    let lost = true;
    const { port } = new URL(elasticsearchUrl()!);
    const network = await startTcpProxy(Number(port), (pair) =>
      pair.client.on('data', (bytes) => {
        if (!lost || !bytes.includes(first.orderId)) return;
        for (const socket of [pair.client, pair.server]) socket.destroy();
      }),
    );
    const through = clientOf(`http://127.0.0.1:${network.port}`);
    const follower = new SearchFollower({
      ...{ client: through, postgresUrl: bench.postgresUrl, generation: async () => generation },
      ...{ logger: createLogger('projector', 'silent'), limits: { ...LIMITS, maxRows: 1 } },
    });
    const stop = new AbortController();
    const running = follower.run(stop.signal);
    try {
      await until('it waits, or says it has all', () => ['waiting', 'live'].includes(follower.state));
      expect([await store.checkpoint(), await marker()]).toEqual([NOTHING_REACHED, null]);
      lost = false;
      await until('it is live', () => follower.state === 'live');
    } finally {
      stop.abort();
      await running;
      await through.close();
      await network.close();
    }
    expect(await bench.verify(client)).toMatchObject({ orders: 2, differences: [] });
  });

  it('of an owner that stood still before its flush changes nothing that is newer, and parks nothing', async () => {
    const [changed, same] = [await placed(), await placed()];
    const still = await owner();
    await changed.does(tags('newer'));
    const next = await owner();
    const { reached } = await next.steps.settle(next.flush());
    const newer = await contents(changed, same);
    const late = still.flush();
    expect(await late.written).toEqual([]);
    await expect(still.steps.settle(late)).rejects.toBeInstanceOf(LeaseLost);
    expect(await contents(changed, same)).toEqual(newer);
    expect([await store.checkpoint(), await marker()]).toEqual([reached, reached]);
    expect(await store.parked()).toEqual(new Set());
    expect(await bench.verify(client)).toMatchObject({ orders: 2, differences: [], parked: [] });
  });
});

function clientOf(url: string): Client {
  return createElasticsearchClient({ url, apiKey: null, caFile: null });
}
