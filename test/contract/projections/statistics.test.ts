import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { WrittenOrder, place, tags } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench, type RunningProjector } from '../../support/projections.js';
import { until } from '../../support/until.js';

jest.setTimeout(ENGINES_MS);

let bench: ProjectionBench;
beforeAll(async () => {
  bench = await ProjectionBench.open();
});
afterAll(() => bench.close());

/** Rows of the history as PostgreSQL last counted them; -1: it never did. */
async function counted(running: RunningProjector): Promise<number> {
  const { schema } = running.projector.generation!;
  const query = `SELECT reltuples::int AS counted FROM pg_class WHERE oid = '${schema}.order_history'::regclass`;
  const [row] = await bench.rows<{ counted: number }>(query);
  return row!.counted;
}

async function writeHistory(events: number): Promise<void> {
  const order = new WrittenOrder(bench.eventStore);
  await order.does(place(order));
  for (let n = 1; n < events; n += 50) {
    const some = Array.from({ length: Math.min(50, events - n) }, (_, i) => tags(`tag ${n + i}`));
    await order.does(...some);
  }
}

it('has PostgreSQL count the rows before there are many, and again when there are twice as many', async () => {
  const running = bench.start();
  await until('the projector is live', () => running.projector.state === 'live');
  const { schema } = running.projector.generation!;
  // PostgreSQL's own daemon would come by some time.
  await bench.pool.query(`ALTER TABLE ${schema}.order_history SET (autovacuum_enabled = off)`);
  await writeHistory(100);
  await bench.caughtUp(running);
  expect(await counted(running)).toBe(-1);
  await writeHistory(200);
  await until('the rows are counted', async () => (await counted(running)) >= 250);
  const first = await counted(running);
  await writeHistory(100);
  await bench.caughtUp(running);
  await running.stop();
  expect(await counted(running)).toBe(first);

  // What was counted by an earlier process is known.
  const next = bench.start();
  await until('the next projector is live', () => next.projector.state === 'live');
  await writeHistory(310);
  const order = new WrittenOrder(bench.eventStore);
  await order.does(place(order));
  let more = 0;
  await until('twice as many are counted', async () => {
    // Rows keep coming, as in life: only with the next is it seen how many came while PostgreSQL was asked.
    await order.does(tags(`more ${more++}`));
    return (await counted(next)) >= 2 * first;
  });
  await next.stop();
});
