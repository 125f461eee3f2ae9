import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { decodeEach, type EventCodec } from '#event-store/codec.js';
import { CannotFlip, flipTo, rollback } from '#projections/generations/flip.js';
import { ReplayFailed } from '#projections/replay/errors.js';
import { markReady } from '#read-models/generations/generation-states.js';
import { activeGeneration, createGeneration } from '#read-models/generations/generation.js';
import { parkedOrders } from '#read-models/stores/quarantine.store.js';
import { ReplaysStore, type ReplayPhase } from '#read-models/stores/replays.store.js';
import { note, place, tags, WrittenOrder } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { act, laterCodec, UNKNOWN_TYPE } from '../../support/quarantine.js';
import { replayOn } from '../../support/replays.js';
import { until } from '../../support/until.js';

jest.setTimeout(4 * ENGINES_MS);

describe('an order that is parked in one generation, and applied in the one that is read', () => {
  let bench: ProjectionBench;
  let order: WrittenOrder;
  /** Whether projectors can read what is parked: for none is that tried again by itself. */
  let knows: boolean;
  const codec: Pick<EventCodec, 'decodeEach'> = {
    decodeEach: (events) => (knows ? laterCodec.decodeEach(events) : decodeEach(events)),
  };
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    knows = false;
    order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
    await order.receives({ type: UNKNOWN_TYPE });
    await order.does(tags('later'));
  });
  afterEach(() => bench.close());

  const flips = () => ({ pool: bench.pool, elasticsearch: null, patienceMs: ENGINES_MS });
  const activeId = async () => (await activeGeneration(bench.pool))?.id;

  /** The first one, and another that is read; both kept, and the order parked in both. */
  async function twoGenerations(): Promise<void> {
    await bench.caughtUp(bench.start({ codec }));
    const second = await createGeneration(bench.pool, { indexPrefix: null, madeBy: 'replay' });
    await bench.caughtUp(bench.start({ codec, generation: async () => second }));
    await markReady(bench.pool, second);
    await flipTo(flips(), second.id); // parked in both, it is shown no older
    expect(await activeId()).toBe(2);
  }

  async function shown(): Promise<number | undefined> {
    const { schema } = (await activeGeneration(bench.pool))!;
    const rows = await bench.rows<{ revision: number }>(
      `SELECT revision FROM ${schema}.orders WHERE order_id = $1`,
      [order.orderId],
    );
    return rows[0]?.revision;
  }

  const parkedIn = (generation: number) => parkedOrders(bench.pool, { projection: 'orders', generation });

  it('is tried again where it is parked, before a rollback to that: it is shown no older', async () => {
    await twoGenerations();
    knows = true;
    expect(await act(bench, order, { action: 'retry', generation: 2 })).toMatchObject({ succeeded: true });
    expect(await shown()).toBe(2);
    expect(await parkedIn(1)).toHaveLength(1);

    await rollback(flips());
    expect(await activeId()).toBe(1);
    expect(await shown()).toBe(2);
    expect(await parkedIn(1)).toEqual([]);
  });

  it('is shown no older after a rollback where an event of it was skipped', async () => {
    await twoGenerations();
    const skip = { action: 'skip', generation: 2, revision: 1, reason: 'of a release that is gone' } as const;
    expect(await act(bench, order, skip)).toMatchObject({ succeeded: true });
    await rollback(flips());
    expect(await activeId()).toBe(1);
    expect(await shown()).toBe(2);
  });

  it('keeps a rollback from being done where it cannot be applied, which says so in a line', async () => {
    await twoGenerations();
    knows = true;
    await act(bench, order, { action: 'retry', generation: 2 });
    knows = false;
    const refused = rollback(flips());
    await expect(refused).rejects.toBeInstanceOf(CannotFlip);
    await expect(refused).rejects.toThrow(
      new RegExp(
        `^generation 1 would show an older state of order default.${order.orderId}: event 1 is parked there \\(.*does not know the type.*\\); .*: 0 of 1 parked order is applied, 1 still parked; see \`orderctl quarantine show\``,
      ),
    );
    expect(await activeId()).toBe(2);
    expect(await shown()).toBe(2);

    // What a person does next.
    knows = true;
    await rollback(flips());
    expect(await shown()).toBe(2);
  });

  it('does not keep a rollback from being done where only later events of it wait there', async () => {
    await twoGenerations();
    await order.does(note('behind'));
    await until('both have it', async () => {
      const waiting = await Promise.all([parkedIn(1), parkedIn(2)]);
      return waiting.every(([one]) => one?.events === 3);
    });
    await rollback(flips());
    expect(await activeId()).toBe(1);
  });

  it('lets no replay that parks it flip, and nothing is left of that', async () => {
    knows = true;
    await bench.caughtUp(bench.start({ codec }));
    const failing = replayOn(bench);
    await expect(failing).rejects.toBeInstanceOf(ReplayFailed);
    await expect(failing).rejects.toThrow(`generation 2 would show an older state of order`);
    expect(await activeId()).toBe(1);
    expect(await new ReplaysStore(bench.pool).last()).toMatchObject({ state: 'failed', generation: 2 });
    expect(await bench.rows(`SELECT 1 FROM pg_namespace WHERE nspname = 'gen_2'`)).toEqual([]);
  });

  it('ends a replay that parks it once that has loaded: nothing is caught up with or compared first', async () => {
    knows = true;
    await bench.caughtUp(bench.start({ codec }));
    const phases = new Set<ReplayPhase>();
    await expect(replayOn(bench, { onProgress: ({ phase }) => phases.add(phase) })).rejects.toThrow(
      /would show an older state of order .*: 0 of 1 parked order is applied, 1 still parked$/,
    );
    expect([...phases]).toEqual(['loading', 'finishing']);
  });

  it('does not keep the next release from being read: the order is stale there', async () => {
    knows = true;
    const before = bench.start({ codec });
    await bench.caughtUp(before);
    await before.stop();
    await bench.rows(`UPDATE orderlog.generations SET fingerprint = 'of another release'`);
    bench.keep();
    await until('the next one is read', async () => (await activeId()) === 2, ENGINES_MS);
    expect(await shown()).toBe(0);
    expect(await parkedIn(2)).toMatchObject([{ orderId: order.orderId, revision: 1, events: 2 }]);
  });
});
