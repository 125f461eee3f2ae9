import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createLogger } from '#platform/logging.js';
import { ReplayFailed } from '#projections/replay/errors.js';
import { KeptMeanwhile, type KeepingOptions } from '#projections/replay/kept-meanwhile.js';
import { Throttle } from '#projections/replay/throttle.js';
import { prepareGeneration } from '#read-models/generations/generation.js';
import { elasticsearchStub, type ElasticsearchStub } from '../../support/elasticsearch-stub.js';
import { place, WrittenOrder } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { until } from '../../support/until.js';

jest.setTimeout(2 * ENGINES_MS);

describe('a generation that is kept by whoever built it', () => {
  let bench: ProjectionBench;
  let kept: KeptMeanwhile | null;
  let stop: AbortController;
  let notes: string[];
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    [kept, stop, notes] = [null, new AbortController(), []];
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
  });
  afterEach(async () => {
    stop.abort();
    await kept?.stop();
    await bench.close();
  });

  async function keep(options: Partial<KeepingOptions> = {}): Promise<void> {
    const generation = await prepareGeneration(bench.pool, options.elasticsearch ? 'test' : null);
    if (!options.elasticsearch) await refuseOrders();
    const { pool, eventStore, postgresUrl } = bench;
    kept = await KeptMeanwhile.start(generation, false, new Throttle(null), {
      ...{ pool, eventStore, postgresUrl, elasticsearch: null, logger: createLogger('replay', 'silent') },
      onNote: (line) => notes.push(line),
      ...options,
    });
  }

  const caughtUp = () => kept!.caughtUp(async () => {}, stop.signal);

  /** As PostgreSQL ends one of two transactions that wait for each other: neither away nor about a row. */
  async function refuseOrders(): Promise<void> {
    await bench.rows(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE 'deadlock detected' USING ERRCODE = 'deadlock_detected'; END $$`);
    await bench.rows('CREATE TRIGGER refused BEFORE INSERT ON gen_1.orders EXECUTE FUNCTION refuse()');
  }

  it('goes on after what passes by itself, of which it tells', async () => {
    await keep();
    const catchingUp = caughtUp();
    catchingUp.catch(() => {}); // awaited below
    await until('it is told', () => notes.length > 0);
    await bench.rows('DROP TRIGGER refused ON gen_1.orders');
    await catchingUp;
    expect(notes).toEqual(['waiting: orders: deadlock detected']);
    expect(await bench.verify()).toMatchObject({ orders: 1, differences: [] });
  });

  it('is given up where it goes on failing', async () => {
    await keep({ failingLimitMs: 500 });
    const catchingUp = caughtUp();
    await expect(catchingUp).rejects.toThrow('the projection orders keeps failing: deadlock detected');
    await expect(catchingUp).rejects.toBeInstanceOf(ReplayFailed);
    expect(notes).toEqual(['waiting: orders: deadlock detected']);
  });

  describe('whose index Elasticsearch lets nobody write', () => {
    let elasticsearch: ElasticsearchStub;
    beforeEach(async () => {
      const reason = 'action is unauthorized for API key';
      elasticsearch = await elasticsearchStub((request, response) => {
        request.resume();
        const isCreated = request.method === 'PUT' && request.url!.split('/').length === 2;
        response.writeHead(isCreated ? 200 : 403);
        const error = { type: 'security_exception', reason, root_cause: [] };
        response.end(JSON.stringify(isCreated ? {} : { error, status: 403 }));
      });
    });
    afterEach(() => elasticsearch.close());

    it('waits, and tells for what', async () => {
      await keep({ elasticsearch: elasticsearch.client, failingLimitMs: 0 });
      const catchingUp = caughtUp();
      catchingUp.catch(() => {}); // awaited below
      await until('it is told', () => notes.length > 0);
      expect(notes[0]).toMatch(/^waiting: search: .*security_exception/s);
      stop.abort();
      await expect(catchingUp).rejects.toThrow('aborted'); // it had not ended by itself
    });
  });
});
