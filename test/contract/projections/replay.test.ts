import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { activeGeneration } from '#read-models/generations.js';
import { ReplaysStore } from '#read-models/stores/replays.store.js';
import { confirm, note, place, tags, WrittenOrder } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { liveOn, replayOn, rowsThatDiffer } from '../../support/replays.js';
import { until } from '../../support/until.js';

describe('a replay', () => {
  let bench: ProjectionBench;
  beforeEach(async () => {
    bench = await ProjectionBench.open();
  }, ENGINES_MS);
  afterEach(() => bench.close(), ENGINES_MS);

  /** Orders whose events are spread over the log, so that many come back after their rows were written. */
  async function writeOrders(count: number): Promise<WrittenOrder[]> {
    const orders = Array.from({ length: count }, () => new WrittenOrder(bench.eventStore));
    for (const order of orders) await order.does(place(order, 3));
    for (const order of orders) await order.isFulfilled();
    for (const order of orders) await order.does(tags('late', order.orderId.slice(0, 4)), note('came late'));
    return orders;
  }

  const live = () => liveOn(bench);

  it('builds what the projector has built, row by row, and switches to it', async () => {
    await writeOrders(40);
    await live();
    const { generation, previous, verified, dropped } = await replayOn(bench);

    expect(previous).toBe(1);
    expect(dropped).toEqual([]);
    expect(verified).toMatchObject({ orders: 40, differenceCount: 0, sampled: false });
    expect(await activeGeneration(bench.pool)).toMatchObject({ id: generation.id });
    expect(await rowsThatDiffer(bench, 'gen_1', generation.schema)).toEqual([]);
    expect(await new ReplaysStore(bench.pool).last()).toMatchObject({
      state: 'done',
      events: 360,
      error: null,
    });
  }, 120_000);

  it('has the keys, indexes and tables of any other, and none of its own left', async () => {
    await writeOrders(5);
    await live();
    const { generation } = await replayOn(bench);
    const made = (schema: string) =>
      bench.rows(
        `SELECT c.relname, c.relkind, c.relpersistence, replace(coalesce(pg_get_indexdef(i.indexrelid), ''), $1, '') AS index,
           i.indisprimary FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
         WHERE c.relnamespace = $1::regnamespace ORDER BY 1`,
        [schema],
      );
    expect(await made(generation.schema)).toEqual(await made('gen_1'));
  }, 120_000);

  it('leaves its generation to the projectors, which go on with it', async () => {
    const [order] = await writeOrders(2);
    await live();
    const { generation } = await replayOn(bench);
    const { revision } = await order!.does(note('after the switch'));
    await until(
      'the new one has it',
      async () => {
        const rows = await bench.rows<{ revision: number }>(
          `SELECT revision FROM ${generation.schema}.orders WHERE order_id = $1`,
          [order!.orderId],
        );
        return rows[0]?.revision === revision;
      },
      ENGINES_MS,
    );
    expect(await bench.verify()).toMatchObject({ generation: generation.id, differences: [] });
  }, 120_000);

  it('drops all but the previous one, unless they are to be kept', async () => {
    await writeOrders(2);
    await live();
    await replayOn(bench);
    expect(await replayOn(bench, { request: { keep: true } })).toMatchObject({ previous: 2, dropped: [] });
    expect(await replayOn(bench)).toMatchObject({ previous: 3, dropped: [1, 2] });
    expect(await bench.rows(`SELECT 1 FROM pg_namespace WHERE nspname IN ('gen_1', 'gen_2')`)).toEqual([]);
  }, 120_000);

  it('builds an empty one of an empty log', async () => {
    await live();
    expect(await replayOn(bench)).toMatchObject({ verified: { orders: 0, differenceCount: 0 } });
  }, 120_000);

  it('takes in what happens meanwhile', async () => {
    const orders = await writeOrders(20);
    await live();
    let more: Promise<unknown> | null = null;
    const late = new WrittenOrder(bench.eventStore);
    const { generation } = await replayOn(bench, {
      onProgress: ({ phase }) => {
        if (phase === 'finishing')
          more ??= late.does(place(late), confirm).then(() => orders[0]!.does(note('late')));
      },
    });
    await more!;
    await until(
      'both have it',
      async () => {
        const found = await bench.rows(
          `SELECT 1 FROM ${generation.schema}.orders WHERE order_id = $1 AND revision = 1`,
          [late.orderId],
        );
        return found.length === 1;
      },
      ENGINES_MS,
    );
    expect(await bench.verify()).toMatchObject({ generation: generation.id, orders: 21, differences: [] });
  }, 120_000);
});
