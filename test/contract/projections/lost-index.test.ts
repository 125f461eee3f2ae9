import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CannotVerify } from '#projections/verify/verify.js';
import { markReady } from '#read-models/generations/generation-states.js';
import { createGeneration, prepareGeneration, type Generation } from '#read-models/generations/generation.js';
import { SearchProgressStore } from '#read-models/stores/search-progress.store.js';
import { elasticsearchStub, type ElasticsearchStub } from '../../support/elasticsearch-stub.js';
import { takeLease } from '../../support/leases.js';
import { place, WrittenOrder } from '../../support/order-streams.js';
import { orderctl } from '../../support/orderctl.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';

jest.setTimeout(2 * ENGINES_MS);

/** A position that the event store does not come to here: nobody waits for the index. */
const FAR = 1_000n;
const MISSING = { type: 'index_not_found_exception', reason: 'no such index' };

describe('an index that Elasticsearch does not have', () => {
  let bench: ProjectionBench;
  let elasticsearch: ElasticsearchStub;
  let active: Generation;
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    // As Elasticsearch answers: of documents one by one, of all else as a whole.
    elasticsearch = await elasticsearchStub((request, response) => {
      if (request.url!.endsWith('/_mget')) response.end(JSON.stringify({ docs: [{ error: MISSING }] }));
      else response.writeHead(404).end(JSON.stringify({ error: MISSING, status: 404 }));
    });
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
    active = await prepareGeneration(bench.pool, 'test');
    await bench.caughtUp(bench.start({ generation: async () => active }));
    await filled(active);
  });
  afterEach(async () => {
    await elasticsearch.close();
    await bench.close();
  });

  /** What was noted of its index before that was lost. */
  async function filled(generation: Generation): Promise<void> {
    const token = await takeLease(bench.pool, { generation: generation.id, projection: 'search' });
    const progress = new SearchProgressStore(bench.pool, generation);
    await progress.advance(token, { ...(await progress.rowsReached()), position: FAR }, [], []);
  }

  const places = () => ['--postgres-url', bench.postgresUrl, '--elasticsearch-url', elasticsearch.url];
  const told = ({ id, searchIndex }: Generation) =>
    `this Elasticsearch does not have the index ${searchIndex} of generation ${id}: is its address right? A lost index is filled anew by a projector; once \`orderctl status\` says that it has caught up, run the same command again`;

  it.each(['verify', 'verify --sample 1'])('is named in a line: %s', async (command) => {
    const stores = [...places(), '--event-store-url', bench.eventStoreUrl];
    expect(await orderctl(...command.split(' '), ...stores)).toEqual({
      code: 1,
      stdout: '',
      stderr: `orderctl: ${told(active)}\n`,
    });
  });

  it('fails a verification, which says so', async () => {
    await expect(bench.verify(elasticsearch.client)).rejects.toBeInstanceOf(CannotVerify);
  });

  it('keeps a rollback from being done, which says so in a line', async () => {
    const next = await createGeneration(bench.pool, {
      indexPrefix: 'test',
      madeBy: 'replay',
      rowsOf: active,
    });
    await markReady(bench.pool, next);
    await filled(next);
    await bench.rows('UPDATE orderlog.active_generation SET previous = generation, generation = $1', [
      next.id,
    ]);
    expect(await orderctl('generations', 'rollback', ...places())).toEqual({
      code: 1,
      stdout: '',
      stderr: `orderctl: ${told(active)}\n`,
    });
    expect(await bench.rows('SELECT generation FROM orderlog.active_generation')).toEqual([
      { generation: next.id },
    ]);
  });
});
