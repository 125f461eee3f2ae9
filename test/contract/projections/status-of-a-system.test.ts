import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { markFailed } from '#read-models/generations/generation-states.js';
import { activeGeneration, createGeneration } from '#read-models/generations/generation.js';
import { describeSystem, type SystemStatus } from '../../../apps/orderctl/src/status/system-status.js';
import { orderctl } from '../../support/orderctl.js';
import { WrittenOrder, place } from '../../support/order-streams.js';
import { ProjectionBench } from '../../support/projections.js';
import { startTcpProxy, through, type TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

jest.setTimeout(60_000);

describe('orderctl status', () => {
  let bench: ProjectionBench;
  beforeEach(async () => {
    bench = await ProjectionBench.open();
  });
  afterEach(() => bench.close());

  const status = ({ eventStoreUrl = bench.eventStoreUrl, postgresUrl = bench.postgresUrl } = {}) =>
    describeSystem({ postgresUrl, eventStoreUrl, elasticsearch: null, kafka: null });
  const applied = async () => {
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
    await bench.caughtUp(bench.start());
  };

  it('says to start a projector where there was none yet', async () => {
    await expect(status()).rejects.toThrow('there are no read models yet: start a projector');
  });

  it('tells of the projections while the event store is away', async () => {
    await applied();
    const nobody = await startTcpProxy(Number(new URL(bench.eventStoreUrl).port));
    await nobody.close();
    const told = await status({ eventStoreUrl: `esdb://127.0.0.1:${nobody.port}?tls=false` });
    expect(told.eventStore).toBeNull();
    expect(told.engines.map(({ away }) => away)).toEqual([true, false, false, false]);
    expect(told.engines[0]).toMatchObject({
      engine: 'event store',
      detail: expect.stringMatching(/^does not answer: /),
    });
    const [orders] = told.projections!;
    expect(orders).toMatchObject({ projection: 'orders', lag: null, lagSeconds: null });
    expect(BigInt(orders!.position!)).toBeGreaterThanOrEqual(0n);
  });

  describe('where PostgreSQL does not answer tells of the other engines', () => {
    const rest = { generation: null, builds: null, projections: null, replay: null };
    const portOf = (url: string) => Number(new URL(url).port);
    const printedBy = (proxy: TcpProxy, ...args: readonly string[]) => {
      const postgresUrl = through(proxy, bench.postgresUrl);
      const urls = ['--postgres-url', postgresUrl, '--event-store-url', bench.eventStoreUrl];
      return orderctl('status', ...urls, ...args);
    };

    it('while it is away', async () => {
      await applied();
      const proxy = await startTcpProxy(portOf(bench.postgresUrl));
      await proxy.close();
      const told = await status({ postgresUrl: through(proxy, bench.postgresUrl) });
      expect(told).toMatchObject({
        ...rest,
        engines: [
          { port: 'events', engine: 'embedded', away: false },
          { port: 'read models', away: true, detail: expect.stringMatching(/^does not answer: /) },
          { port: 'search', engine: 'not known', away: false },
          { port: 'integration events', engine: 'none', away: false },
        ],
      });
      expect(told.eventStore!.head).not.toBeNull();
      const printed = await printedBy(proxy);
      expect(printed).toMatchObject({ code: 1, stderr: '' });
      expect(printed.stdout).toMatch(/^event store {3}at position \d+, \d+ positions\/s$/m);
      expect(printed.stdout).toMatch(/^generation {4}not known: PostgreSQL does not answer$/m);
    });

    it('where it has fallen silent', async () => {
      await applied();
      const proxy = await startTcpProxy(portOf(bench.postgresUrl), ({ client }) => {
        client.on('data', (bytes: Buffer) => {
          if (bytes.includes('SELECT')) proxy.holdAnswers();
        });
      });
      try {
        const { code, stdout } = await printedBy(proxy, '--json');
        const told = JSON.parse(stdout) as SystemStatus;
        expect({ code, ...told }).toMatchObject({ code: 1, ...rest });
        expect(told.engines.map(({ away }) => away)).toEqual([false, true, false, false]);
      } finally {
        await proxy.close();
      }
    });

    it('where others hold what is asked of it', async () => {
      await applied();
      const client = await bench.pool.connect();
      await client.query('BEGIN');
      try {
        await client.query('LOCK TABLE orderlog.checkpoints IN ACCESS EXCLUSIVE MODE');
        const told = await status();
        expect(told).toMatchObject(rest);
        expect(told.engines.map(({ away }) => away)).toEqual([false, false, false, false]);
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    });
  });

  it('says of a projection that was built from an empty log that it has no event yet', async () => {
    await applied();
    await bench.stopProjectors();
    await bench.rows('UPDATE orderlog.checkpoints SET position = -1');
    expect((await status()).projections).toMatchObject([
      { position: null, lag: expect.not.stringMatching(/^0$/) },
    ]);
    const urls = ['--postgres-url', bench.postgresUrl];
    const { stdout } = await orderctl('generations', 'list', ...urls);
    expect(stdout).toMatch(/\n1 .* no event yet /);
    const told = await orderctl('status', ...urls, '--event-store-url', bench.eventStoreUrl);
    expect(told.stdout).toMatch(/\n {2}no event yet, \d+ positions? behind/);
  });

  it('tells how a projection fails also while its owner pauses without it, and not once nobody tries', async () => {
    await applied();
    await bench.stopProjectors();
    const orders = async () => (await status()).projections![0]!;
    expect(await orders()).toMatchObject({ state: 'unowned', owner: null });
    await bench.rows(`UPDATE orderlog.made_from SET store_id = '018f3f5e-7b1c-4a52-9c9d-0f3f2f6f9a11'`);
    const running = bench.start();
    await until('it fails', () => running.projector.state === 'failing');
    const givenBack = async () => {
      const told = await orders();
      return told.owner === null && told;
    };
    expect(await until('it is given back', givenBack)).toMatchObject({
      state: 'failing',
      lastError: expect.stringContaining('was made from event store 018f3f5e-'),
    });
    await running.stop();
    const printed = async () => {
      const urls = ['--postgres-url', bench.postgresUrl, '--event-store-url', bench.eventStoreUrl];
      return (await orderctl('status', ...urls)).stdout;
    };
    await bench.rows('UPDATE orderlog.leases SET expires_at = now()');
    expect(await printed()).toMatch(
      /\norders of generation 1: failing\n.*\n {2}given back by its owner until the next attempt, /,
    );
    await bench.rows(`UPDATE orderlog.leases SET expires_at = now() - interval '1 minute'`);
    expect(await printed()).toMatch(/\norders of generation 1: unowned\n.*\n {2}no projector owns it, /);
  });

  it('names the orders that have been parked longest, and counts the others', async () => {
    await applied();
    await bench.rows(
      `INSERT INTO orderlog.quarantine (projection, generation, tenant_id, order_id, revision, reason, parked_at)
       SELECT 'orders', g.id, 'default', gen_random_uuid(), minutes, 'cannot be folded', now() - minutes * interval '1 minute'
       FROM orderlog.generations g, generate_series(1, 7) minutes`,
    );
    const { parked } = (await status()).projections![0]!;
    expect(parked).toMatchObject({ orders: 7, events: 7, oldest: { revision: 7 } });
    expect(parked.longest.map(({ revision }) => revision)).toEqual([7, 6, 5, 4, 3]);
  });

  it('tells of a projector that builds the read models of a new release, and of a build that was given up', async () => {
    await applied();
    await bench.rows(`UPDATE orderlog.generations SET fingerprint = 'of another release'`);
    expect(await activeGeneration(bench.pool)).toBeNull();
    const failed = await createGeneration(bench.pool, { indexPrefix: null, madeBy: 'projector' });
    await markFailed(bench.pool, failed, 'a row is not as its events make it');
    const owned = async () => {
      const told = await status();
      return told.projections![0]?.owner !== null && told;
    };
    const told = await until('its owner is told', owned);
    expect(told).toMatchObject({
      generation: null,
      builds: [{ id: failed.id, state: 'failed', failure: 'a row is not as its events make it' }],
      projections: [{ projection: 'orders', generation: 1, eventsPerSecond: null }],
    });
    expect(told.eventStore!.head).not.toBeNull();
  });
});
