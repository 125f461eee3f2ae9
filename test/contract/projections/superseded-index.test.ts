import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Client } from '@elastic/elasticsearch';
import { planReplay } from '../../../apps/orderctl/src/replay/replay-plan.js';
import { freePort } from '#platform/free-port.js';
import { ReplayCancelled } from '#projections/replay/replay-control.js';
import { dropGeneration, IndexLeft } from '#read-models/generations/drop-generation.js';
import { markReady } from '#read-models/generations/generation-states.js';
import { activeGeneration, createGeneration, type Generation } from '#read-models/generations/generation.js';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import { ReplaysStore } from '#read-models/stores/replays.store.js';
import { note, place, WrittenOrder } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { liveOn, replayOn } from '../../support/replays.js';

jest.setTimeout(4 * ENGINES_MS);

describe('where queries were answered from an index before, and are no more', () => {
  let bench: ProjectionBench;
  let left: Generation;
  let notes: string[];
  const onNote = (line: string) => {
    // PostgreSQL itself reads tables that were just filled, for its statistics.
    if (!line.includes('queries under way on')) notes.push(line);
  };
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order), note('of generation 1'));
    await liveOn(bench);
    left = await createGeneration(bench.pool, { indexPrefix: 'test', madeBy: 'projector' });
    await markReady(bench.pool, left);
    notes = [];
  });
  afterEach(() => bench.close());

  const stateOf = async (id: number) => {
    const [row] = await bench.rows<{ state: string }>(
      `SELECT state FROM orderlog.generations WHERE id = $1`,
      [id],
    );
    return row!.state;
  };
  const schemas = async () =>
    (
      await bench.rows<{ name: string }>(
        `SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'gen\\_%' ORDER BY 1`,
      )
    ).map(({ name }) => name);
  const lastReplay = () => new ReplaysStore(bench.pool).last();
  /** Nobody listens there. */
  const away = async () =>
    createElasticsearchClient({ url: `http://127.0.0.1:${await freePort()}`, apiKey: null, caFile: null });
  /** One that has every index, and says which are asked for to be deleted. */
  const answering = () => {
    const removed: string[] = [];
    const indices = { delete: async ({ index }: { index: string }) => void removed.push(index) };
    return { removed, elasticsearch: { indices } as unknown as Client };
  };

  it('a replay ends without Elasticsearch, and says what is left', async () => {
    const { generation, dropped, replay } = await replayOn(bench, { onNote });
    expect(replay).toMatchObject({ state: 'done', generation: 3 });
    expect(await activeGeneration(bench.pool)).toMatchObject({ id: generation.id });
    expect(dropped).toEqual([]);
    expect(notes).toEqual([
      `queries are answered from generation 3 now; generation 2 is dropped, but its index ${left.searchIndex} is not (no Elasticsearch is configured here): ` +
        'remove it with `orderctl generations drop 2 --elasticsearch-url URL`, or leave it there for good with --leave-index',
    ]);
    expect([await stateOf(2), await schemas()]).toEqual(['dropping', ['gen_1', 'gen_3']]);
  });

  it('a replay ends while Elasticsearch is away, and a later one removes the index', async () => {
    const elasticsearch = await away();
    try {
      expect(await replayOn(bench, { elasticsearch, onNote })).toMatchObject({
        ...{ dropped: [], replay: { state: 'done' } },
      });
      expect(notes).toEqual([
        expect.stringMatching(
          /^queries are answered from generation 3 now; generation 2 is dropped, but its index/,
        ),
      ]);
    } finally {
      await elasticsearch.close();
    }
    const back = answering();
    expect(await replayOn(bench, { elasticsearch: back.elasticsearch })).toMatchObject({ dropped: [1, 2] });
    expect(back.removed).toEqual([left.searchIndex]);
    expect(await stateOf(2)).toBe('dropped');
  });

  it('what an earlier replay could not drop holds up no other, and goes once Elasticsearch answers', async () => {
    await bench.rows(`UPDATE orderlog.generations SET state = 'dropping', made_by = 'replay' WHERE id = 2`);
    expect(await replayOn(bench, { onNote })).toMatchObject({ replay: { state: 'done' } });
    expect(notes[0]).toMatch(/^generation 2 is dropped, but its index test-/);
    const { removed, elasticsearch } = answering();
    await replayOn(bench, { elasticsearch, onNote });
    expect(notes).toContain('dropped what was left of generation 2');
    expect([removed, await stateOf(2)]).toEqual([[left.searchIndex], 'dropped']);
  });

  it('a replay is cancelled whose index cannot be removed', async () => {
    const store = new ReplaysStore(bench.pool);
    const request = { searchOnly: false, sample: null, throttle: null, keep: false };
    await store.begin(left.id, request);
    await store.ask('cancel');
    await bench.rows(`UPDATE orderlog.generations SET state = 'dropping', made_by = 'replay' WHERE id = 2`);
    await expect(replayOn(bench, { onNote })).rejects.toBeInstanceOf(ReplayCancelled);
    expect(await lastReplay()).toMatchObject({ state: 'cancelled', generation: 2 });
    expect(notes).toEqual([expect.stringMatching(/^generation 2 is dropped, but its index test-/)]);
  });

  it('a replay whose flip was made is done, also where it is cancelled afterwards', async () => {
    const store = new ReplaysStore(bench.pool);
    await store.begin(1, { searchOnly: false, sample: null, throttle: null, keep: false });
    await store.ask('cancel');
    expect(await replayOn(bench, { onNote })).toMatchObject({ generation: { id: 1 }, dropped: [] });
    expect(await store.last()).toMatchObject({ state: 'done', generation: 1 });
    expect(notes).toEqual([
      expect.stringMatching(/^queries are answered from generation 1 now; .* but its index/),
    ]);
  });

  it('a drop frees the tables, names the index that is left, and goes on where it is interrupted', async () => {
    const failing = dropGeneration(bench.pool, 2, { removeIndex: () => Promise.reject(new Error('away')) });
    await expect(failing).rejects.toBeInstanceOf(IndexLeft);
    await expect(failing).rejects.toThrow(`its index ${left.searchIndex} is not (away): `);
    expect([await stateOf(2), await schemas()]).toEqual(['dropping', ['gen_1']]);
    const { removed, elasticsearch } = answering();
    await dropGeneration(bench.pool, 2, { removeIndex: (index) => elasticsearch.indices.delete({ index }) });
    expect([removed, await stateOf(2)]).toEqual([[left.searchIndex], 'dropped']);
  });

  it('tables that two indexes share go with the second, also where both indexes are left', async () => {
    await createGeneration(bench.pool, { indexPrefix: 'test', madeBy: 'replay', rowsOf: left });
    for (const id of [3, 2])
      await expect(dropGeneration(bench.pool, id, { removeIndex: null })).rejects.toBeInstanceOf(IndexLeft);
    expect([await stateOf(2), await stateOf(3), await schemas()]).toEqual([
      'dropping',
      'dropping',
      ['gen_1'],
    ]);
  });

  it('a replay tells that a generation is being read, and ends when it is to wait no longer', async () => {
    await bench.rows('UPDATE orderlog.generations SET search_index = NULL WHERE id = 2');
    const reader = await bench.pool.connect();
    const stop = new AbortController();
    try {
      await reader.query('BEGIN; SELECT FROM gen_2.orders');
      const { replay, dropped } = await replayOn(bench, {
        signal: stop.signal,
        onNote: (line) => {
          notes.push(line);
          if (line.includes('queries under way on')) stop.abort(new Error('stopped'));
        },
      });
      expect(replay).toMatchObject({ state: 'done' });
      expect(dropped).toEqual([]);
    } finally {
      await reader.query('ROLLBACK');
      reader.release();
    }
    const now = 'queries are answered from generation 3 now;';
    expect(notes).toEqual([
      `${now} waiting until the queries under way on generation 2 are answered`,
      `${now} generation 2 was not dropped (stopped before that): drop it with \`orderctl generations drop 2\``,
    ]);
  });

  it('a plan drops nothing of another release, as the replay does', async () => {
    await bench.rows(`UPDATE orderlog.generations SET fingerprint = 'of another' WHERE id = 2`);
    await bench.rows('UPDATE orderlog.active_generation SET previous = 2');
    const plan = await planReplay(bench.pool, bench.eventStore, null, { searchOnly: false, keep: false });
    expect(plan.dropped).toEqual([]);
    expect(await replayOn(bench)).toMatchObject({ dropped: [] });
  });
});
