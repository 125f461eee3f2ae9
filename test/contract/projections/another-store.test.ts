import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import type { ExactEventStore } from '#event-store/port.js';
import { storeIdentity } from '#event-store/store-identity.js';
import { activeGeneration } from '#read-models/generations/generation.js';
import { madeFrom } from '#read-models/generations/made-from.js';
import { setGenerationsAside } from '#read-models/generations/set-aside.js';
import { startTestEventStore } from '../../support/event-store.js';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { replayOn } from '../../support/replays.js';
import { until } from '../../support/until.js';

jest.setTimeout(4 * ENGINES_MS);

const ORDERS = { generation: 1, projection: 'orders' };

describe('read models', () => {
  let bench: ProjectionBench;
  let other: Awaited<ReturnType<typeof startTestEventStore>>;

  beforeAll(async () => {
    [bench, other] = await Promise.all([ProjectionBench.open(), startTestEventStore()]);
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order), tags('one'));
    const first = bench.start();
    await bench.caughtUp(first);
    await first.stop();
  });
  afterAll(async () => {
    await bench.close();
    await other.close();
  });

  it('say which event store they were made from', async () => {
    expect(await madeFrom(bench.pool, ORDERS)).toBe(await storeIdentity(bench.eventStore));
  });

  it('of an earlier release are taken to be of the first store that they meet', async () => {
    await bench.rows('DELETE FROM orderlog.made_from');
    expect(await madeFrom(bench.pool, ORDERS)).toBeNull();
    const next = bench.start();
    await until('it is live', () => next.projector.state === 'live');
    await next.stop();
    expect(await madeFrom(bench.pool, ORDERS)).toBe(await storeIdentity(bench.eventStore));
  });

  it('are not gone on with from another store, nor from an older copy of their own', async () => {
    const ownId = await storeIdentity(bench.eventStore);
    const before = await bench.rows('SELECT * FROM orderlog.checkpoints');
    const foreign = new DbClientEventStore({ connectionString: other.url });
    // Only one of a process appends; the other store's identity is written by a process of its own in real life.
    const eventStore = {
      subscribeToAll: foreign.subscribeToAll.bind(foreign),
      headPosition: () => foreign.headPosition(),
      readStream: () => identityOf('018f3f5e-7b1c-4a52-9c9d-0f3f2f6f9a11'),
      appendExact: foreign.appendExact.bind(foreign),
    };
    const moved = bench.start({ eventStore });
    await until('it says so', () => moved.projector.state === 'failing');
    expect(moved.projector.lastError).toMatch(
      new RegExp(
        `made from event store ${ownId}, but this is 018f3f5e-[^\\n]*: [^\\n]*orderctl read-models renew[^\\n]*$`,
      ),
    );
    await moved.stop();
    const older = { ...eventStore, readStream: bench.eventStore.readStream.bind(bench.eventStore) };
    const restored = bench.start({ eventStore: older });
    await until('it says so', () => restored.projector.state === 'failing');
    expect(restored.projector.lastError).toContain('as an older copy of it does');
    await restored.stop();
    await foreign.close();
    expect(await bench.rows('SELECT * FROM orderlog.checkpoints')).toEqual(before);
  });

  it('are replayed from their own store alone, and nothing is begun of another', async () => {
    const ownId = await storeIdentity(bench.eventStore);
    const from = (readStream: ExactEventStore['readStream']) => {
      const eventStore = Object.create(bench.eventStore) as ExactEventStore;
      return replayOn(bench, { eventStore: Object.assign(eventStore, { readStream }) });
    };
    const foreignId = '018f3f5e-7b1c-4a52-9c9d-0f3f2f6f9a11';
    await expect(from(() => identityOf(foreignId))).rejects.toThrow(
      `generation 1 is made from event store ${ownId}, but this is ${foreignId}: `,
    );
    const unused = from(async function* () {});
    await expect(unused).rejects.toThrow('but this is one that was never used: ');
    expect(await bench.rows('SELECT id FROM orderlog.generations')).toEqual([{ id: 1 }]);
  });

  it('that were set aside are built anew beside the old ones, and then read', async () => {
    const old = await activeGeneration(bench.pool);
    expect(await setGenerationsAside(bench.pool)).toEqual([{ id: 1, schema: 'gen_1', searchIndex: null }]);
    expect(await setGenerationsAside(bench.pool)).toEqual([]);
    const next = bench.keep();
    await until(
      'the new ones are read',
      async () => (await activeGeneration(bench.pool))?.id === 2,
      ENGINES_MS,
    );
    await next.stop();
    expect(await activeGeneration(bench.pool)).toMatchObject({ id: 2, fingerprint: old!.fingerprint });
    expect(await bench.verify()).toMatchObject({ generation: 2, orders: 1, differences: [] });
    expect(await bench.rows('SELECT order_id FROM gen_1.orders')).toHaveLength(1);
  });
});

async function* identityOf(storeId: string) {
  const place = { stream: 'orderlog_store', revision: 0, position: 1n };
  yield {
    ...place,
    eventId: storeId,
    type: 'StoreIdentified',
    data: { storeId },
    metadata: {},
    sizeBytes: 0,
  };
}
