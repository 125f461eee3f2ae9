import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { prepareGeneration } from '#read-models/generations.js';
import { RebuildWatch } from '../../../apps/orderctl/src/system/rebuild-watch.js';
import { place, WrittenOrder } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';

jest.setTimeout(ENGINES_MS);

describe('orderctl up, while the read models are being built', () => {
  let bench: ProjectionBench;
  let watch: RebuildWatch;
  const told: string[] = [];

  beforeAll(async () => {
    bench = await ProjectionBench.open();
    watch = new RebuildWatch(bench.postgresUrl, bench.eventStoreUrl, (line) => told.push(line));
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
    expect([await watch.moved(), await watch.moved()]).toEqual([true, false]);
  });
});
