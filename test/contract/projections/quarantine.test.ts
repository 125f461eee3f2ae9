import { randomUUID } from 'node:crypto';
import { EventStoreDBClient } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StoreUnavailable } from '#event-store/errors.js';
import type { RawEvent } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';
import { OwnedOrders } from '#projections/orders/owned-orders.js';
import type { AdvanceStore } from '#projections/orders/order-advance.js';
import { OrderQuarantine } from '#projections/quarantine/order-quarantine.js';
import { ParkedOrderRetrier } from '#projections/quarantine/parked-order-retrier.js';
import { actionById, askForAction } from '#read-models/stores/quarantine-actions.store.js';
import { activeGeneration } from '#read-models/generations/generation.js';
import { OrdersStore } from '#read-models/stores/orders.store.js';
import { parkedEventsOf, parkedOrders, type ParkedEvent } from '#read-models/stores/quarantine.store.js';
import { collected } from '../../support/stored-events.js';
import { WrittenOrder, note, place, tags } from '../../support/order-streams.js';
import { takeLease } from '../../support/leases.js';
import { lossyStore, type LossyEvent } from '../../support/lossy-store.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { act, laterCodec, longText, UNKNOWN_TYPE } from '../../support/quarantine.js';
import { unreadableStreams } from '../../support/unreadable-streams.js';
import { until } from '../../support/until.js';

jest.setTimeout(ENGINES_MS);

const MORE_THAN_A_PAGE = 510;

