import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { prepareGeneration } from '#read-models/generations/generation.js';
import { BuildWatch } from '../../../apps/orderctl/src/system/build-watch.js';
import { place, WrittenOrder } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { until } from '../../support/until.js';

jest.setTimeout(ENGINES_MS);

describe('orderctl up, while the read models are being built', () => {
  let bench: ProjectionBench;
  let watch: BuildWatch;
  const told: string[] = [];

  beforeAll(async () => {
    bench = await ProjectionBench.open();
    watch = new BuildWatch(bench.postgresUrl, bench.eventStoreUrl, (line) => told.push(line));
    for (let count = 0; count < 3; count++) {
      const order = new WrittenOrder(bench.eventStore);
      await order.does(place(order));
    }
  });
  afterAll(async () => {
    await watch.close();
    await bench.close();
  });

  it('says nothing where there is nothing yet, or all is of this release', async () => {
    await watch.announce();
    expect(await watch.moved()).toBe(false);
    await prepareGeneration(bench.pool, null);
    await watch.announce();
    expect([await watch.moved(), told]).toEqual([false, []]);
  });

  it('says that it does, how far it is, and whether it moves', async () => {
    await bench.rows(`UPDATE orderlog.generations SET fingerprint = 'of another release'`);
    await watch.announce();
    expect(told).toEqual([expect.stringContaining('(generation 1) are of another release')]);
    const { id } = await prepareGeneration(bench.pool, null);
    expect([await watch.moved(), await watch.moved()]).toEqual([true, false]);
    expect(told[1]).toBe('read models: 0% built, 0 positions/s');
    const head = (await bench.eventStore.headPosition())!;
    await bench.rows(
      `INSERT INTO orderlog.checkpoints (generation, projection, position) VALUES (${id}, 'orders', ${head})`,
    );
    // While orders are compared, there is nothing to be seen: it may take any time.
    expect([await watch.moved(), await watch.moved()]).toEqual([true, true]);
  });

  it('counts an index that is filled after the rows', async () => {
    const head = (await bench.eventStore.headPosition())!;
    const { id } = await prepareGeneration(bench.pool, 'watched');
    const reaches = (projection: string, position: bigint) =>
      bench.rows(
        `INSERT INTO orderlog.checkpoints (generation, projection, position) VALUES (${id}, '${projection}', ${position})
         ON CONFLICT (generation, projection) DO UPDATE SET position = excluded.position`,
      );
    await reaches('orders', head - 1n);
    expect([await watch.moved(), await watch.moved()]).toEqual([true, false]);
    await reaches('orders', head);
    await reaches('search', head - 1n);
    // Elasticsearch may be away for any time. Commands do not need it.
    expect([await watch.moved(), await watch.moved()]).toEqual([true, true]);
    await until('it says what it waits for, although orders come in meanwhile', async () => {
      const order = new WrittenOrder(bench.eventStore);
      await order.does(place(order));
      await reaches('orders', (await bench.eventStore.headPosition())!);
      await watch.moved();
      return told.at(-1)!.endsWith('filled; it waits for Elasticsearch, and queries wait for it');
    });
    await reaches('search', (await bench.eventStore.headPosition())!);
    expect([await watch.moved(), await watch.moved()]).toEqual([true, true]);
  });

  it('waits for a person where what was built is given up, and says once what to do', async () => {
    await bench.rows(
      `UPDATE orderlog.generations SET state = 'failed', failure = 'of 3 orders, 1 differs' WHERE id <> 1`,
    );
    told.length = 0;
    expect([await watch.moved(), await watch.moved()]).toEqual([true, true]);
    expect(told).toEqual([
      'read models: generation 3 was given up: of 3 orders, 1 differs. Once the cause is gone, `orderctl generations drop 3` has it built anew',
    ]);
    await bench.rows(`UPDATE orderlog.generations SET state = 'dropped' WHERE id = 3`);
    expect(await watch.moved()).toBe(true);
    expect(told[1]).toContain('generation 2 was given up');
    await bench.rows(`UPDATE orderlog.generations SET state = 'dropped' WHERE id = 2`);
    expect(await watch.moved()).toBe(false);
  });
});
