import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { UNKNOWN_TYPE } from '../../support/quarantine.js';
import { startTestQuerySystem, type TestQuerySystem } from '../../support/query-api.js';
import { until } from '../../support/until.js';

// Whole systems start here, on a machine that may be busy with others.
jest.setTimeout(120_000);

const PATIENCE_MS = 60_000;

describe('query-api while a store is away', () => {
  let system: TestQuerySystem;
  let path: string;
  let stuck: string;

  beforeAll(async () => {
    system = await startTestQuerySystem();
    const order = new WrittenOrder(system.eventStore);
    await order.does(place(order));
    path = `/v1/orders/${order.orderId}`;
    const other = new WrittenOrder(system.eventStore);
    await other.does(place(other));
    await other.receives({ type: UNKNOWN_TYPE });
    await other.does(tags('after'));
    stuck = `/v1/orders/${other.orderId}`;
    system.startProjector();
    await system.caughtUp();
  });
  afterAll(() => system.close());

  const statusOf = async (asked: string) => (await system.ask(asked)).status;
  const refused = async (asked: string, code: string) => {
    const { status, body, headers } = await system.ask(asked);
    expect([asked, status, body['code']]).toEqual([asked, 503, code]);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  };

  it('goes on with the past of an order while PostgreSQL is away, and comes back by itself', async () => {
    expect(await statusOf(path)).toBe(200);
    await system.networks.postgres.away();
    for (const asked of [path, '/v1/orders', `${path}/history`, '/v1/events', '/v1/exports/orders']) {
      await refused(asked, 'read_models_unavailable');
    }
    expect(await statusOf(`${path}?revision=0`)).toBe(200);
    expect(await statusOf(`${path}/diff?from=0`)).toBe(200);
    // Nobody can be asked what is parked: the stream itself ends where it cannot be read.
    expect(await statusOf(`${stuck}?revision=0`)).toBe(200);
    await refused(`${stuck}?revision=2`, 'order_parked');
    expect((await system.ask(`${stuck}/diff?from=0`)).body).toMatchObject({ stale: true });
    expect(await statusOf('/health/live')).toBe(200);
    const ready = await system.ask('/health/ready');
    expect(ready.body).toMatchObject({ checks: { postgres: 'failed', eventStore: 'ok' } });

    await system.networks.postgres.restore();
    await until('reads are answered again', async () => (await statusOf(path)) === 200);
    await until('it is ready again', async () => (await statusOf('/health/ready')) === 200);
    // What waits for writes hears of checkpoints again, too.
    await until('writes are waited for again', async () => {
      const { status } = await system.ask(path, { headers: await system.upToDate() });
      return status === 200;
    });
  });

  it('goes on with what is now while the event store is away, and comes back by itself', async () => {
    await system.networks.eventStore.away();
    await refused(`${path}?revision=0`, 'event_store_unavailable');
    await refused(`${path}/diff?from=0`, 'event_store_unavailable');
    for (const asked of [path, '/v1/orders?asOf=2100-01-01T00:00:00Z', `${path}/history`]) {
      expect([asked, await statusOf(asked)]).toEqual([asked, 200]);
    }
    const ready = await system.ask('/health/ready');
    expect([ready.status, ready.body['checks']]).toEqual([
      200,
      { postgres: 'ok', generation: 'ok', eventStore: 'away' },
    ]);
    await system.networks.eventStore.restore();
    await until('the past is shown again', async () => (await statusOf(`${path}?revision=0`)) === 200);
  });
});

describe('query-api before there is anything to read', () => {
  it('says so, and answers once the projector has made its tables', async () => {
    const system = await startTestQuerySystem();
    try {
      const early = await system.ask('/v1/orders');
      expect([early.status, early.body['code']]).toEqual([503, 'read_models_unavailable']);
      expect((await system.ask('/health/ready')).body).toMatchObject({ checks: { generation: 'failed' } });
      system.startProjector();
      await until(
        'the list is there',
        async () => (await system.ask('/v1/orders')).status === 200,
        PATIENCE_MS,
      );
      const order = new WrittenOrder(system.eventStore);
      await order.does(place(order));
      const { body } = await system.ask('/v1/orders', { headers: await system.caughtUp() });
      expect(body['items']).toMatchObject([{ orderId: order.orderId }]);
    } finally {
      await system.close();
    }
  });
});
