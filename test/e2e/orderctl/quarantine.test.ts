import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { orderctl, orderctlInterrupted, type Finished } from '../../support/orderctl.js';
import { ProjectionBench, type RunningProjector } from '../../support/projections.js';
import { UNKNOWN_TYPE } from '../../support/quarantine.js';
import { until } from '../../support/until.js';

// Each command is a process of its own, on a machine that may be busy with others.
jest.setTimeout(120_000);

describe('orderctl quarantine', () => {
  let bench: ProjectionBench;
  let running: RunningProjector;
  let order: WrittenOrder;
  let another: WrittenOrder;

  const quarantine = (...args: string[]): Promise<Finished> =>
    orderctl('quarantine', ...args, '--postgres-url', bench.postgresUrl);
  const json = async (...args: string[]) =>
    JSON.parse((await quarantine(...args, '--json')).stdout) as Record<string, Record<string, unknown>[]>;

  beforeAll(async () => {
    bench = await ProjectionBench.open();
    expect((await quarantine('list')).stdout).toBe('nothing is parked\n');
    [order, another] = [new WrittenOrder(bench.eventStore), new WrittenOrder(bench.eventStore)];
    for (const one of [order, another]) {
      await one.does(place(one));
      await one.receives({ type: UNKNOWN_TYPE });
      await one.does(tags('later'));
    }
    running = bench.start();
    await bench.caughtUp(running);
  });
  afterAll(() => bench.close());

  it('lists what is parked and why, and shows one order by id or number', async () => {
    const { code, stdout } = await quarantine('list');
    expect(code).toBe(0);
    expect(stdout).toContain(order.order.number);
    expect(stdout).toMatch(/orders +default +\S+ +\S+ +event 1 +OrderTeleported +permanent .*2 parked/);
    const { orders } = await json('list');
    expect(orders).toHaveLength(2);
    expect((await json('list', '--projection', 'relay'))['orders']).toEqual([]);
    const shown = await json('show', order.order.number);
    expect(shown).toMatchObject({ orderId: order.orderId, parked: [{ revision: 1 }, { kind: 'behind' }] });
    expect((await quarantine('show', another.orderId)).stdout).toMatch(/OrderTeleported/);
  });

  it('says what is wrong with what it is asked for', async () => {
    const unknown = await quarantine('show', 'AAAAA-AAAAA');
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      expect.stringMatching(/no parked order has the number/),
    ]);
    const neither = await quarantine('retry');
    expect([neither.code, neither.stderr]).toEqual([
      2,
      expect.stringMatching(/name an order, or give --all/),
    ]);
    const silent = await quarantine('skip', order.orderId, '1');
    expect([silent.code, silent.stderr]).toEqual([2, expect.stringMatching(/--reason/)]);
    const noNumber = await quarantine('skip', order.orderId, 'one', '--reason', 'x');
    expect([noNumber.code, noNumber.stderr]).toEqual([2, expect.stringMatching(/is no revision/)]);
  });

  it('has what is parked tried again, and tells what came of it', async () => {
    const one = await quarantine('retry', order.orderId);
    expect(one.code).toBe(1);
    expect(one.stdout).toMatch(/^orders: still parked at event 1: .*does not know the type/);
    const all = await quarantine('retry', '--all', '--reason', 'a look');
    expect(all).toMatchObject({
      code: 1,
      stdout: 'orders: 0 of 2 parked orders are applied, 2 still parked\n',
    });
  });

  it('skips an event, and keeps who, when and why', async () => {
    const wrong = await quarantine('skip', order.orderId, '2', '--reason', 'a mistake');
    expect(wrong.stdout).toMatch(/event 2 cannot be skipped: the order is parked at event 1/);
    const args = ['skip', order.orderId, '1', '--reason', 'of a release that is gone', '--as', 'ada'];
    expect(await quarantine(...args)).toMatchObject({ code: 0, stdout: 'orders: applied up to event 2\n' });
    const shown = await json('show', order.orderId);
    expect(shown['parked']).toEqual([]);
    expect(shown['skips']).toMatchObject([{ revision: 1, who: 'ada', reason: 'of a release that is gone' }]);
    expect(shown['actions']!.map(({ action, who }) => [action, who])).toEqual([
      ['retry', userInfo().username],
      ['skip', userInfo().username],
      ['skip', 'ada'],
    ]);
    expect((await quarantine('show', order.orderId)).stdout).toMatch(
      /skipped in orders: event 1, by ada at 2/,
    );
  });

  it('says that no projector runs, and leaves nothing to be done later', async () => {
    await running.stop();
    const alone = await quarantine('retry', another.orderId);
    expect(alone.code).toBe(1);
    expect(alone.stdout).toMatch(/no projector owns this projection at the moment .*: nothing was done/);
    expect(await bench.rows('SELECT FROM orderlog.quarantine_actions WHERE done_at IS NULL')).toEqual([]);
  });

  it('takes back at Ctrl-C what no projector has begun, and says so', async () => {
    const open = () => bench.rows('SELECT FROM orderlog.quarantine_actions WHERE done_at IS NULL');
    const asked = () => until('it is asked for', async () => (await open()).length > 0);
    const args = [another.orderId, '1', '--reason', 'a mistake', '--postgres-url', bench.postgresUrl];
    const { code, stdout } = await orderctlInterrupted(asked, 'quarantine', 'skip', ...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'orders: withdrawn: nothing was done\n' });
    running = bench.start();
    // Its owner does what people ask one after the other: what came before this is done.
    expect((await quarantine('retry', another.orderId)).stdout).toMatch(/^orders: still parked at event 1: /);
    const shown = await json('show', another.orderId);
    expect(shown['parked']).toMatchObject([{ revision: 1 }, { kind: 'behind' }]);
    expect(shown['skips']).toEqual([]);
  });
});
