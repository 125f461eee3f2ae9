import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { QueryConfig } from 'pg';
import { activeGeneration } from '#read-models/generations/generation.js';
import { OrderReader } from '#read-models/readers/order.reader.js';
import { ReadModels } from '#read-models/readers/read-models.js';
import { WrittenOrder, place, tags } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { UNKNOWN_TYPE } from '../../support/quarantine.js';

jest.setTimeout(ENGINES_MS);

const ORDERS = 40;
const NOBODYS = '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a11';

describe('reads of single orders', () => {
  let bench: ProjectionBench;
  const orders: WrittenOrder[] = [];
  let statements = 0;
  let fails = false;

  beforeAll(async () => {
    bench = await ProjectionBench.open();
    for (let index = 0; index < ORDERS; index++) {
      const order = new WrittenOrder(bench.eventStore, index % 4 === 3 ? 'demo' : 'default');
      await order.does(place(order, 1, { reference: `R${index}`, customerId: `c-${index % 2}` }));
      orders.push(order);
    }
    await orders[1]!.does(tags('changed'));
    await orders[2]!.receives({ type: UNKNOWN_TYPE });
    await bench.caughtUp(bench.start());
  });
  afterAll(() => bench.close());

  function reader(): OrderReader {
    const current = async () => {
      if (fails) throw new Error('away');
      return (await activeGeneration(bench.pool))!;
    };
    const counted = Object.create(bench.pool) as typeof bench.pool;
    counted.query = ((config: QueryConfig) => {
      statements += 1;
      return bench.pool.query(config);
    }) as typeof bench.pool.query;
    statements = 0;
    return new OrderReader(new ReadModels(counted, { current, refreshed: current }));
  }
  const staff = { tenantId: 'default', customerId: null };

  it('give each its own order, however many are asked at once, in few statements', async () => {
    const reads = reader();
    const asked = Array.from({ length: 200 }, (_, index) => orders[index % ORDERS]!);
    const rows = await Promise.all(
      asked.map(({ tenantId, orderId }) => reads.read({ tenantId, customerId: null }, orderId)),
    );
    expect(rows.map((row) => (JSON.parse(row!.document) as { orderId: string }).orderId)).toEqual(
      asked.map(({ orderId }) => orderId),
    );
    expect(statements).toBeLessThanOrEqual(4 + Math.ceil(196 / 16));
  });

  it('give none of another tenant, of another customer, or that is not there, beside those that are', async () => {
    const reads = reader();
    const [mine, foreign] = [orders[0]!, orders[3]!];
    const found = await Promise.all([
      ...Array.from({ length: 4 }, () => reads.read(staff, mine.orderId)),
      reads.read(staff, foreign.orderId),
      reads.read({ tenantId: 'default', customerId: 'c-1' }, mine.orderId),
      reads.read(staff, NOBODYS),
      reads.read({ tenantId: 'default', customerId: 'c-0' }, mine.orderId),
      reads.read({ tenantId: 'default', customerId: null }, orders[1]!.orderId),
    ]);
    expect(found.slice(4).map((row) => row && row.revision)).toEqual([null, null, null, 0, 1]);
  });

  it('say where one is parked, and how far all are', async () => {
    const reads = reader();
    const [parked, other] = await Promise.all([
      reads.read(staff, orders[2]!.orderId),
      reads.read(staff, orders[0]!.orderId),
    ]);
    expect(parked).toMatchObject({ revision: 0, parked: { revision: 1, reason: expect.any(String) } });
    expect(other).toMatchObject({ parked: null, position: await bench.eventStore.headPosition() });
  });

  it('fail all that share what failed, and go on', async () => {
    const reads = reader();
    fails = true;
    const failed = await Promise.allSettled(
      orders.slice(0, 30).map(({ tenantId, orderId }) => reads.read({ tenantId, customerId: null }, orderId)),
    );
    expect(new Set(failed.map(({ status }) => status))).toEqual(new Set(['rejected']));
    fails = false;
    expect(await reads.read(staff, orders[0]!.orderId)).not.toBeNull();
  });
});
