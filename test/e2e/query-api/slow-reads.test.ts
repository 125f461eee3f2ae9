import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { testPool } from '../../support/database.js';
import { place, WrittenOrder } from '../../support/order-streams.js';
import { startTestQuerySystem, type TestQuerySystem } from '../../support/query-api.js';
import { until } from '../../support/until.js';

// Whole systems start here, on a machine that may be busy with others.
jest.setTimeout(120_000);

/** Of query-api, to read. */
const CONNECTIONS = 10;

describe('a read that takes longer than it may', () => {
  let system: TestQuerySystem;
  let order: WrittenOrder;
  let holding: pg.Client;

  beforeAll(async () => {
    system = await startTestQuerySystem();
    order = new WrittenOrder(system.eventStore);
    await order.does(place(order));
    system.startProjector();
    await system.caughtUp();
    holding = new pg.Client({ connectionString: system.postgresUrl });
    await holding.connect();
    const { rows } = await holding.query<{ schema: string }>(
      `SELECT table_schema AS schema FROM information_schema.tables WHERE table_name = 'order_search'`,
    );
    await holding.query('BEGIN');
    await holding.query(`LOCK TABLE ${rows[0]!.schema}.orders IN ACCESS EXCLUSIVE MODE`);
  });
  afterAll(async () => {
    await holding.end();
    await system.close();
  });

  it('says so where one may ask for less, and that the store is away where one may not', async () => {
    const search = { method: 'POST', body: {} };
    const asked = [
      system.ask('/v1/orders'),
      system.ask('/v1/orders/search', search),
      system.ask('/v1/orders/totals'),
      system.ask('/v1/customers/c-1/summary'),
      system.ask(`/v1/orders/${order.orderId}`),
    ];
    const answers = (await Promise.all(asked)).map(({ status, headers, body }) => [
      status,
      body['code'],
      headers.get('retry-after'),
    ]);
    const tooSlow = [503, 'read_too_slow', '30'];
    expect(answers).toEqual([...[tooSlow, tooSlow, tooSlow, tooSlow], [503, 'read_models_unavailable', '2']]);
  });

  it('says so of an export that an operator ends', async () => {
    // The one that holds the lock sees activity as of its transaction's first look.
    const ending = testPool(system.postgresUrl, 1);
    const exported = system.ask('/v1/exports/orders');
    await until('it waits, and is ended', async () => {
      const { rowCount } = await ending.query(
        `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
           AND application_name = 'orderlog query-api exports' AND wait_event_type = 'Lock'`,
      );
      return rowCount === 1;
    });
    const { status, body } = await exported;
    await ending.end();
    expect([status, body['code']]).toEqual([503, 'read_too_slow']);
  });

  it('leaves query-api ready, also where such reads keep all of its connections busy', async () => {
    const watching = testPool(system.postgresUrl, 1);
    const asked = Array.from({ length: CONNECTIONS }, () => system.ask('/v1/orders/totals'));
    await until('all wait', async () => {
      const { rows } = await watching.query<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database()
           AND application_name = 'orderlog query-api' AND wait_event_type = 'Lock'`,
      );
      return rows[0]!.waiting === CONNECTIONS;
    });
    const { status, body } = await system.ask('/health/ready');
    expect([status, body['checks']]).toEqual([200, { postgres: 'ok', generation: 'ok', eventStore: 'ok' }]);
    await Promise.all(asked);
    await watching.end();
  });
});