describe('an order that cannot be taken further', () => {
  let bench: ProjectionBench;
  beforeEach(async () => {
    bench = await ProjectionBench.open();
  });
  afterEach(() => bench.close());

  const placed = async (): Promise<WrittenOrder> => {
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
    return order;
  };
  const parked = ({ orderId }: WrittenOrder) => parkedEventsOf(bench.pool, orderId);
  const revisionsOf = (events: readonly ParkedEvent[]) =>
    events.map(({ revision, kind }) => [revision, kind]);
  const rowOf = async ({ orderId }: WrittenOrder) =>
    (
      await bench.rows<{ revision: number; tags: string[] }>(
        'SELECT revision, tags FROM gen_1.orders WHERE order_id = $1',
        [orderId],
      )
    )[0];
  const nothingParked = (order: WrittenOrder) =>
    until('nothing is parked', async () => (await parked(order)).length === 0);

  const skipThroughAnother = ({ orderId }: WrittenOrder, revision: number) =>
    bench.rows(
      `INSERT INTO orderlog.skips (projection, tenant_id, order_id, revision, reason, who)
       VALUES ('orders', 'default', $1, $2, 'through another generation', 'the tests')`,
      [orderId, revision],
    );
  const deleteForGood = async ({ stream }: WrittenOrder) => {
    const client = EventStoreDBClient.connectionString(bench.eventStoreUrl);
    await client.tombstoneStream(stream);
    await client.dispose();
  };

  const poisons: readonly (readonly [
    string,
    ParkedEvent['kind'],
    RegExp,
    (order: WrittenOrder) => Promise<unknown>,
  ])[] = [
    [
      'an unknown type',
      'permanent',
      /does not know the type/,
      (order) => order.receives({ type: UNKNOWN_TYPE }),
    ],
    [
      'an unreadable body',
      'permanent',
      /its content is not/,
      (order) => order.receives({ data: { tags: [] } }),
    ],
    [
      'metadata of another tenant',
      'permanent',
      /names another tenant/,
      (order) => order.receives({ metadata: { ...metadata, tenantId: 'demo' } }),
    ],
    ['a failing fold', 'transient', /cannot be applied/, (order) => order.receives({ type: 'OrderPlaced' })],
    [
      'a text that PostgreSQL does not take',
      'transient',
      /NUL character/,
      (order) => order.receives({ data: { ...content, data: { tags: ['a\0b'] } } }),
    ],
    [
      'JSON of no such shape',
      'transient',
      /cannot be applied/,
      (order) => order.receives({ data: { ...content, data: { tags: null } } }),
    ],
  ];
  const content = { occurredAt: new Date().toISOString(), personal: null };
  const metadata = {
    ...{ tenantId: 'default', commandId: randomUUID(), fingerprint: '0123456789abcdef0123456789abcdef' },
    ...{ correlationId: randomUUID(), causationId: null, actor: { type: 'service', id: 'tests' } as const },
    ...{ recordedAt: content.occurredAt as never, schemaVersion: 1, traceparent: null },
  };

  it.each(poisons)('is parked at %s, and holds no other back', async (_what, kind, reason, poison) => {
    const [order, another] = [await placed(), await placed()];
    await order.does(tags('before'));
    await poison(order);
    await order.does(note('after'));
    await another.does(tags('moves'));
    const running = bench.start();
    await bench.caughtUp(running);
    const events = await parked(order);
    expect(revisionsOf(events)).toEqual([
      [2, kind],
      [3, 'behind'],
    ]);
    expect(events[0]).toMatchObject({
      projection: 'orders',
      generation: 1,
      reason: expect.stringMatching(reason),
    });
    expect(events[0]!.position).not.toBeNull();
    expect(await rowOf(order)).toEqual({ revision: 1, tags: ['before'] });
    expect(await rowOf(another)).toEqual({ revision: 1, tags: ['moves'] });
    expect(running.projector.state).toBe('live');
    expect(running.projector.quarantine).toMatchObject({ orders: 1, events: 2 });
    expect(await bench.verify()).toMatchObject({
      differences: [],
      parkedOrders: [{ orderId: order.orderId, revision: 2, events: 2 }],
    });
  });

  it('is parked at its first event, and has no row then', async () => {
    const [other, orderId] = [await placed(), randomUUID()];
    const stream = orderStream('default', orderId);
    const raw = { eventId: randomUUID(), type: UNKNOWN_TYPE, data: {}, metadata };
    await bench.eventStore.append(stream, [raw], 'no_stream');
    await bench.caughtUp(bench.start());
    expect(revisionsOf(await parkedEventsOf(bench.pool, orderId))).toEqual([[0, 'permanent']]);
    expect(await rowOf(other)).toMatchObject({ revision: 0 });
    expect(await bench.verify()).toMatchObject({ differences: [], parkedOrders: [{ orderId }] });
  });

  it('is parked when PostgreSQL refuses its row, and the orders of its batch are written', async () => {
    const orders = await Promise.all(Array.from({ length: 9 }, placed));
    const refused = new WrittenOrder(bench.eventStore);
    const [like] = await collected(bench.eventStore.readStream(orders[0]!.stream));
    const { data } = like!.data as { data: object };
    const placing = {
      ...{ eventId: randomUUID(), type: 'OrderPlaced', metadata },
      data: { ...(like!.data as object), data: { ...data, orderId: refused.orderId, reference: longText() } },
    };
    const behind = { ...placing, eventId: randomUUID(), type: UNKNOWN_TYPE };
    await bench.eventStore.append(refused.stream, [placing, behind], 'no_stream');
    await Promise.all(orders.map((order) => order.does(tags('written'))));
    const running = bench.start();
    await bench.caughtUp(running);
    expect(revisionsOf(await parked(refused))).toEqual([
      [0, 'transient'],
      [1, 'behind'],
    ]);
    expect((await parked(refused))[0]!.reason).toMatch(/index row size/);
    for (const order of orders) expect(await rowOf(order)).toEqual({ revision: 1, tags: ['written'] });
    expect(await bench.verify()).toMatchObject({ differences: [], orders: orders.length });
  });

  it('is parked where PostgreSQL refuses its row, with no row of another shown before the checkpoint covers it', async () => {
    const [refused, others] = [await placed(), await Promise.all(Array.from({ length: 6 }, placed))];
    const before = bench.start();
    await bench.caughtUp(before);
    await before.stop();
    await bench.rows(`ALTER TABLE gen_1.order_history ADD CONSTRAINT refuses CHECK (tags <> '{refused}')`);
    await bench.rows(NOTES_AHEAD);
    await Promise.all(others.map((order) => order.does(tags('written'), note('too'))));
    await refused.does(tags('taken'), tags('refused'), note('waits'));
    const running = bench.start();
    await bench.caughtUp(running);
    expect(revisionsOf(await parked(refused))).toEqual([
      [2, 'transient'],
      [3, 'behind'],
    ]);
    expect((await parked(refused))[0]!.reason).toMatch(/violates check constraint "refuses"/);
    expect(await rowOf(refused)).toEqual({ revision: 1, tags: ['taken'] });
    for (const order of others) expect(await rowOf(order)).toEqual({ revision: 2, tags: ['written'] });
    expect(await bench.rows('SELECT position FROM gen_1.ahead')).toEqual([]);

    await Promise.all(others.map((order) => order.does(tags('moves'))));
    await bench.caughtUp(running);
    await bench.rows('ALTER TABLE gen_1.order_history DROP CONSTRAINT refuses');
    await act(bench, refused, { action: 'retry' });
    expect(await rowOf(refused)).toEqual({ revision: 3, tags: ['refused'] });
    expect(await bench.verify()).toMatchObject({ differences: [], orders: 7, parkedOrders: [] });
    expect(await bench.rows('SELECT position FROM gen_1.ahead')).toEqual([]);
  });

  it('is parked at a gap that its stream does not fill, and goes on by itself once it does', async () => {
    const order = await placed();
    await order.does(tags('a'), tags('b'));
    let lost = true;
    const isLost = ({ stream, revision }: LossyEvent) => lost && stream === order.stream && revision === 1;
    const running = bench.start({ eventStore: lossyStore(bench.eventStore, isLost) });
    await bench.caughtUp(running);
    const events = await parked(order);
    expect(events.map(({ revision, eventId }) => [revision, eventId !== null])).toEqual([
      [1, false],
      [2, true],
    ]);
    expect(events[0]).toMatchObject({
      kind: 'transient',
      reason: expect.stringMatching(/event 1 is missing/),
    });
    expect(events[0]!.nextTryAt).not.toBeNull();
    await until('it is tried again', async () => ((await parked(order))[0]?.tries ?? 0) > 1);
    lost = false;
    await nothingParked(order);
    expect(await rowOf(order)).toEqual({ revision: 2, tags: ['b'] });
    expect(await bench.verify()).toMatchObject({ differences: [], parkedOrders: [] });
  });

  it('is tried again as soon also where the clock was set back meanwhile', async () => {
    const order = await placed();
    await order.receives({ type: 'OrderPlaced' });
    const clock = jest.spyOn(Date, 'now');
    try {
      const anHourAgo = Date.now() - 3_600_000;
      const running = bench.start();
      await bench.caughtUp(running);
      clock.mockReturnValue(anHourAgo);
      await until('it is tried again', async () => ((await parked(order))[0]?.tries ?? 0) > 1);
    } finally {
      clock.mockRestore();
    }
  });

  it('is parked with type and id of a missing event once its stream gives that, if it cannot be applied either', async () => {
    const order = await placed();
    await order.receives({ type: UNKNOWN_TYPE });
    let lost = true;
    const isLost = ({ stream, revision }: LossyEvent) => lost && stream === order.stream && revision === 1;
    const running = bench.start({ eventStore: lossyStore(bench.eventStore, isLost) });
    await order.does(tags('a'));
    const missing = await until('it is parked', async () => (await parked(order))[0]);
    expect(missing).toMatchObject({ revision: 1, eventId: null, type: null });
    lost = false;
    const known = await until('its type is told', async () => {
      running.projector.quarantine?.postpone(order.stream, 0); // it need not wait for the next try
      const [first] = await parked(order);
      return first !== undefined && first.type !== null && first;
    });
    expect(known).toMatchObject({ revision: 1, type: UNKNOWN_TYPE, kind: 'permanent' });
    expect([known.eventId, known.position]).not.toContain(null);
  });

  it('counts as stuck for good after some tries of what may pass by itself', async () => {
    const order = await placed();
    await order.receives({ type: 'OrderPlaced' });
    const running = bench.start();
    await bench.caughtUp(running);
    const stuck = await until(
      'it is given up',
      async () => {
        running.projector.quarantine?.postpone(order.stream, 0); // it need not wait for the next try
        const [first] = await parked(order);
        return first!.kind === 'permanent' && first;
      },
      ENGINES_MS,
    );
    expect(stuck).toMatchObject({ tries: 5, nextTryAt: null });
    expect(stuck.lastTriedAt!.getTime()).toBeGreaterThan(stuck.firstTriedAt!.getTime());
  });

  it('is parked when its stream is deleted for good, and can be left as it is', async () => {
    const order = await placed();
    const running = bench.start();
    await bench.caughtUp(running);
    await deleteForGood(order);
    const first = await until('it is parked', async () => (await parked(order))[0]);
    expect(first).toMatchObject({ type: '$streamDeleted', kind: 'permanent' });
    expect(await bench.verify()).toMatchObject({
      differences: [],
      parkedOrders: [{ orderId: order.orderId }],
    });
    const action = await act(bench, order, { action: 'skip', revision: first.revision, reason: 'asked for' });
    expect(action).toMatchObject({ succeeded: true });
    expect(await parked(order)).toEqual([]);
    expect(await bench.verify()).toMatchObject({ differences: [], parkedOrders: [] });
  });

  it('keeps what comes later in order, over a restart, and takes all of it with a release that knows the type', async () => {
    const order = await placed();
    await order.receives({ type: UNKNOWN_TYPE });
    const first = bench.start();
    await bench.caughtUp(first);
    await order.does(tags('two'));
    await bench.caughtUp(first);
    await first.stop();
    await order.does(tags('three'));
    const second = bench.start();
    await bench.caughtUp(second);
    await order.does(tags('four'));
    await bench.caughtUp(second);
    expect(revisionsOf(await parked(order))).toEqual([
      [1, 'permanent'],
      [2, 'behind'],
      [3, 'behind'],
      [4, 'behind'],
    ]);
    expect(second.projector.quarantine).toMatchObject({ orders: 1, events: 4 });
    await second.stop();
    const release = bench.start({ codec: laterCodec });
    await nothingParked(order);
    await order.does(tags('five'));
    await bench.caughtUp(release);
    expect(await rowOf(order)).toEqual({ revision: 5, tags: ['five'] });
    const types = await bench.rows('SELECT type FROM gen_1.order_history ORDER BY revision');
    expect(types).toHaveLength(6);
  });

  it('keeps no other from being tried again where a bug fails its own try each time', async () => {
    const orders = [await placed(), await placed()];
    for (const order of orders) await order.receives({ type: UNKNOWN_TYPE });
    const first = bench.start();
    await bench.caughtUp(first);
    await first.stop();
    // All are due at once, and tried in this order.
    const [failing, other] = orders.sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
    const fails = ({ stream }: RawEvent) => stream === failing!.stream;
    bench.start({
      codec: {
        decodeEach: async (events) => {
          if (events.some(fails)) throw new Error('a bug');
          return laterCodec.decodeEach(events);
        },
      },
    });
    await nothingParked(other!);
    expect(revisionsOf(await parked(failing!))).toEqual([[1, 'permanent']]);
  });

  it('is tried again when a person asks, and says what came of it', async () => {
    const [order, fine] = [await placed(), await placed()];
    await order.receives({ type: UNKNOWN_TYPE });
    await bench.caughtUp(bench.start());
    expect(await act(bench, fine, { action: 'retry' })).toMatchObject({
      succeeded: true,
      outcome: 'the order is not parked',
    });
    const retried = await act(bench, order, { action: 'retry' });
    expect(retried).toMatchObject({ succeeded: false, who: 'the tests' });
    expect(retried.outcome).toMatch(/still parked at event 1: .*does not know the type/);
    expect((await parked(order))[0]!.tries).toBeGreaterThan(1);
    const all = await act(bench, order, { action: 'retry_all', tenantId: null, orderId: null });
    expect(all.outcome).toBe('0 of 1 parked order is applied, 1 still parked');
  });

  it('is tried again some events at a time, with batches in between', async () => {
    const order = await placed();
    for (let count = 0; count < MORE_THAN_A_PAGE; count++) await order.receives({ type: UNKNOWN_TYPE });
    const running = bench.start();
    await bench.caughtUp(running);
    const generation = running.projector.generation!;
    await running.stop();
    const db = await bench.pool.connect();
    const token = await takeLease(db, { generation: generation.id, projection: 'orders' });
    const quarantine = await OrderQuarantine.load(db, generation.id);
    const store = new OrdersStore(db, generation, token);
    const steps: string[] = [];
    const eventStore: AdvanceStore = {
      headPosition: () => bench.eventStore.headPosition(),
      readStream: (...args) => {
        steps.push('page');
        void orders.oneAtATime.run(async () => void steps.push('batch'));
        return bench.eventStore.readStream(...args);
      },
    };
    const orders = new OwnedOrders(store, eventStore, { quarantine, codec: laterCodec });
    const retrier = new ParkedOrderRetrier(orders);
    expect(await retrier.retry(order.stream)).toEqual({ revision: MORE_THAN_A_PAGE, stillParked: null });
    db.release();
    expect(steps.slice(0, 3)).toEqual(['page', 'batch', 'page']);
    expect(await parked(order)).toEqual([]);
    expect(await rowOf(order)).toMatchObject({ revision: MORE_THAN_A_PAGE });
  });

  it('is parked where its stream alone cannot be read, which holds up nothing that people ask for', async () => {
    const [order, another] = [await placed(), await placed()];
    for (const each of [order, another]) await each.receives({ type: UNKNOWN_TYPE });
    await order.does(note('behind it'));
    let unreadable = '';
    const eventStore = unreadableStreams(bench.eventStore, (stream) => stream === unreadable);
    const running = bench.start({ eventStore });
    await bench.caughtUp(running);
    unreadable = order.stream;
    const outcome = expect.stringMatching(/still parked at event 1: .* is not given/);
    expect(await act(bench, order, { action: 'retry' })).toMatchObject({ succeeded: false, outcome });
    expect(await act(bench, another, { action: 'retry' })).toMatchObject({
      outcome: expect.stringMatching(/does not know the type/),
    });
    const all = await act(bench, order, { action: 'retry_all', tenantId: null, orderId: null });
    expect(all.outcome).toBe('0 of 2 parked orders are applied, 2 still parked');
    const skip = { action: 'skip', revision: 1, reason: 'nobody needs it' } as const;
    expect(await act(bench, another, skip)).toMatchObject({
      outcome: 'event 1 is skipped, and no event of the order comes after it',
    });
    expect(await act(bench, order, skip)).toMatchObject({
      succeeded: true,
      outcome: expect.stringMatching(/event 1 is skipped; still parked at event 2: .* is not given/),
    });
    expect(revisionsOf(await parked(order))).toEqual([[2, 'transient']]);
    unreadable = '';
    running.projector.quarantine?.postpone(order.stream, 0); // it need not wait for the next try
    await nothingParked(order);
    expect(await bench.verify()).toMatchObject({ differences: [], parkedOrders: [] });
  });

  it('waits where the whole event store is away, and what was asked for is done afterwards', async () => {
    const order = await placed();
    await order.receives({ type: UNKNOWN_TYPE });
    let [away, looks] = [false, 0];
    const eventStore = {
      ...unreadableStreams(bench.eventStore, () => away),
      headPosition: async () => {
        if (!away) return bench.eventStore.headPosition();
        looks += 1;
        throw new StoreUnavailable('away');
      },
    };
    await bench.caughtUp(bench.start({ eventStore }));
    away = true;
    const id = await askForAction(bench.pool, {
      ...{ projection: 'orders', generation: 1, tenantId: order.tenantId, orderId: order.orderId },
      ...{ action: 'retry', revision: null, reason: null, who: 'the tests' },
    });
    await until('it is tried more than once', () => looks > 2);
    expect(await actionById(bench.pool, id)).toMatchObject({ doneAt: null });
    expect(revisionsOf(await parked(order))).toEqual([[1, 'permanent']]);
    away = false;
    const done = await until('it is done', async () => {
      const action = await actionById(bench.pool, id);
      return action.doneAt !== null && action;
    });
    expect(done.outcome).toMatch(/does not know the type/);
  });

  it('goes on by itself where the store went away in the middle of a skip', async () => {
    const order = await placed();
    await order.receives({ type: UNKNOWN_TYPE });
    for (let count = 0; count < MORE_THAN_A_PAGE; count++) await order.does(tags(`${count}`));
    let [isSkipping, reads, away] = [false, 0, false];
    const eventStore = {
      ...unreadableStreams(bench.eventStore, () => {
        if (isSkipping && ++reads > 1) away = true;
        return away;
      }),
      headPosition: async () => {
        if (away) throw new StoreUnavailable('away');
        return bench.eventStore.headPosition();
      },
    };
    await bench.caughtUp(bench.start({ eventStore }));
    isSkipping = true;
    const id = await askForAction(bench.pool, {
      ...{ projection: 'orders', generation: 1, tenantId: order.tenantId, orderId: order.orderId },
      ...{ action: 'skip', revision: 1, reason: 'nobody needs it', who: 'the tests' },
    });
    await until('one page is applied', () => away);
    expect(await actionById(bench.pool, id)).toMatchObject({ doneAt: null });
    [isSkipping, away] = [false, false];
    await nothingParked(order);
    expect(await rowOf(order)).toMatchObject({ tags: [`${MORE_THAN_A_PAGE - 1}`] });
  });

  it.each([
    { what: 'was deleted', isDeleted: true },
    { what: 'cannot be read', isDeleted: false },
  ])('is looked after also where rows should be made anew of a stream that $what', async ({ isDeleted }) => {
    const [folded, order] = [await placed(), await placed()];
    await folded.receives({ type: UNKNOWN_TYPE });
    await order.receives({ type: 'OrderPlaced' });
    let unreadable = '';
    const running = bench.start({
      codec: laterCodec,
      eventStore: unreadableStreams(bench.eventStore, (stream) => stream === unreadable),
    });
    await bench.caughtUp(running);
    if (isDeleted) await deleteForGood(folded);
    else unreadable = folded.stream;
    await skipThroughAnother(folded, 1);
    const retried = await act(bench, order, { action: 'retry' });
    expect(retried.outcome).toMatch(/still parked at event 1: .*cannot be applied/);
    expect(await rowOf(folded)).toMatchObject({ revision: 1 });
    if (isDeleted) return;
    unreadable = '';
    const history = 'SELECT FROM gen_1.order_history WHERE order_id = $1';
    await until(
      'its rows are made anew',
      async () => (await bench.rows(history, [folded.orderId])).length === 1,
    );
  });

  it('is looked after also where a bug keeps rows of another from being made anew', async () => {
    const [folded, order] = [await placed(), await placed()];
    await folded.receives({ type: UNKNOWN_TYPE });
    await order.receives({ type: 'OrderPlaced' });
    let fails = false;
    const running = bench.start({
      codec: {
        decodeEach: async (events) => {
          if (fails && events.some(({ stream }) => stream === folded.stream)) throw new Error('a bug');
          return laterCodec.decodeEach(events);
        },
      },
    });
    await bench.caughtUp(running);
    fails = true;
    await skipThroughAnother(folded, 1);
    const retried = await act(bench, order, { action: 'retry' });
    expect(retried.outcome).toMatch(/still parked at event 1: .*cannot be applied/);
    expect(await rowOf(folded)).toMatchObject({ revision: 1 });
    fails = false;
    const history = 'SELECT FROM gen_1.order_history WHERE order_id = $1';
    await until(
      'its rows are made anew',
      async () => (await bench.rows(history, [folded.orderId])).length === 1,
    );
  });

  it('goes on without an event that is skipped, which takes its revision', async () => {
    const order = await placed();
    await order.receives({ type: UNKNOWN_TYPE });
    await order.does(tags('later'));
    const running = bench.start();
    await bench.caughtUp(running);
    const wrong = await act(bench, order, { action: 'skip', revision: 2, reason: 'no reason' });
    expect(wrong).toMatchObject({ succeeded: false, outcome: expect.stringMatching(/parked at event 1/) });
    const skip = { action: 'skip', revision: 1, reason: 'of a release that is gone' } as const;
    expect(await act(bench, order, skip)).toMatchObject({
      succeeded: true,
      outcome: 'applied up to event 2',
    });
    expect(await act(bench, order, skip)).toMatchObject({ outcome: 'event 1 is skipped already' });
    expect(await rowOf(order)).toEqual({ revision: 2, tags: ['later'] });
    expect(await bench.rows('SELECT revision FROM gen_1.order_history ORDER BY revision')).toEqual([
      { revision: 0 },
      { revision: 2 },
    ]);
    expect(await bench.verify()).toMatchObject({ differences: [], parkedOrders: [] });
    await order.receives({ type: UNKNOWN_TYPE });
    await bench.caughtUp(running);
    await act(bench, order, { ...skip, revision: 3 });
    expect(await rowOf(order)).toEqual({ revision: 3, tags: ['later'] });
    expect(await bench.verify()).toMatchObject({ differences: [], parkedOrders: [] });
    await order.does(tags('last'));
    await bench.caughtUp(running);
    expect(await rowOf(order)).toEqual({ revision: 4, tags: ['last'] });
    expect(await bench.verify()).toMatchObject({ differences: [], parkedOrders: [] });
  });

  it('is made without a skipped event in a generation that has folded it, and in one that is built anew', async () => {
    const order = await placed();
    await order.receives({ type: UNKNOWN_TYPE });
    await order.does(tags('later'));
    const knows = bench.start({ codec: laterCodec });
    await bench.caughtUp(knows);
    expect(await bench.rows('SELECT FROM gen_1.order_history')).toHaveLength(3);
    await skipThroughAnother(order, 1);
    await until(
      'the rows are made anew',
      async () => (await bench.rows('SELECT FROM gen_1.order_history')).length === 2,
    );
    await knows.stop();
    await bench.rows(`UPDATE orderlog.generations SET fingerprint = 'of another release'`);
    bench.keep();
    await until('the flip', async () => (await activeGeneration(bench.pool)) !== null, ENGINES_MS);
    expect(await parkedOrders(bench.pool)).toEqual([]);
    expect(await bench.verify()).toMatchObject({
      generation: 2,
      orders: 1,
      differences: [],
      parkedOrders: [],
    });
  });
});

/** Keeps what a transaction leaves for readers to see that is newer than the checkpoint it leaves. */
const NOTES_AHEAD = `
  CREATE TABLE gen_1.ahead (position bigint NOT NULL);
  CREATE FUNCTION gen_1.note_ahead() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO gen_1.ahead SELECT NEW.position WHERE NEW.position > (
      SELECT position FROM orderlog.checkpoints WHERE generation = 1 AND projection = 'orders');
    RETURN NULL;
  END $$;
  CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON gen_1.order_history
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gen_1.note_ahead()`;
