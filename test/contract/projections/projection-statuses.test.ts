import { isDeepStrictEqual } from 'node:util';
import type { Client } from '@elastic/elasticsearch';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type pg from 'pg';
import { freePort } from '#platform/free-port.js';
import { createLogger } from '#platform/logging.js';
import { Relay } from '#projections/relay/relay.js';
import { projectionMetrics } from '#projections/status/projection-metrics.js';
import { projectionStatuses, type OrdersStatus } from '#projections/status/projection-statuses.js';
import { markReady } from '#read-models/generations/generation-states.js';
import { createGeneration } from '#read-models/generations/generation.js';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import { WrittenOrder, place, tags } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench, type RunningKeeper } from '../../support/projections.js';
import { someTopic } from '../../support/relays.js';
import { until } from '../../support/until.js';

jest.setTimeout(180_000);

describe('how far behind a projector says that its rows are', () => {
  let bench: ProjectionBench;
  let order: WrittenOrder;
  let holder: pg.PoolClient | null = null;
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
    const first = bench.keep();
    // Also what is of no order: the store's identity is written behind the order.
    const atHead = async () => {
      const status = await statusOf(first);
      return status?.state === 'live' && status.lag === '0';
    };
    await until('it is at the head', atHead, ENGINES_MS);
    await first.stop();
  }, ENGINES_MS);
  afterEach(async () => {
    await release();
    await bench.close();
  });

  const statusOf = async ({ keeper }: RunningKeeper): Promise<OrdersStatus | undefined> => {
    const { projections } = await projectionStatuses(keeper, null, {
      eventStore: bench.eventStore,
      db: bench.pool,
    });
    return projections.find((one): one is OrdersStatus => 'pendingEvents' in one);
  };

  /** Whoever wants to write to it waits. */
  const hold = async (table: string) => {
    holder = await bench.pool.connect();
    await holder.query('BEGIN');
    await holder.query(`LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE`);
  };
  const release = async () => {
    await holder?.query('ROLLBACK');
    holder?.release();
    holder = null;
  };

  it('is nothing after a restart, when nothing came meanwhile', async () => {
    const again = bench.keep();
    const live = async () => {
      const status = await statusOf(again);
      return status?.state === 'live' && status;
    };
    expect(await until('it is live', live, ENGINES_MS)).toMatchObject({
      ...{ lag: '0', lagMs: 0 },
      totals: { batches: 0 },
    });
  });

  it('is since when it lacks the first event that came meanwhile, before it has applied any', async () => {
    await order.does(tags('first'));
    const lackedMs = Date.parse(order.order.lastRecordedAt);
    await until('a moment has passed', () => Date.now() > lackedMs, ENGINES_MS);
    await order.does(tags('second'));
    const [generation] = await bench.rows<{ schema: string }>(
      'SELECT schema_name AS schema FROM orderlog.generations',
    );
    await hold(`${generation!.schema}.orders`);
    const again = bench.keep();
    const behind = async () => {
      const fromMs = Date.now();
      const status = await statusOf(again);
      return status !== undefined && status.lagMs !== null && { ...status, fromMs };
    };
    const status = await until('it says so', behind, ENGINES_MS);
    // More than the two events where the checkpoint was left before the store's identity, which is in the log too.
    const [checkpoint] = await bench.rows<{ position: string }>(
      `SELECT position FROM orderlog.checkpoints WHERE projection = 'orders'`,
    );
    const lag = (await bench.eventStore.headPosition())! - BigInt(checkpoint!.position);
    expect(lag).toBeGreaterThanOrEqual(2n);
    expect(status).toMatchObject({ lag: String(lag), totals: { batches: 0 } });
    expect(status.lagMs).toBeGreaterThanOrEqual(status.fromMs - lackedMs);
    await release();
    await until('all is applied', async () => (await statusOf(again))?.lagMs === 0, ENGINES_MS);
  });

  it('is not known before it has read where it is', async () => {
    await hold('orderlog.leases');
    const again = bench.keep();
    const starting = async () => {
      const status = await statusOf(again);
      return status !== undefined && status.generation !== null && status;
    };
    expect(await until('it has chosen its generation', starting, ENGINES_MS)).toMatchObject({
      ...{ state: 'starting', position: null, lag: null, lagMs: null },
    });
  });
});

describe('what a projector says is read', () => {
  let bench: ProjectionBench;
  let away: string;
  let client: Client;
  let relay: Relay;
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    away = `127.0.0.1:${await freePort()}`;
    client = createElasticsearchClient({ url: `http://${away}`, apiKey: null, caFile: null });
    const { eventStore, postgresUrl } = bench;
    const logger = createLogger('relay', 'silent');
    relay = new Relay({ eventStore, postgresUrl, logger, kafka: someTopic([away]) });
  }, ENGINES_MS);
  afterEach(async () => {
    await bench.close();
    await client.close();
  });

  it('is one generation of each projection, the other one after a flip, and whatever the relay sends', async () => {
    const { keeper } = bench.keep({ elasticsearch: client, indexPrefix: 'active' });
    const told = async () => {
      const { eventStore, pool: db } = bench;
      const register = projectionMetrics(await projectionStatuses(keeper, relay, { eventStore, db }));
      const series = /^orderlog_projection_active\{projection="(\w+)",generation="(\w+)"\} (\d)$/gm;
      const found = [...(await register.metrics()).matchAll(series)];
      return found.map(([, projection, generation, value]) => `${projection} ${generation}: ${value}`);
    };
    const says = (what: string, ...expected: readonly string[]) =>
      until(what, async () => isDeepStrictEqual((await told()).sort(), expected), ENGINES_MS);

    await says('the first is read', 'orders 1: 1', 'relay 0: 1', 'search 1: 1');
    const second = await createGeneration(bench.pool, { indexPrefix: 'active', madeBy: 'replay' });
    await markReady(bench.pool, second);
    const beside = ['orders 1: 1', 'orders 2: 0', 'relay 0: 1', 'search 1: 1', 'search 2: 0'];
    await says('another is kept beside it', ...beside);
    await bench.rows('UPDATE orderlog.active_generation SET previous = generation, generation = $1', [
      second.id,
    ]);
    const flipped = ['orders 1: 0', 'orders 2: 1', 'relay 0: 1', 'search 1: 0', 'search 2: 1'];
    await says('the other one is read', ...flipped);
  });
});
