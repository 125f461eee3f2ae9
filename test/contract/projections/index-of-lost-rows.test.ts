import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import type { Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import type { ReadModelKeeper } from '#projections/generations/read-model-keeper.js';
import { verify } from '#projections/verify/verify.js';
import { activeGeneration, prepareSharedTables } from '#read-models/generations/generation.js';
import { migrateDown } from '#read-models/migrations/migrate.js';
import { stretches } from '#read-models/migrations/stretches.migration.js';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import { SHOWN_ID, type ShownDocument } from '#read-models/search/elasticsearch/index-definition.js';
import { freshDatabase, testPool } from '../../support/database.js';
import { describeWith, elasticsearchUrl } from '../../support/engines.js';
import { removeIndexes } from '../../support/indexes.js';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { ProjectionBench } from '../../support/projections.js';
import { replayOn } from '../../support/replays.js';
import { startTcpProxy, through, type TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

jest.setTimeout(180_000);
const LIMIT_MS = 60_000;

describeWith('elasticsearch', 'an index, and the history of the rows that it was filled from', () => {
  let bench: ProjectionBench;
  let client: Client;
  let prefix: string;
  let network: TcpProxy;
  /** Reached through `network`. */
  let elasticsearch: Client;

  beforeAll(() => {
    client = createElasticsearchClient({ url: elasticsearchUrl()!, apiKey: null, caFile: null });
  });
  afterAll(() => client.close());
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    prefix = `test-${randomUUID().slice(0, 8)}`;
    network = await startTcpProxy(Number(new URL(elasticsearchUrl()!).port));
    const url = through(network, elasticsearchUrl()!);
    elasticsearch = createElasticsearchClient({ url, apiKey: null, caFile: null });
  });
  afterEach(async () => {
    await bench.close();
    await elasticsearch.close();
    await network.close();
    await removeIndexes(client, prefix);
  });

  const keep = (postgresUrl = bench.postgresUrl) =>
    bench.keep({ elasticsearch, indexPrefix: prefix, postgresUrl });
  const head = async () => (await bench.eventStore.headPosition())!;
  const rowsHaveAll = async ({ target }: ReadModelKeeper) => {
    const last = await head();
    await until('the rows have all', () => (target.orders.progress.position ?? -1n) >= last, LIMIT_MS);
  };
  const indexed = async ({ target }: ReadModelKeeper) => {
    const last = await head();
    await until('the index has all', () => (target.search?.position ?? -1n) >= last, LIMIT_MS);
  };
  const placed = async () => {
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
    return order;
  };
  const shownOf = (index: string) => client.get<ShownDocument>({ index, id: SHOWN_ID });

  /** Copies the stretch in which `lost` was written to the end, as if it had begun before the restored moment. */
  async function copyLastStretch(lost: pg.Pool, restored: pg.Pool): Promise<void> {
    const { rows } = await lost.query<{ token: string; stretch: object }>(
      `SELECT token, to_jsonb(s) AS stretch FROM orderlog.stretches s ORDER BY token DESC LIMIT 1`,
    );
    const { token, stretch } = rows[0]!;
    await restored.query(
      'INSERT INTO orderlog.stretches SELECT (jsonb_populate_record(NULL::orderlog.stretches, $1)).*',
      [stretch],
    );
    await restored.query(`UPDATE orderlog.leases SET token = $1 WHERE projection = 'orders'`, [token]);
  }

  // Whoever reads the index begins only when the rows have taken the lost numbers again, and more.
  it.each<[string, (lost: pg.Pool, restored: pg.Pool) => Promise<unknown>]>([
    ['before its last owner began', async () => {}],
    ['while its last owner was writing', copyLastStretch],
    [
      'while its last owner was writing, and its sequence is ahead of that, as a failover leaves it',
      async (lost, restored) => {
        await copyLastStretch(lost, restored);
        await restored.query(`SELECT setval('gen_1.write_seq', last_value + 32) FROM gen_1.write_seq`);
      },
    ],
  ])('is replaced where the database was restored to a moment %s, and was written on', async (_, settle) => {
    const first = keep();
    await placed();
    await indexed(first.keeper);
    await first.stop();
    const restored = await freshDatabase({ url: bench.postgresUrl });
    const pool = testPool(restored.url, 2);
    const second = keep();
    const order = await placed();
    for (const tag of ['a', 'b', 'c', 'd', 'e']) {
      await order.does(tags(tag)); // each in a write of its own
      await indexed(second.keeper);
    }
    await second.stop();
    const { searchIndex } = (await activeGeneration(bench.pool))!;
    await settle(bench.pool, pool);

    // Becomes one write together with all that was lost, with a number below that of its document in the index.
    await order.does(tags('f'));
    await network.away();
    const third = keep(restored.url);
    await Promise.all(Array.from({ length: 10 }, () => placed())); // with the numbers of what was lost
    await rowsHaveAll(third.keeper);
    const { rows } = await pool.query<{ last: string }>('SELECT last_value AS last FROM gen_1.write_seq');
    expect(BigInt(rows[0]!.last)).toBeGreaterThan(BigInt((await shownOf(searchIndex!))._source!.writeSeq));
    await network.restore();
    await indexed(third.keeper);
    expect(await verify({ ...bench, pool, elasticsearch: client, patienceMs: LIMIT_MS })).toMatchObject({
      orders: 12,
      differences: [],
      parked: [],
    });
    expect((await activeGeneration(pool))!.searchIndex).not.toBe(searchIndex);
    expect(await client.indices.exists({ index: searchIndex! })).toBe(false);
    await third.stop();
    await pool.end();
    await restored.drop();
  });

  it('is replaced where the database was restored to the middle of a replay, which went on', async () => {
    const orders = Array.from({ length: 60 }, () => new WrittenOrder(bench.eventStore));
    for (const order of orders) await order.does(place(order));
    const first = keep();
    await indexed(first.keeper);
    await first.stop();
    const cutOff = new AbortController();
    const interrupted = replayOn(bench, {
      ...{ elasticsearch: client, request: { throttle: 1 }, signal: cutOff.signal },
      clock: { now: () => 0, wait: async () => cutOff.abort(new Error('cut off')) },
    });
    await expect(interrupted).rejects.toThrow('cut off');
    const restored = await freshDatabase({ url: bench.postgresUrl });
    const pool = testPool(restored.url, 2);
    const { generation: lost } = await replayOn(bench, { elasticsearch: client });
    // Rows are written in the order of their last events: the last one comes first now.
    for (const order of [orders.at(-1)!, ...orders.slice(0, -1)]) await order.does(tags('gift'));
    await placed();
    const there = { eventStore: bench.eventStore, postgresUrl: restored.url };
    const { generation } = await replayOn(there, { elasticsearch: client });
    expect(await verify({ ...bench, pool, elasticsearch: client, patienceMs: LIMIT_MS })).toMatchObject({
      orders: 61,
      differences: [],
    });
    expect(generation).toMatchObject({ id: lost.id });
    expect(generation.searchIndex).not.toBe(lost.searchIndex);
    await pool.end();
    await restored.drop();
  });

  const active = async () => (await activeGeneration(bench.pool))!;
  const replaying = (searchOnly: boolean) => async () => {
    const { generation } = await replayOn(bench, { elasticsearch: client, request: { searchOnly } });
    const { _source } = await shownOf(generation.searchIndex!);
    expect(_source!.texts).toEqual({ stretch: expect.any(String) });
  };
  const rowsAreSkipped = () =>
    bench.rows(`SELECT setval('gen_1.write_seq', last_value + 32) FROM gen_1.write_seq`);

  it.each<[string, () => Promise<unknown>]>([
    ['a restart', async () => {}],
    ['a crash of PostgreSQL, which leaves numbers out', rowsAreSkipped],
    [
      'an upgrade from a release that notes no stretches',
      async () => {
        const index = (await active()).searchIndex!;
        const { texts: _, ...document } = (await shownOf(index))._source!;
        await client.index({ index, id: SHOWN_ID, document });
        await bench.rows('DELETE FROM orderlog.stretches');
      },
    ],
    [
      'an earlier release, which took the stretches away',
      async () => {
        await migrateDown(bench.pool, stretches.number - 1);
        await prepareSharedTables(bench.pool);
      },
    ],
    [
      'so many owners that its stretch is kept no longer',
      () => bench.rows(`UPDATE orderlog.leases SET token = token + 5000 WHERE projection = 'orders'`),
    ],
    ['a replay', replaying(false)],
    ['a replay of the index alone', replaying(true)],
    [
      'a replay of the index alone, and a restart of the rows that it shares',
      async () => {
        await replaying(true)();
        const again = keep();
        await placed();
        await indexed(again.keeper);
        await again.stop();
      },
    ],
  ])('goes on, and is not filled again, after %s', async (_, happens) => {
    const first = keep();
    for (const order of await Promise.all([placed(), placed(), placed()])) await order.does(tags('gift'));
    await indexed(first.keeper);
    await first.stop();
    await happens();
    const before = await active();
    for (let restarts = 0; restarts < 2; restarts++) {
      const next = keep();
      await placed();
      await indexed(next.keeper);
      expect(next.keeper.target.search!.totals.documents).toBe(1);
      await next.stop();
    }
    expect(await active()).toEqual(before);
    expect((await bench.verify(client)).differences).toEqual([]);
  });

  it('goes on, and is not filled again, where one projector takes over from another', async () => {
    const first = keep();
    await Promise.all([placed(), placed()]);
    await indexed(first.keeper);
    const before = await active();
    const second = keep(); // which takes one of the two projections
    const owned = () =>
      first.keeper.target.search!.state === 'standby' || first.keeper.target.orders.state === 'standby';
    await until('they share', owned, LIMIT_MS);
    await placed();
    const everywhere = async () => {
      const last = (await head()).toString();
      const rows = await bench.rows(`SELECT FROM orderlog.checkpoints WHERE position >= $1`, [last]);
      return rows.length === 2;
    };
    await until('the index has it', everywhere, LIMIT_MS);
    await first.stop();
    await placed();
    await indexed(second.keeper);
    expect(await active()).toEqual(before);
    const written = [first, second].map(({ keeper }) => keeper.target.search!.totals.documents);
    expect(written[0]! + written[1]!).toBe(4);
    expect(await bench.verify(client)).toMatchObject({ orders: 4, differences: [] });
  });
});
