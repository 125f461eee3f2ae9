import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { Client } from '@elastic/elasticsearch';
import pg from 'pg';
import { decodeOrderPosition } from '#platform/order-position.js';
import { REFRESH_WITHIN_MS } from '#projections/search/timely-refresh.js';
import { activeGeneration } from '#read-models/generations/generation.js';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import { REFRESH_INTERVAL } from '#read-models/search/elasticsearch/index-definition.js';
import { IndexWriter } from '#read-models/search/elasticsearch/index-writer.js';
import { caughtUpAnswer } from '../../support/caught-up-answer.js';
import { describeWith, elasticsearchUrl } from '../../support/engines.js';
import { removeIndexes } from '../../support/indexes.js';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { act, UNKNOWN_TYPE } from '../../support/quarantine.js';
import { startTestQuerySystem, type QueryAnswer, type TestQuerySystem } from '../../support/query-api.js';
import { until } from '../../support/until.js';

// Whole systems start here, on a machine that may be busy with others.
jest.setTimeout(300_000);

const PATIENCE_MS = 60_000;

describeWith('elasticsearch', 'search, answered by Elasticsearch', () => {
  let system: TestQuerySystem;
  let client: Client;
  const prefix = `test-${randomUUID().slice(0, 8)}`;

  beforeAll(async () => {
    client = createElasticsearchClient({ url: elasticsearchUrl()!, apiKey: null, caFile: null });
    system = await startTestQuerySystem(elasticsearchUrl());
    system.startProjector();
    await placed();
    await caughtUp({}, await system.upToDate());
  });
  afterAll(async () => {
    await system.close();
    await removeIndexes(client, prefix);
    await client.close();
  });

  const placed = async () => {
    const order = new WrittenOrder(system.eventStore);
    const appended = await order.does(place(order, 3));
    return { orderId: order.orderId, ...appended };
  };
  const search = (body: object, headers = {}): Promise<QueryAnswer> =>
    system.ask('/v1/orders/search', { method: 'POST', body, headers });
  const caughtUp = (body: object, headers: Readonly<Record<string, string>>): Promise<QueryAnswer> =>
    caughtUpAnswer(() => search(body, headers));
  const found = ({ body }: QueryAnswer) =>
    (body['items'] as { orderId: string }[] | undefined)?.map(({ orderId }) => orderId);

  it('takes over from PostgreSQL on a running system: no search fails, none misses what it waits for', async () => {
    await system.stopProjector();
    const seen: { status: number; has: boolean | undefined; wanted: string }[] = [];
    let stop = false;
    const readers = Array.from({ length: 4 }, async () => {
      while (!stop) {
        const { orderId } = await placed();
        const answer = await caughtUp({ text: 'retrospot', limit: 100 }, await system.upToDate());
        seen.push({ status: answer.status, has: found(answer)?.includes(orderId), wanted: orderId });
      }
    });
    try {
      system.startProjector(prefix);
      await until(
        'searches are answered by the index',
        async () => (await searchIndexes()).length === 1 && seen.length > 20,
        PATIENCE_MS,
      );
      const atFlip = seen.length;
      await until('more were answered after it', () => seen.length > atFlip + 20, PATIENCE_MS);
    } finally {
      stop = true;
      await Promise.all(readers);
    }
    expect(seen.filter(({ status, has }) => status !== 200 || has !== true)).toEqual([]);
  });

  it('shows what a reader waits for sooner than the index is refreshed for all', async () => {
    for (let round = 0; round < 10; round++) {
      const { orderId, position } = await placed();
      const answer = await caughtUp({ text: 'retrospot' }, await system.upToDate());
      expect(found(answer)).toContain(orderId);
      expect(BigInt(answer.body['indexedThrough'] as string)).toBeGreaterThanOrEqual(position);
    }
  });

  it('has Elasticsearch refresh for what was written and for a reader that waits, not to search', async () => {
    const index = (await searchIndexes())[0]!;
    const refreshEvery = (interval: string) =>
      client.indices.putSettings({ index, settings: { refresh_interval: interval } });
    const refreshes = async () => {
      const { _all } = await client.indices.stats({ index, metric: 'refresh' });
      return _all.primaries!.refresh!.external_total;
    };
    /** What was written may be followed by one that shows it and by one more, so long after it at the latest. */
    const refreshesAtRest = () => {
      let [last, sinceMs] = [NaN, 0];
      return until(
        'no refresh is due any more',
        async () => {
          const count = await refreshes();
          if (count !== last) [last, sinceMs] = [count, performance.now()];
          return performance.now() - sinceMs > 2 * REFRESH_WITHIN_MS && count;
        },
        PATIENCE_MS,
      );
    };
    const searched = async () => found(await search({ text: 'retrospot', limit: 100 }));
    try {
      // Then each that is counted was asked for.
      await refreshEvery('-1');
      const first = await placed();
      await until(
        'it is found, and nobody waited for it',
        async () => (await searched())?.includes(first.orderId),
        PATIENCE_MS,
      );
      const before = await refreshesAtRest();
      for (let round = 0; round < 20; round++) await searched();
      expect(await refreshes()).toBe(before);
      const second = await placed();
      const fresh = await system.upToDate();
      let waiting = 0;
      const waited = await caughtUpAnswer(() => {
        waiting += 1;
        return search({ text: 'retrospot', limit: 100 }, fresh);
      });
      expect(found(waited)).toContain(second.orderId);
      // One for each time that somebody waited, and the one that was due in any case, if it has begun.
      expect(await refreshes()).toBeLessThanOrEqual(before + waiting + 1);
      expect(await refreshes()).toBeGreaterThan(before);
    } finally {
      await refreshEvery(REFRESH_INTERVAL);
    }
  });

  it('says so when Elasticsearch is away, while everything else works, and catches up when it is back', async () => {
    const before = await placed();
    await caughtUp({}, await system.upToDate());
    await Promise.all([system.networks.elasticsearch!.away(), system.networks.indexing!.away()]);
    const away = await search({ text: 'retrospot' });
    expect([away.status, away.body['code'], away.headers.get('retry-after')]).toEqual([
      503,
      'search_unavailable',
      '2',
    ]);
    const during = await placed();
    const fresh = await system.caughtUp();
    const list = await system.ask('/v1/orders?limit=100', { headers: fresh });
    expect([list.status, found(list)]).toEqual([200, expect.arrayContaining([during.orderId])]);
    const waited = await search({ text: 'retrospot' }, fresh);
    expect([waited.status, waited.headers.has('retry-after')]).toEqual([503, true]);
    const ready = await system.ask('/health/ready', { token: null });
    expect(ready.status).toBe(200);
    await Promise.all([system.networks.elasticsearch!.restore(), system.networks.indexing!.restore()]);
    const back = await until(
      'search answers again',
      async () => {
        const answer = await search({ text: 'retrospot', limit: 100 }, fresh);
        return answer.status === 200 && answer;
      },
      PATIENCE_MS,
    );
    expect(found(back)).toEqual(expect.arrayContaining([before.orderId, during.orderId]));
  });

  it('says which orders it shows older than the position it has reached, and makes a reader wait for them', async () => {
    const order = new WrittenOrder(system.eventStore);
    await order.does(place(order, 3));
    await order.receives({ type: UNKNOWN_TYPE });
    await order.does(tags('after'));
    const fresh = await system.caughtUp();
    const path = `/v1/orders/${order.orderId}`;
    const asked = { numberPrefix: (await system.ask(path, { headers: fresh })).body['number'] };
    expect((await caughtUp(asked, fresh)).body).toMatchObject({ total: 1, stale: [order.orderId] });
    await system.networks.indexing!.away();
    await skip(order, 1);
    await until('its row goes on', async () => (await system.ask(path)).body['revision'] === 2);
    expect((await search(asked)).body).toMatchObject({
      items: [{ revision: 0 }],
      stale: [order.orderId],
    });
    expect((await search(asked, fresh)).body).toMatchObject({ status: 503, code: 'not_caught_up' });
    await system.networks.indexing!.restore();
    const shown = await until(
      'the index has it',
      async () => {
        const answer = await search(asked, fresh);
        return answer.status === 200 && answer.body;
      },
      PATIENCE_MS,
    );
    expect(shown).toMatchObject({ items: [{ revision: 2 }] });
    expect(shown).not.toHaveProperty('stale');
  });

  it('tells a token that covers what it shows already, before the index has all up to there', async () => {
    const { orderId } = await placed();
    await caughtUp({}, await system.upToDate());
    const index = (await searchIndexes())[0]!;
    const id = `default.${orderId}`;
    const stored = await client.get<object>({ index, id });
    const { position } = decodeOrderPosition((await search({})).headers.get('order-position')!)!;
    const document = Buffer.from(JSON.stringify(stored._source));
    const order = { tenantId: 'default', orderId, revision: 0, writeSeq: BigInt(stored._version!), document };
    await new IndexWriter(client, index).write([order], { position: position + 10n, stretch: null });
    await client.indices.refresh({ index });
    const { headers, body } = await search({});
    expect(decodeOrderPosition(headers.get('order-position')!)!.position).toBe(position + 10n);
    expect(body).toMatchObject({ indexedThrough: position.toString() });
    expect(body).not.toHaveProperty('shownThrough');
  });

  it('answers with nothing, rather than with a part of the orders, while a lost index is filled again', async () => {
    const { orderId } = await placed();
    await caughtUp({}, await system.upToDate());
    await system.stopProjector();
    const index = (await searchIndexes())[0]!;
    await client.indices.delete({ index });
    // As the projector leaves it in the middle of filling it.
    const writer = new IndexWriter(client, index);
    await writer.open();
    for (const told of [null, { position: -1n, writeSeq: 1n }]) {
      if (told !== null) await writer.mark(told);
      await client.indices.refresh({ index });
      const answer = await search({});
      expect([answer.status, answer.body['code']]).toEqual([503, 'not_caught_up']);
      expect(answer.headers.has('retry-after')).toBe(true);
    }
    system.startProjector(prefix);
    const filled = await until(
      'it is filled',
      async () => {
        const answer = await search({ limit: 100 });
        return answer.status === 200 && answer;
      },
      PATIENCE_MS,
    );
    expect(found(filled)).toContain(orderId);
  });

  it('answers filters as of a moment from the history, as without an index', async () => {
    const { status, body } = await search({ asOf: new Date().toISOString(), limit: 1 });
    expect([status, (body['total'] as number) > 0]).toEqual([200, true]);
  });

  async function skip(order: WrittenOrder, revision: number): Promise<void> {
    const pool = new pg.Pool({ connectionString: system.postgresUrl, max: 1 });
    const { rowsOf: generation } = (await activeGeneration(pool))!;
    await act({ pool }, order, { action: 'skip', generation, revision, reason: 'of no release' });
    await pool.end();
  }

  /** Of the generation that is active, as PostgreSQL has it. */
  async function searchIndexes(): Promise<string[]> {
    const client = new pg.Client({ connectionString: system.postgresUrl });
    await client.connect();
    const { rows } = await client.query<{ search_index: string | null }>(
      'SELECT search_index FROM orderlog.generations JOIN orderlog.active_generation ON id = generation',
    );
    await client.end();
    return rows.flatMap(({ search_index: name }) => (name === null ? [] : [name]));
  }
});
