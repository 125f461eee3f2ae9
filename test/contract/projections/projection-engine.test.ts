import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StoreUnavailable } from '#event-store/errors.js';
import { createLogger } from '#platform/logging.js';
import { ProjectionEngine, type Owned, type ProjectionWork } from '#projections/engine/projection-engine.js';
import { Leases } from '#projections/lease/leases.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { until } from '../../support/until.js';

jest.setTimeout(ENGINES_MS);

/** Follows nothing, and fails as often and as a test says. */
class Work implements ProjectionWork {
  readonly name = 'a projection';
  readonly engine: ProjectionEngine;
  written = 0;
  readonly position = null;
  readonly tokens: bigint[] = [];
  failures: Error[] = [];
  /** What it does before it fails. */
  beginning = () => {};
  /** As the engine said each time, when it had begun. */
  readonly downMs: number[] = [];

  constructor(postgresUrl: string, leases: Leases) {
    const logger = createLogger('tests', 'silent');
    this.engine = new ProjectionEngine(this, { postgresUrl, leases, logger });
  }

  async prepare() {
    return { generation: 0, projection: this.name };
  }

  async follow({ token, signal }: Owned): Promise<void> {
    this.tokens.push(token);
    const failure = this.failures.shift();
    this.beginning();
    this.downMs.push(this.engine.downMs);
    if (failure !== undefined) throw failure;
    this.engine.become('live');
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  }
}

describe('the engine of a projection', () => {
  let bench: ProjectionBench;
  let stop: AbortController;
  let running: Promise<void>[];
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    stop = new AbortController();
    running = [];
    const first = bench.start();
    await until('the tables are there', () => first.projector.state === 'live');
    await first.stop();
  });
  afterEach(async () => {
    stop.abort();
    await Promise.all(running);
    await bench.close();
  });

  const start = (work: Work) => {
    running.push(work.engine.run(stop.signal));
    return work;
  };

  it('begins again after whatever it fails with, says so, and counts', async () => {
    const work = new Work(bench.postgresUrl, new Leases(bench.postgresUrl));
    work.failures = [new TypeError('a bug'), new StoreUnavailable('away')];
    const [bug, away] = [work.failures[0]!.message, work.failures[1]!.message];
    start(work);
    await until('the bug is told', () => work.engine.state === 'failing' && work.engine.lastError === bug);
    await until('then what is away', () => work.engine.state === 'waiting' && work.engine.lastError === away);
    await until('it is live', () => work.engine.state === 'live');
    expect(work.engine.lastError).toBeNull();
    expect(work.engine.restarts).toEqual({ away: 1, silent: 0, error: 1 });
    expect(work.engine.downMs).toBe(0);
    expect(new Set(work.tokens).size).toBe(1); // owned all the while
  });

  it('is down for as long as it only begins and fails, until something is written', async () => {
    const work = new Work(bench.postgresUrl, new Leases(bench.postgresUrl));
    work.beginning = () => work.engine.become('catching_up');
    work.failures = Array.from({ length: 10_000 }, () => new Error('it never works here'));
    start(work);
    await until('it has begun three times', () => work.downMs.length === 3);
    const [, second, third] = work.downMs;
    expect(second).toBeGreaterThan(0);
    expect(third).toBeGreaterThan(second!);
    work.written += 1;
    expect(work.engine.failingMs).toBe(0);
  });

  it('lets another process try what fails here again and again', async () => {
    const work = new Work(bench.postgresUrl, new Leases(bench.postgresUrl));
    work.failures = Array.from({ length: 10_000 }, () => new Error('it never works here'));
    start(work);
    await until('it fails', () => work.engine.state === 'failing');
    const elsewhere = start(new Work(bench.postgresUrl, new Leases(bench.postgresUrl)));
    await until('it is live there', () => elsewhere.engine.state === 'live');
    await until('it stands by here', () => work.engine.state === 'standby');
  });

  it('leaves word of how it fails in the lease that it gives back', async () => {
    const work = new Work(bench.postgresUrl, new Leases(bench.postgresUrl));
    work.beginning = () => work.engine.become('catching_up');
    work.failures = Array.from({ length: 10_000 }, () => new Error('it never works here'));
    start(work);
    const givenBack = async () => {
      const of = `FROM orderlog.leases WHERE projection = $1 AND holder IS NULL`;
      return (await bench.rows(`SELECT state, last_error ${of}`, [work.name]))[0];
    };
    expect(await until('it is given back', givenBack)).toEqual({
      state: 'failing',
      last_error: 'it never works here',
    });
  });

  it('leaves what it follows when its lease is lost, and goes on only as another owner', async () => {
    const work = start(new Work(bench.postgresUrl, new Leases(bench.postgresUrl)));
    await until('it is live', () => work.engine.state === 'live');
    await bench.rows('SELECT pg_terminate_backend(session_pid) FROM orderlog.leases WHERE projection = $1', [
      work.name,
    ]);
    await until('it is followed anew', () => work.tokens.length === 2);
    expect(work.tokens[1]).toBeGreaterThan(work.tokens[0]!);
  });

  it('stands by anew where a session is ended that only waits for the lease, and is not said to fail', async () => {
    const owner = start(new Work(bench.postgresUrl, new Leases(bench.postgresUrl)));
    await until('it is live', () => owner.engine.state === 'live');
    const { engine } = start(new Work(bench.postgresUrl, new Leases(bench.postgresUrl)));
    await until('another stands by', () => engine.state === 'standby');
    const ended = await bench.rows(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'orderlog projector ' || $1
         AND pid <> (SELECT session_pid FROM orderlog.leases WHERE projection = $1)`,
      [owner.name],
    );
    expect(ended).toHaveLength(1);
    await until('it begins again', () => engine.restartCount === 1);
    expect(engine.state).not.toBe('failing');
    expect(engine.restarts).toEqual({ away: 1, silent: 0, error: 0 });
    await until('it stands by', () => engine.state === 'standby');
    expect(owner.tokens).toHaveLength(1);
  });

  it('keeps no other projection of its process from going on', async () => {
    const leases = new Leases(bench.postgresUrl);
    const projector = bench.start({ leases });
    const work = new Work(bench.postgresUrl, leases);
    work.failures = Array.from({ length: 10_000 }, () => new Error('it never works'));
    start(work);
    await until('it fails', () => work.engine.restarts.error > 2);
    await bench.caughtUp(projector);
    await until('the projector is live', () => projector.projector.state === 'live');
    expect(projector.projector.engine.restartCount).toBe(0);
  });
});
