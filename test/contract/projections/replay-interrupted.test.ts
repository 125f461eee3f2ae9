import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { freeGeneration } from '#projections/replay/freeing.js';
import { ReplayCancelled } from '#projections/replay/replay-control.js';
import { activeGeneration } from '#read-models/generations/generation.js';
import { ReplaysStore, type ReplayPhase } from '#read-models/stores/replays.store.js';
import { note, place, tags, WrittenOrder } from '../../support/order-streams.js';
import { ORDERCTL, orderctl, type Finished } from '../../support/orderctl.js';
import { ProjectionBench } from '../../support/projections.js';
import { liveOn, replayOn, rowsThatDiffer } from '../../support/replays.js';
import { until } from '../../support/until.js';

// Processes are started and killed here, on a machine that does much else.
jest.setTimeout(180_000);
const LIMIT_MS = 60_000;

interface ReplayProcess {
  /** Its exit code, once it is gone. */
  readonly ended: Promise<number | null>;
  /** As a crash would end it (SIGKILL). */
  kill(): Promise<unknown>;
}

describe('a replay that is cut off, held or given up', () => {
  let bench: ProjectionBench;
  let store: ReplaysStore;
  let started: ReplayProcess[];
  let orders: WrittenOrder[];
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    store = new ReplaysStore(bench.pool);
    started = [];
    orders = Array.from({ length: 30 }, () => new WrittenOrder(bench.eventStore));
    for (const order of orders) await order.does(place(order, 3));
    for (const order of orders) await order.isFulfilled();
    for (const order of orders) await order.does(tags('late'), note('came late'));
    await liveOn(bench);
  });
  afterEach(async () => {
    await Promise.all(started.map((one) => one.kill()));
    await bench.close();
  });

  const places = () => ['--postgres-url', bench.postgresUrl, '--event-store-url', bench.eventStoreUrl];

  /** As a person starts it; slow enough to be met on its way. */
  function start(...args: readonly string[]): ReplayProcess {
    const child = spawn(process.execPath, [ORDERCTL, 'replay', ...args, ...places()], { stdio: 'ignore' });
    // From the start on: it may be gone before anyone asks.
    const ended = once(child, 'exit').then(([code]) => code as number | null);
    const kill = () => {
      child.kill('SIGKILL');
      return ended;
    };
    const one = { ended, kill };
    started.push(one);
    return one;
  }

  /** PostgreSQL takes a moment to notice that the process is gone. */
  const cutOffReplay = () =>
    until(
      'nobody is at it',
      async () => {
        const open = await store.open();
        return open?.isAttended === false && open;
      },
      LIMIT_MS,
    );
  const at = (phase: ReplayPhase) =>
    until(`a replay is ${phase}`, async () => (await store.open())?.phase === phase, LIMIT_MS);
  const lineOf = ({ stderr }: Finished) => stderr.trim().split('\n').at(-1);

  it('goes on after kill -9 while it loads, from what it has written', async () => {
    const child = start('--throttle', '60');
    await until('some is written', async () => ((await store.open())?.done ?? 0) > 0, LIMIT_MS);
    await child.kill();
    expect(await activeGeneration(bench.pool)).toMatchObject({ id: 1 });
    const cutOff = await cutOffReplay();
    expect(cutOff).toMatchObject({ state: 'running', phase: 'loading' });

    const { generation, replay: done } = await replayOn(bench);
    expect(done).toMatchObject({ id: cutOff.id, generation: cutOff.generation, state: 'done', events: 270 });
    expect(await rowsThatDiffer(bench, 'gen_1', generation.schema)).toEqual([]);
  });

  it('goes on after kill -9 while it verifies, with all that it has built', async () => {
    const child = start('--throttle', '60');
    await at('verifying');
    await child.kill();
    const cutOff = await cutOffReplay();
    expect(cutOff).toMatchObject({ state: 'running', phase: 'verifying', generation: 2 });
    expect(await activeGeneration(bench.pool)).toMatchObject({ id: 1 });

    const phases = new Set<ReplayPhase>();
    const resumed = await replayOn(bench, { onProgress: ({ phase }) => void phases.add(phase) });
    expect(resumed).toMatchObject({ generation: { id: 2 }, verified: { orders: 30, sampled: false } });
    expect([...phases]).toEqual(['catching_up', 'verifying', 'flipping']);
    expect(await rowsThatDiffer(bench, 'gen_1', 'gen_2')).toEqual([]);
  });

  it.each(['finishing', 'catching_up', 'verifying'] as const)(
    'goes on after it ended while %s',
    async (phase) => {
      const cutOff = new AbortController();
      const first = replayOn(bench, {
        signal: cutOff.signal,
        onProgress: (progress) => {
          if (progress.phase === phase) cutOff.abort(new Error('cut off'));
        },
      });
      await expect(first).rejects.toThrow('cut off');
      expect(await activeGeneration(bench.pool)).toMatchObject({ id: 1 });
      const { generation } = await replayOn(bench);
      expect(generation.id).toBe(2);
      expect(await rowsThatDiffer(bench, 'gen_1', generation.schema)).toEqual([]);
      expect(await bench.verify()).toMatchObject({ generation: 2, differences: [] });
    },
  );

  it('goes on after it ended in the middle of its indexes, with orders that changed since', async () => {
    const cutOff = new AbortController();
    const first = replayOn(bench, {
      signal: cutOff.signal,
      onProgress: ({ phase, done }) => {
        if (phase === 'finishing' && done === 3) cutOff.abort(new Error('cut off'));
      },
    });
    await expect(first).rejects.toThrow('cut off');
    for (const order of orders) await order.does(tags('since'), note('a word that was in no order'));
    const placed = new WrittenOrder(bench.eventStore);
    await placed.does(place(placed));
    await liveOn(bench);
    const { generation, verified } = await replayOn(bench);
    expect({ id: generation.id, ...verified }).toMatchObject({ id: 2, orders: 31, sampled: false });
    expect(await rowsThatDiffer(bench, 'gen_1', 'gen_2')).toEqual([]);
    expect(await bench.verify()).toMatchObject({ generation: 2, differences: [] });
  });

  it('goes on with nothing that was dropped since: it begins anew, or is cancelled', async () => {
    const cutOff = () => {
      const abort = new AbortController();
      const cut = replayOn(bench, {
        signal: abort.signal,
        onProgress: ({ phase }) => {
          if (phase === 'verifying') abort.abort(new Error('cut off'));
        },
      });
      return expect(cut).rejects.toThrow('cut off');
    };
    await cutOff();
    await freeGeneration(bench.pool, { id: 2 }, null);
    expect(await replayOn(bench)).toMatchObject({ generation: { id: 3 }, replay: { id: 2, state: 'done' } });
    expect(await bench.rows('SELECT state, error FROM orderlog.replays WHERE id = 1')).toEqual([
      { state: 'failed', error: 'generation 2 was dropped' },
    ]);

    const dropInPart = (id: number) =>
      bench.pool.query(`UPDATE orderlog.generations SET state = 'dropping' WHERE id = $1`, [id]);
    await cutOff();
    await dropInPart(4);
    expect(await replayOn(bench)).toMatchObject({ generation: { id: 5 } });

    await cutOff();
    await dropInPart(6);
    await store.ask('cancel');
    await expect(replayOn(bench)).rejects.toBeInstanceOf(ReplayCancelled);
    expect(await store.last()).toMatchObject({ generation: 6, state: 'cancelled' });
    expect(
      await bench.rows(`SELECT 1 FROM pg_namespace WHERE nspname IN ('gen_2', 'gen_4', 'gen_6')`),
    ).toEqual([]);
  });

  it('goes on again and again, wherever its loading is cut off', async () => {
    for (let times = 1; times <= 5; times++) {
      const cutOff = new AbortController();
      let steps = 0;
      const cut = replayOn(bench, {
        signal: cutOff.signal,
        request: { throttle: 2_000 },
        onProgress: ({ phase }) => {
          if (phase !== 'loading' || ++steps === times) cutOff.abort(new Error('cut off'));
        },
      });
      await expect(cut).rejects.toThrow('cut off');
    }
    const { generation } = await replayOn(bench);
    expect(await rowsThatDiffer(bench, 'gen_1', generation.schema)).toEqual([]);
  });

  it('waits while it is paused by another process, and goes on when it is told to', async () => {
    const child = start('--throttle', '40'); // still at it when `orderctl` has started
    await until('it loads', async () => ((await store.open())?.done ?? 0) > 0, LIMIT_MS);
    expect(await orderctl('replay', 'pause', ...places())).toMatchObject({
      code: 0,
      stdout: 'the replay into generation 2 is being paused\n',
    });
    await until('it is paused', async () => (await store.open())?.state === 'paused', LIMIT_MS);
    const before = (await store.open())!;
    expect(before).toMatchObject({ isAttended: true, asked: 'pause' });
    expect(await orderctl('replay', 'resume', ...places())).toMatchObject({ code: 0 });
    expect(await child.ended).toBe(0);
    expect(await store.last()).toMatchObject({ state: 'done' });
    expect(await rowsThatDiffer(bench, 'gen_1', 'gen_2')).toEqual([]);
  });

  it('is gone on with by `resume` where its process is no more', async () => {
    const child = start('--throttle', '60');
    await until('it loads', async () => ((await store.open())?.done ?? 0) > 0, LIMIT_MS);
    await child.kill();
    await cutOffReplay();
    expect(await orderctl('replay', 'pause', ...places())).toMatchObject({
      code: 0,
      stdout:
        'the replay into generation 2 is not running: no process works on it. `orderctl replay resume` continues it\n',
    });
    await store.goOn((await store.open())!.id, { sample: 5, throttle: null, keep: false });
    const resumed = await orderctl('replay', 'resume', ...places());
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.stdout).toContain('queries are answered from generation 2, no longer 1');
    expect(await store.last()).toMatchObject({ state: 'done', sample: 5 });
  });

  it('keeps what it was asked for where that is not given anew, and `resume` takes what is', async () => {
    const begin = async () => {
      const cutOff = new AbortController();
      const begun = replayOn(bench, {
        ...{ signal: cutOff.signal, request: { sample: 5, throttle: 5_000, keep: true } },
        onProgress: () => cutOff.abort(new Error('cut off')),
      });
      await expect(begun).rejects.toThrow('cut off');
      await cutOffReplay();
    };
    await begin();
    expect(await orderctl('replay', ...places())).toMatchObject({ code: 0 });
    expect(await store.last()).toMatchObject({ state: 'done', sample: 5, throttle: 5_000, keep: true });

    await begin();
    expect(await orderctl('replay', 'resume', '--throttle', '6000', ...places())).toMatchObject({ code: 0 });
    expect(await store.last()).toMatchObject({ state: 'done', sample: 5, throttle: 6_000, keep: true });

    await begin();
    expect(await orderctl('replay', 'resume', '--verify', 'full', ...places())).toMatchObject({ code: 0 });
    expect(await store.last()).toMatchObject({ state: 'done', sample: null, throttle: 5_000, keep: true });

    await begin();
    expect(await orderctl('replay', 'resume', '--no-throttle', '--no-keep', ...places())).toMatchObject({
      code: 0,
    });
    expect(await store.last()).toMatchObject({ state: 'done', sample: 5, throttle: null, keep: false });
  });

  it('takes no other rate while a process is at it, and none where it is paused or cancelled', async () => {
    start('--throttle', '5');
    await at('loading');
    const resumed = await orderctl('replay', 'resume', '--throttle', '500', ...places());
    expect([resumed.code, lineOf(resumed)]).toEqual([
      1,
      'orderctl: a process is working on the replay: stop it with Ctrl-C first, to resume with other options',
    ]);
    for (const args of [
      ['pause', '--throttle', '500'],
      ['--throttle', '500', 'cancel'],
    ]) {
      const { code, stderr } = await orderctl('replay', ...args, ...places());
      expect([code, stderr]).toEqual([2, expect.stringContaining("error: unknown option '--throttle'")]);
    }
    const kept = await orderctl('replay', 'cancel', '--keep', ...places());
    expect([kept.code, kept.stderr]).toEqual([2, expect.stringContaining("unknown option '--keep'")]);
    expect(await store.open()).toMatchObject({ asked: 'run', throttle: 5 });
  });

  it('is dropped when it is cancelled, whether a process is at it or not', async () => {
    const child = start('--throttle', '5'); // still at it when `orderctl` has started
    await at('loading');
    expect(await orderctl('replay', 'cancel', ...places())).toMatchObject({ code: 0 });
    expect(await child.ended).toBe(1);
    expect(await store.last()).toMatchObject({ state: 'cancelled', generation: 2 });

    const another = start('--throttle', '5');
    await until('another loads', async () => (await store.open())?.generation === 3, LIMIT_MS);
    await another.kill();
    await cutOffReplay();
    const cancelled = await orderctl('replay', 'cancel', ...places());
    expect(cancelled).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('what it had built is dropped'),
    });
    expect(await store.last()).toMatchObject({ state: 'cancelled', generation: 3 });

    const third = start('--throttle', '5');
    await until('a third loads', async () => (await store.open())?.generation === 4, LIMIT_MS);
    await third.kill();
    await cutOffReplay();
    const { code, stdout } = await orderctl('replay', 'cancel', '--json', ...places());
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { state: 'cancelled', generation: 4 }]);
    expect(
      await bench.rows(`SELECT 1 FROM pg_namespace WHERE nspname IN ('gen_2', 'gen_3', 'gen_4')`),
    ).toEqual([]);
    expect(await bench.verify()).toMatchObject({ generation: 1, differences: [] });
  });

  it('is left to the release that began it, and can be cancelled by another one', async () => {
    const child = start('--throttle', '60');
    await until('some is written', async () => ((await store.open())?.done ?? 0) > 0, LIMIT_MS);
    await child.kill();
    await cutOffReplay();
    await bench.rows(`UPDATE orderlog.generations SET fingerprint = 'of another release' WHERE id = 2`);
    const begunByAnother = 'begun by another release: continue';
    const told = await orderctl('status', ...places());
    expect(told.stdout).toContain(`, interrupted: ${begunByAnother} it with that release, or end it with`);
    for (const args of [['resume'], []]) {
      const refused = await orderctl('replay', ...args, ...places());
      expect([refused.code, lineOf(refused)]).toEqual([
        1,
        `orderctl: generation 2 was ${begunByAnother} the replay with that release, or end it with \`orderctl replay cancel\``,
      ]);
      expect(await store.open()).toMatchObject({ generation: 2, asked: 'run', isAttended: false });
      expect(await bench.rows('SELECT state FROM orderlog.generations WHERE id = 2')).toEqual([
        { state: 'building' },
      ]);
    }
    expect(await orderctl('replay', 'cancel', ...places())).toMatchObject({ code: 0 });
    expect(await store.last()).toMatchObject({ state: 'cancelled', generation: 2 });
    expect(await bench.rows(`SELECT 1 FROM pg_namespace WHERE nspname = 'gen_2'`)).toEqual([]);
  });

  it('is the only one: another is told so, in a line', async () => {
    start('--throttle', '5'); // still at it, however long the others take to start
    await at('loading');
    const second = await orderctl('replay', ...places());
    expect(second.code).toBe(1);
    expect(lineOf(second)).toBe(
      'orderctl: a replay is under way in another process: `orderctl status` shows how far it is',
    );
    expect(await orderctl('replay', '--search-only', ...places())).toMatchObject({ code: 1 });
  });

  it('flips to nothing that is not what the events say, says why, and leaves no trace', async () => {
    let spoilt = false;
    const spoiling = replayOn(bench, {
      onProgress: ({ phase }) => {
        if (phase !== 'catching_up' || spoilt) return;
        spoilt = true;
        void bench.pool.query(
          'UPDATE gen_2.orders SET total_minor = 1 WHERE order_id = (SELECT order_id FROM gen_2.orders LIMIT 1)',
        );
      },
    });
    await expect(spoiling).rejects.toThrow(
      /generation 2 does not match the events: 1 difference in .*total_minor/,
    );
    expect(await activeGeneration(bench.pool)).toMatchObject({ id: 1 });
    expect(await store.last()).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('total_minor'),
    });
    expect(await bench.rows(`SELECT 1 FROM pg_namespace WHERE nspname = 'gen_2'`)).toEqual([]);
    expect(await replayOn(bench)).toMatchObject({ generation: { id: 3 }, previous: 1 });
  });

  it('is gone when it is cancelled while it finishes', async () => {
    const running = replayOn(bench, {
      onProgress: ({ phase }) => {
        if (phase === 'finishing') void store.ask('cancel');
      },
      request: { throttle: 1_000 },
    });
    await expect(running).rejects.toBeInstanceOf(ReplayCancelled);
    expect(await store.last()).toMatchObject({ state: 'cancelled' });
  });

  it('tells what it would do, and does nothing', async () => {
    const plan = await orderctl('replay', '--dry-run', '--json', ...places());
    expect(JSON.parse(plan.stdout)).toMatchObject({
      active: 1,
      events: 270,
      orders: 30,
      dropped: [],
      seconds: null,
    });
    expect(await store.last()).toBeNull();
    expect(await orderctl('replay', '--verify', 'some', ...places())).toMatchObject({ code: 2 });
    expect(lineOf(await orderctl('replay', 'pause', ...places()))).toBe('orderctl: no replay is under way');
  });
});
