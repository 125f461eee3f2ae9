import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createGeneration } from '#read-models/generations/generation.js';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { orderctl, type Finished } from '../../support/orderctl.js';
import { ProjectionBench } from '../../support/projections.js';
import { liveOn, replayOn } from '../../support/replays.js';

// Each command is a process of its own, on a machine that may be busy with others.
jest.setTimeout(180_000);

describe('orderctl generations', () => {
  let bench: ProjectionBench;
  let order: WrittenOrder;

  const generations = (...args: string[]): Promise<Finished> =>
    orderctl('generations', ...args, '--postgres-url', bench.postgresUrl);
  const refused = async (...args: string[]) => {
    const { code, stdout, stderr } = await generations(...args);
    expect(stdout).toBe('');
    return [code, stderr];
  };
  const roles = async () =>
    (JSON.parse((await generations('list', '--json')).stdout) as { generation: number; role: string }[]).map(
      ({ generation, role }) => [generation, role],
    );

  beforeAll(async () => {
    bench = await ProjectionBench.open();
    order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
    await liveOn(bench);
  });
  afterAll(() => bench.close());

  it('has nowhere to go back to while there is only one', async () => {
    expect(await refused('rollback')).toEqual([
      1,
      'orderctl: there is no previous generation to go back to\n',
    ]);
    expect(await refused('activate', '1')).toEqual([1, 'orderctl: generation 1 is active already\n']);
  });

  it('goes back to the one before, and forward again, and says how to undo each', async () => {
    await replayOn(bench);
    expect(await roles()).toEqual([
      [1, 'previous'],
      [2, 'active'],
    ]);
    expect(await generations('rollback')).toEqual({
      code: 0,
      stdout: 'queries are now answered from generation 1; `orderctl generations rollback` goes back to 2\n',
      stderr: '',
    });
    expect(await roles()).toEqual([
      [1, 'active'],
      [2, 'previous'],
    ]);
    expect(await generations('activate', '2')).toEqual({
      code: 0,
      stdout: 'queries are now answered from generation 2; `orderctl generations rollback` goes back to 1\n',
      stderr: '',
    });
    expect(await roles()).toEqual([
      [1, 'previous'],
      [2, 'active'],
    ]);
  });

  it('goes back with what came since, as one JSON object', async () => {
    const { position } = await order.does(tags('since'));
    const { code, stdout } = await generations('rollback', '--json');
    expect(code).toBe(0);
    const flipped = JSON.parse(stdout) as { position: string };
    expect(flipped).toMatchObject({ generation: 1, previous: 2 });
    expect(BigInt(flipped.position)).toBeGreaterThanOrEqual(position);
    expect(await bench.rows(`SELECT tags FROM ${await schemaOf(1)}.orders`)).toEqual([{ tags: ['since'] }]);
  });

  it('refuses what is not there, and what is no number', async () => {
    expect(await refused('activate', '7')).toEqual([1, 'orderctl: there is no generation 7, only 1, 2\n']);
    expect(await refused('activate', 'two')).toEqual([
      2,
      expect.stringContaining('the number of a generation is needed: see `orderctl generations list`'),
    ]);
    expect(await refused('activate')).toEqual([
      2,
      expect.stringContaining("missing required argument 'number'"),
    ]);
  });

  it('refuses one that nobody keeps up to date, after having waited for it', async () => {
    await bench.stopProjectors();
    await bench.rows(
      `UPDATE orderlog.checkpoints SET position = 0 WHERE generation = 2 AND projection = 'orders'`,
    );
    const [code, stderr] = await refused('rollback');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^waiting until the generation has caught up to position \d+: it is at position 0\n/,
    );
    expect(stderr).toMatch(
      /\norderctl: generation 2 is not caught up: it is at position 0 and does not move, while the active one is at \d+; start a projector of this release, which keeps it up to date\n$/,
    );
    expect(await roles()).toEqual([
      [1, 'active'],
      [2, 'previous'],
    ]);
  });

  it('refuses one that was given up, and says why it was', async () => {
    await bench.rows(
      `UPDATE orderlog.generations SET state = 'failed', failure = 'an order differs' WHERE id = 2`,
    );
    expect(await refused('activate', '2')).toEqual([
      1,
      'orderctl: generation 2 is failed (an order differs): only a generation that is ready can become active\n',
    ]);
  });

  it('drops the tables of one whose index cannot be removed from here, and says how that is', async () => {
    const { searchIndex } = await createGeneration(bench.pool, { indexPrefix: 'test', madeBy: 'projector' });
    expect(await refused('drop', '3')).toEqual([
      1,
      `orderctl: generation 3 is dropped, but its index ${searchIndex} is not (no Elasticsearch is configured here): ` +
        'remove it with `orderctl generations drop 3 --elasticsearch-url URL`, or leave it there for good with --leave-index\n',
    ]);
    expect(await bench.rows(`SELECT 1 FROM pg_namespace WHERE nspname = 'gen_3'`)).toEqual([]);
    const listed = await generations('list');
    expect(listed.stdout).toMatch(new RegExp(`^3 +dropping .*${searchIndex}`, 'm'));

    const forgotten = await generations('drop', '3', '--leave-index');
    expect(forgotten.stdout).toBe(`generation 3 is dropped; its index ${searchIndex} was not removed\n`);
    expect((await generations('list')).stdout).not.toMatch(/^3 /m);
  });

  async function schemaOf(id: number): Promise<string> {
    const [row] = await bench.rows<{ schema: string }>(
      'SELECT schema_name AS schema FROM orderlog.generations WHERE id = $1',
      [id],
    );
    return row!.schema;
  }
});
