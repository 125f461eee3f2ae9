import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CannotReplay } from '#projections/replay/errors.js';
import { prepareGeneration, type Generation } from '#read-models/generations/generation.js';
import { ReplaysStore } from '#read-models/stores/replays.store.js';
import { elasticsearchStub } from '../../support/elasticsearch-stub.js';
import { place, WrittenOrder } from '../../support/order-streams.js';
import { orderctl } from '../../support/orderctl.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { replayOn } from '../../support/replays.js';

jest.setTimeout(2 * ENGINES_MS);

describe('a replay of orders that are searched in an index, without the address of Elasticsearch', () => {
  let bench: ProjectionBench;
  let active: Generation;
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
    active = await prepareGeneration(bench.pool, 'test');
  });
  afterEach(() => bench.close());

  const generations = () => bench.rows('SELECT id, state FROM orderlog.generations ORDER BY id');
  const asks = ({ id, searchIndex }: Pick<Generation, 'id' | 'searchIndex'>) =>
    `generation ${id} has the index ${searchIndex}: give the address of Elasticsearch with --elasticsearch-url`;

  it('is refused before anything is begun, and so is its plan', async () => {
    const begun = replayOn(bench);
    await expect(begun).rejects.toBeInstanceOf(CannotReplay);
    await expect(begun).rejects.toThrow(asks(active));
    expect(await generations()).toEqual([{ id: 1, state: 'ready' }]);

    const places = ['--postgres-url', bench.postgresUrl, '--event-store-url', bench.eventStoreUrl];
    const { code, stderr } = await orderctl('replay', '--dry-run', ...places);
    expect([code, stderr]).toEqual([1, `orderctl: ${asks(active)}\n`]);
  });

  it('is refused where it was cut off, and loses nothing that it has built', async () => {
    const elasticsearch = await elasticsearchStub((_, response) => response.end('{}'));
    const cutOff = new AbortController();
    const begun = replayOn(bench, {
      elasticsearch: elasticsearch.client,
      signal: cutOff.signal,
      onProgress: ({ phase }) => {
        if (phase === 'finishing') cutOff.abort(new Error('cut off'));
      },
    });
    await expect(begun).rejects.toThrow('cut off');
    await elasticsearch.close();
    const [, built] = await bench.rows<Generation>(
      'SELECT id, search_index AS "searchIndex" FROM orderlog.generations ORDER BY id',
    );

    await expect(replayOn(bench)).rejects.toThrow(asks(built!));
    expect(await generations()).toEqual([
      { id: 1, state: 'ready' },
      { id: 2, state: 'building' },
    ]);
    expect(await new ReplaysStore(bench.pool).open()).toMatchObject({ generation: 2 });
  });
});
