import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { describeSystem } from '../../../apps/orderctl/src/status/system-status.js';
import { WrittenOrder, place, tags } from '../../support/order-streams.js';
import { ProjectionBench } from '../../support/projections.js';
import { killed, startProjectorProcess, type ProjectorProcess } from '../../support/projector-process.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

// A process is started for each test, on a machine that does much else.
jest.setTimeout(180_000);
const LIMIT_MS = 60_000;

describe('a projector says of itself', () => {
  let bench: ProjectionBench;
  let network: TcpProxy;
  let app: ProjectorProcess;
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    network = await startTcpProxy(Number(new URL(bench.eventStoreUrl).port));
    app = await startProjectorProcess(bench, {
      ORDERLOG_EVENT_STORE_URL: `esdb://127.0.0.1:${network.port}?tls=false`,
      ORDERLOG_LOG_LEVEL: 'fatal',
    });
    await until('it is live', async () => (await metric('state', { state: 'live' })) === 1, LIMIT_MS);
  });
  afterEach(async () => {
    await killed(app, 'SIGTERM');
    await network.close();
    await bench.close();
  });

  const ask = (path: string) => fetch(`http://127.0.0.1:${app.port}${path}`);
  const metric = async (name: string, labels: Readonly<Record<string, string>> = {}) => {
    const lines = (await (await ask('/metrics')).text()).split('\n');
    const found = lines.find(
      (line) =>
        line.startsWith(`orderlog_projection_${name}{projection="orders"`) &&
        Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`)),
    );
    return found === undefined ? null : Number(found.split(' ').at(-1));
  };
  const ready = async () => (await ask('/health/ready')).status;
  const described = async () => {
    const places = { postgresUrl: bench.postgresUrl, eventStoreUrl: bench.eventStoreUrl };
    const { projections } = await describeSystem({ ...places, elasticsearch: null, kafka: null });
    return projections!.find(({ projection }) => projection === 'orders')!;
  };

  it('where each projection is, in the format of Prometheus and to orderctl', async () => {
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order), tags('a'));
    const head = (await bench.eventStore.headPosition())!;
    await until('all is applied', async () => (await metric('position')) === Number(head), LIMIT_MS);
    expect((await ask('/metrics')).headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await metric('lag_events')).toBe(0);
    expect(await metric('lag_seconds')).toBe(0);
    expect(await metric('done_total', { what: 'events' })).toBe(2);
    expect(await metric('state', { state: 'failing' })).toBe(0);
    const { holder } = (await (await ask('/status')).json()) as { holder: string };
    const owned = async () => {
      const one = await described();
      return one.state === 'live' && one; // told with the next renewal of the lease
    };
    expect(await until('its owner has told', owned, LIMIT_MS)).toMatchObject({
      ...{ owner: holder, position: String(head), lag: '0', lagSeconds: 0, restarts: 0 },
      parked: { orders: 0, oldest: null },
    });
  });

  it('which orders are stuck, and is ready all the same', async () => {
    const orderId = randomUUID();
    await bench.rows(
      `INSERT INTO orderlog.quarantine (projection, generation, tenant_id, order_id, revision, reason, parked_at)
       SELECT 'orders', id, 'default', $1, 3, 'cannot be folded', now() - interval '1 hour' FROM orderlog.generations`,
      [orderId],
    );
    expect(await metric('parked_orders')).toBe(1);
    expect(await metric('parked_order_seconds', { order: orderId, tenant: 'default' })).toBeGreaterThan(
      3_599,
    );
    expect(await ready()).toBe(200);
    expect((await described()).parked).toMatchObject({
      orders: 1,
      oldest: { orderId, revision: 3, reason: 'cannot be folded' },
    });
  });

  it('that it is not ready while its event store is away, and how often it began again', async () => {
    expect(await ready()).toBe(200);
    await network.away();
    await until('it is not ready', async () => (await ready()) === 503, LIMIT_MS);
    await until('it waits', async () => (await metric('state', { state: 'waiting' })) === 1, LIMIT_MS);
    expect(await metric('lag_events')).toBeNull();
    await until('orderctl knows why', async () => (await described()).lastError !== null, LIMIT_MS);
    await network.restore();
    await until('it is live', async () => (await metric('state', { state: 'live' })) === 1, LIMIT_MS);
    expect(await ready()).toBe(200);
    expect(await metric('restarts_total', { cause: 'away' })).toBeGreaterThan(0);
  });

  it('how far behind it is in seconds, when nobody applies', async () => {
    await killed(app, 'SIGTERM');
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
    const behind = async () => {
      const one = await described();
      return one.lagSeconds! > 0 && one;
    };
    expect(await until('it is behind', behind, LIMIT_MS)).toMatchObject({ state: 'unowned', owner: null });
  });
});
