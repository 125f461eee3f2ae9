import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import { describeWith, elasticsearchUrl } from '../../support/engines.js';
import { removeIndexes } from '../../support/indexes.js';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { QueryProcesses, type Answer } from '../../support/query-processes.js';
import { until } from '../../support/until.js';

// Four processes start here, on a machine that may be busy with others.
jest.setTimeout(120_000);

const ANSWERED_WITHIN_MS = 60_000;

const revisionsOf = (answers: readonly Answer[]) => answers.map(({ body }) => body['revision']);
const idsOf = ({ body }: Answer) => (body['items'] as { orderId: string }[]).map(({ orderId }) => orderId);

describeWith([], 'several processes of query-api', () => {
  let system: QueryProcesses;
  let order: WrittenOrder;
  let path: string;
  let changes = 0;

  beforeAll(async () => {
    system = await QueryProcesses.start();
    order = new WrittenOrder(system.bench.eventStore);
    await order.does(place(order));
    path = `/v1/orders/${order.orderId}`;
    await until(
      'the projector has begun',
      async () => (await system.everywhere(path))[0]!.status === 200,
      60_000,
    );
  }, 120_000);
  afterAll(() => system.close());

  const change = async () => {
    const { position } = await order.does(tags(`change-${++changes}`));
    return system.positionOf(order, position);
  };
  const shownEverywhere = async (token: string) => {
    await until(
      'it is shown everywhere',
      async () => (await system.everywhere(path, token)).every(({ status }) => status === 200),
      ANSWERED_WITHIN_MS,
    );
    const shown = await system.everywhere(path, token);
    expect(revisionsOf(shown)).toEqual(shown.map(() => order.order.revision));
  };

  it('each show what was written, to whoever has its position', async () => {
    for (let round = 0; round < 10; round++) await shownEverywhere(await change());
  });

  it('show a client that goes from one to the other never less than it saw', async () => {
    let writing = true;
    const writer = (async () => {
      for (let count = 0; count < 60; count++) await change();
      writing = false;
    })();
    let seen = { revision: 0, token: undefined as string | undefined, reads: 0 };
    for (; writing; seen.reads++) {
      const api = system.apis[seen.reads % 2]!;
      const listed = seen.reads % 4 > 1;
      const answer = await system.ask(
        api,
        listed ? `/v1/orders?number=${order.order.number}` : path,
        seen.token,
      );
      if (answer.status === 503) continue; // refused is not going back
      expect(answer.status).toBe(200);
      const item = listed ? (answer.body['items'] as Record<string, unknown>[])[0]! : answer.body;
      expect(item['revision']).toBeGreaterThanOrEqual(seen.revision);
      seen = { ...seen, revision: item['revision'] as number, token: answer.headers.get('order-position')! };
    }
    await writer;
    expect(seen.revision).toBeGreaterThan(0);
  });

  it('give their position with every kind of answer', async () => {
    const token = await change();
    await shownEverywhere(token);
    const moments = 'fromAsOf=2026-01-01T00:00:00Z&toAsOf=2100-01-01T00:00:00Z';
    const asked = [
      '/v1/orders',
      path,
      `${path}/history`,
      '/v1/orders/totals',
      `/v1/orders/diff?${moments}`,
    ].concat(['/v1/events', '/v1/customers/17850/summary']);
    for (const each of asked) {
      for (const { status, headers } of await system.everywhere(each, token)) {
        expect([each, status, headers.get('order-position')]).toEqual([
          each,
          200,
          expect.stringMatching(/^[\w-]+$/),
        ]);
      }
    }
    for (const { headers } of await system.everywhere('/v1/orders/search', token, {})) {
      expect(headers.get('order-position')).toMatch(/^[\w-]+$/);
    }
  });

  it('refuse, and say how far they are behind, while the projector is paused; and answer when it goes on', async () => {
    // Each asks the event store since when it is behind, and does not wait long: its connection is there before.
    await system.everywhere(`${path}?revision=0`);
    system.projector.kill('SIGSTOP');
    const token = await change();
    const minRevision = `${path}?minRevision=${order.order.revision}`;
    const refused = [...(await system.everywhere(path, token)), ...(await system.everywhere(minRevision))];
    for (const { status, headers, body } of refused) {
      expect([status, body['code']]).toEqual([503, 'not_caught_up']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      const behind = body['behind'] as Record<string, number | string>;
      expect(behind).toMatchObject({ projection: 'orders', reached: expect.stringMatching(/^\d+$/) });
      expect(behind['positions']).toBeGreaterThan(0);
      // They waited for it, and it is no younger than their patience.
      expect(behind['seconds']).toBeGreaterThan(2);
    }
    // What does not ask for it is answered as before.
    expect(revisionsOf(await system.everywhere(path))).toEqual(
      system.apis.map(() => order.order.revision - 1),
    );
    system.projector.kill('SIGCONT');
    await shownEverywhere(token);
    const [first] = await system.everywhere(minRevision);
    expect(first!.status).toBe(200);
  });

  it('hear of a write that came while they were not listening', async () => {
    system.projector.kill('SIGSTOP');
    const token = await change();
    const waiting = system.everywhere(path, token);
    await system.bench.rows(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name LIKE '%checkpoint watcher%' AND datname = current_database()`,
    );
    system.projector.kill('SIGCONT');
    await waiting;
    await shownEverywhere(token);
  });

  it('go on with what was written while the projector was dead, once another runs', async () => {
    await system.killProjector();
    const token = await change();
    for (const { status, body } of await system.everywhere(path, token)) {
      expect([status, body['code']]).toEqual([503, 'not_caught_up']);
    }
    await system.restartProjector();
    await shownEverywhere(token);
  });
});

describeWith('elasticsearch', 'several processes of query-api on Elasticsearch', () => {
  let system: QueryProcesses;
  const prefix = `test-${randomUUID().slice(0, 8)}`;

  beforeAll(async () => {
    const place = { ORDERLOG_ELASTICSEARCH_URL: elasticsearchUrl()! };
    system = await QueryProcesses.start(place, {
      ORDERLOG_ELASTICSEARCH_INDEX_PREFIX: prefix,
      ORDERLOG_SEARCH_ENGINE: 'elasticsearch',
    });
  }, 120_000);
  afterAll(async () => {
    await system.close();
    const client = createElasticsearchClient({ url: elasticsearchUrl()!, apiKey: null, caFile: null });
    await removeIndexes(client, prefix);
    await client.close();
  });

  it('find what was written, to whoever has its position, also after the projector was paused and killed', async () => {
    for (const interrupt of ['none', 'pause', 'kill', 'none']) {
      if (interrupt === 'pause') system.projector.kill('SIGSTOP');
      if (interrupt === 'kill') await system.killProjector();
      const order = new WrittenOrder(system.bench.eventStore);
      const { position } = await order.does(place(order, 3));
      const token = await system.positionOf(order, position);
      const search = () => system.everywhere('/v1/orders/search', token, { text: 'retrospot', limit: 100 });
      if (interrupt !== 'none') {
        for (const { status, body } of await search()) {
          expect([interrupt, status, body['code']]).toEqual([interrupt, 503, 'not_caught_up']);
          expect(body['behind']).toMatchObject({ projection: 'search' });
        }
      }
      if (interrupt === 'pause') system.projector.kill('SIGCONT');
      if (interrupt === 'kill') await system.restartProjector();
      const answers = await until(
        'it is found everywhere',
        async () => {
          const found = await search();
          return found.every(({ status }) => status === 200) && found;
        },
        ANSWERED_WITHIN_MS,
      );
      for (const answer of answers) expect(idsOf(answer)).toContain(order.orderId);
    }
  });
});
