import { randomUUID } from 'node:crypto';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Line } from '#domain/order/state.js';
import { cancelLines } from '#domain/testing/commands.js';
import type { EncodedEvent, ExactEventStore } from '#event-store/port.js';
import { CannotReplay } from '#projections/replay/errors.js';
import { activeGeneration, prepareSharedTables } from '#read-models/generations/generation.js';
import { migrateDown } from '#read-models/migrations/migrate.js';
import { topicEnds } from '#read-models/migrations/topic-ends.migration.js';
import { addSkip } from '#read-models/stores/skips.store.js';
import { ReplaysStore, type ReplayPhase, type ReplayProgress } from '#read-models/stores/replays.store.js';
import { confirm, note, place, tags, WrittenOrder } from '../../support/order-streams.js';
import { longNames } from '../../support/long-names.js';
import { lossyStore, type LossyEvent } from '../../support/lossy-store.js';
import { longText, UNKNOWN_TYPE } from '../../support/quarantine.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { liveOn, replayOn, rowsThatDiffer, waitedByPhase } from '../../support/replays.js';
import { collected } from '../../support/stored-events.js';
import { startTcpProxy, through } from '../../support/tcp-proxy.js';
import { unreadableStreams } from '../../support/unreadable-streams.js';
import { until } from '../../support/until.js';

/** Limits with which every order stays open until all events are read. */
const ROWS_AT_THE_END = { openBytes: 1 << 30, stepBytes: 1 << 20, stepEvents: 50 };

describe('a replay', () => {
  let bench: ProjectionBench;
  beforeEach(async () => {
    bench = await ProjectionBench.open();
  }, ENGINES_MS);
  afterEach(() => bench.close(), ENGINES_MS);

  /** Orders whose events are spread over the log, so that many come back after their rows were written. */
  async function writeOrders(count: number): Promise<WrittenOrder[]> {
    const orders = Array.from({ length: count }, () => new WrittenOrder(bench.eventStore));
    for (const order of orders) await order.does(place(order, 3));
    for (const order of orders) await order.isFulfilled();
    for (const order of orders) await order.does(tags('late', order.orderId.slice(0, 4)), note('came late'));
    return orders;
  }

  const live = () => liveOn(bench);

  /** A replay that is cut off at its first step: of no order there are rows by then. */
  async function cutOffBeforeRows(): Promise<void> {
    const cutOff = new AbortController();
    const onProgress = ({ phase, done }: ReplayProgress) => {
      if (phase === 'loading' && done > 0) cutOff.abort(new Error('cut off'));
    };
    const begun = replayOn(bench, { signal: cutOff.signal, onProgress, limits: ROWS_AT_THE_END });
    await expect(begun).rejects.toThrow('cut off');
  }
  const parkedIn = (generation: number) =>
    bench.rows(
      `SELECT order_id, revision, kind = 'behind' AS behind FROM orderlog.quarantine
       WHERE projection = 'orders' AND generation = $1 ORDER BY 1, 2`,
      [generation],
    );

  it('builds what the projector has built, row by row, and flips to it', async () => {
    await writeOrders(40);
    await live();
    const { generation, previous, verified, dropped } = await replayOn(bench);

    expect(previous).toBe(1);
    expect(dropped).toEqual([]);
    expect(verified).toMatchObject({ orders: 40, differenceCount: 0, sampled: false });
    expect(await activeGeneration(bench.pool)).toMatchObject({ id: generation.id });
    expect(await rowsThatDiffer(bench, 'gen_1', generation.schema)).toEqual([]);
    expect(await new ReplaysStore(bench.pool).last()).toMatchObject({
      state: 'done',
      events: 360,
      error: null,
    });
  }, 120_000);

  it('is refused while others use the tables that a migration has to change', async () => {
    await prepareSharedTables(bench.pool);
    await migrateDown(bench.pool, topicEnds.number - 1);
    const other = await bench.pool.connect();
    await other.query('BEGIN; SELECT FROM orderlog.relays');
    const refused = await replayOn(bench).catch((error: unknown) => error);
    await other.query('COMMIT');
    other.release();
    expect(refused).toBeInstanceOf(CannotReplay);
    expect((refused as Error).message).toMatch(
      /^migration 10 .* are in use by .*; nothing was done: try again$/,
    );
  });

  it('has the keys, indexes and tables of any other, and none of its own left', async () => {
    await writeOrders(5);
    await live();
    const { generation } = await replayOn(bench);
    const made = (schema: string) =>
      bench.rows(
        `SELECT c.relname, c.relkind, c.relpersistence, replace(coalesce(pg_get_indexdef(i.indexrelid), ''), $1, '') AS index,
           i.indisprimary FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
         WHERE c.relnamespace = $1::regnamespace ORDER BY 1`,
        [schema],
      );
    expect(await made(generation.schema)).toEqual(await made('gen_1'));
  }, 120_000);

  it('leaves its generation to the projectors, which go on with it', async () => {
    const [order] = await writeOrders(2);
    await live();
    const { generation } = await replayOn(bench);
    const { revision } = await order!.does(note('after the flip'));
    await until(
      'the new one has it',
      async () => {
        const rows = await bench.rows<{ revision: number }>(
          `SELECT revision FROM ${generation.schema}.orders WHERE order_id = $1`,
          [order!.orderId],
        );
        return rows[0]?.revision === revision;
      },
      ENGINES_MS,
    );
    expect(await bench.verify()).toMatchObject({ generation: generation.id, differences: [] });
  }, 120_000);

  it('connects again where what takes the connection to build with says nothing on it', async () => {
    await writeOrders(3);
    await live();
    let connections = 0;
    const proxy = await startTcpProxy(Number(new URL(bench.postgresUrl).port), () => {
      if (++connections === 2) proxy.holdAnswers();
    });
    const notes: string[] = [];
    const onNote = (line: string) => {
      notes.push(line);
      proxy.passAnswers();
    };
    try {
      const postgresUrl = through(proxy, bench.postgresUrl);
      const { verified } = await replayOn(bench, { postgresUrl, onNote });
      expect(notes[0]).toMatch(/^waiting: /);
      expect(verified).toMatchObject({ orders: 3, differences: [] });
    } finally {
      await proxy.close();
    }
  }, 120_000);

  it('drops all but the previous one, unless they are to be kept', async () => {
    await writeOrders(2);
    await live();
    await replayOn(bench);
    expect(await replayOn(bench, { request: { keep: true } })).toMatchObject({ previous: 2, dropped: [] });
    expect(await replayOn(bench)).toMatchObject({ previous: 3, dropped: [1, 2] });
    expect(await bench.rows(`SELECT 1 FROM pg_namespace WHERE nspname IN ('gen_1', 'gen_2')`)).toEqual([]);
  }, 120_000);

  it.each([
    ['while nothing happens', false],
    ['and an event comes for it', true],
  ])(
    'drops the one that a projector began with, %s: that goes on with the active one',
    async (_, comes) => {
      const [order] = await writeOrders(2);
      const { keeper } = bench.keep();
      const { target } = keeper;
      await until('the first one is live', () => target.orders.state === 'live', ENGINES_MS);
      await replayOn(bench);
      const { generation, dropped } = await replayOn(bench);
      expect(dropped).toEqual([1]);
      if (comes) await order!.does(note('after it was dropped'));
      await until(
        'it keeps the active one',
        () => target.orders.generation?.id === generation.id && target.orders.state === 'live',
        ENGINES_MS,
      );
      // It found nothing wrong, however it came to know.
      expect(new Set(keeper.ordersFollowers.map(({ engine }) => engine.restarts.error))).toEqual(
        new Set([0]),
      );
      expect(await bench.rows('SELECT generation FROM orderlog.leases WHERE generation = 1')).toEqual([]);
    },
    120_000,
  );

  it('keeps the rate that it was given when it loads and when it verifies, and catches up at once', async () => {
    await writeOrders(40);
    await live();
    const { seconds, ...waiting } = waitedByPhase();
    const { replay, verified } = await replayOn(bench, { request: { throttle: 10 }, ...waiting });
    expect(replay.events).toBe(360);
    expect(verified!.events).toBe(360);
    // It looks at the rate every 50 events of the log.
    expect(seconds.loading).toBeGreaterThanOrEqual(35);
    expect(seconds.verifying).toBeGreaterThanOrEqual(35 + 36);
    expect(seconds.catching_up).toBeUndefined();
  }, 120_000);

  it('builds an empty one of an empty log', async () => {
    await live();
    expect(await replayOn(bench)).toMatchObject({ verified: { orders: 0, differenceCount: 0 } });
  }, 120_000);

  it('ends what an order was once, if it comes back with a skipped event first', async () => {
    const [order, other] = [new WrittenOrder(bench.eventStore), new WrittenOrder(bench.eventStore)];
    // No order is open after so many events of another one.
    const goesOn = async () => {
      for (let count = 0; count < 150; count++) await other.does(note('goes on'));
    };
    await other.does(place(other));
    await order.does(place(order));
    await goesOn();
    await order.receives({ type: UNKNOWN_TYPE });
    await goesOn();
    await order.does(tags('again'));
    const { tenantId, orderId } = order;
    await prepareSharedTables(bench.pool);
    const skipped = { projection: 'orders', tenantId, orderId, revision: 1 };
    await addSkip(bench.pool, { ...skipped, reason: 'nobody needs it', who: 'the tests' });
    await live();
    // By a hash join, PostgreSQL happens to take the last of several rows that fit.
    await bench.rows(
      `ALTER DATABASE "${new URL(bench.postgresUrl).pathname.slice(1)}" SET enable_hashjoin = off`,
    );
    const { generation } = await replayOn(bench, { limits: { openBytes: 0, stepBytes: 1, stepEvents: 1 } });
    expect(await rowsThatDiffer(bench, 'gen_1', generation.schema)).toEqual([]);
  }, 120_000);

  it('has no more words of an order than one row can hold, and all that come before', async () => {
    const order = new WrittenOrder(bench.eventStore);
    const line = { sku: 'MUG', quantity: 1, unitPriceMinor: 255, tax: null };
    await order.does(place(order, 0, { lines: longNames.map((name) => ({ ...line, name })) }));
    await live();
    expect(await bench.verify()).toMatchObject({ differences: [] });
    expect((await replayOn(bench)).verified).toMatchObject({ differenceCount: 0 });
  }, 120_000);

  it('takes in what happens meanwhile', async () => {
    const orders = await writeOrders(20);
    await live();
    let more: Promise<unknown> | null = null;
    const late = new WrittenOrder(bench.eventStore);
    const { generation } = await replayOn(bench, {
      onProgress: ({ phase }) => {
        if (phase === 'finishing')
          more ??= late.does(place(late), confirm).then(() => orders[0]!.does(note('late')));
      },
    });
    await more!;
    await until(
      'both have it',
      async () => {
        const found = await bench.rows(
          `SELECT 1 FROM ${generation.schema}.orders WHERE order_id = $1 AND revision = 1`,
          [late.orderId],
        );
        return found.length === 1;
      },
      ENGINES_MS,
    );
    expect(await bench.verify()).toMatchObject({ generation: generation.id, orders: 21, differences: [] });
  }, 120_000);

  it('parks what cannot be applied, as the projector has, and leaves out what was skipped', async () => {
    const orders = await writeOrders(12);
    const content = { occurredAt: new Date().toISOString(), personal: null };
    const [unknown, nul, shapeless, skipped, said] = orders as [
      WrittenOrder,
      WrittenOrder,
      WrittenOrder,
      WrittenOrder,
      WrittenOrder,
    ];
    await unknown.receives({ type: UNKNOWN_TYPE });
    await unknown.does(note('after'));
    await nul.receives({ data: { ...content, data: { tags: ['a\0b'] } } });
    await shapeless.receives({ data: { ...content, data: { tags: null } } });
    await said.does(tags('kept'));
    const last = (await collected(bench.eventStore.readStreamExact(said.stream))).at(-1)!;
    const asBytes = { ...last, eventId: randomUUID(), contentType: 'application/octet-stream' };
    await bench.eventStore.appendExact(said.stream, [asBytes], last.revision);
    const { revision } = await skipped.receives({ type: UNKNOWN_TYPE });
    await skipped.does(note('after'));
    const skip = { projection: 'orders', tenantId: 'default', orderId: skipped.orderId, revision };
    await prepareSharedTables(bench.pool);
    await addSkip(bench.pool, { ...skip, reason: 'a test', who: 'ada' });
    await live();
    const { generation, verified } = await replayOn(bench);
    expect(verified).toMatchObject({ orders: 12, differences: [] });
    expect(await parkedIn(1)).toHaveLength(5);
    expect(await parkedIn(generation.id)).toEqual(await parkedIn(1));
    expect(await rowsThatDiffer(bench, 'gen_1', generation.schema)).toEqual([]);
  }, 120_000);

  it('parks an event whose reason quotes a NUL character, as the projector has', async () => {
    const [order] = await writeOrders(3);
    const [like] = await collected(bench.eventStore.readStream(order!.stream));
    const metadata = { ...(like!.metadata as EncodedEvent['metadata']), tenantId: 'de\0mo' };
    await order!.receives({ metadata });
    await live();
    const { generation, verified } = await replayOn(bench);
    expect(verified).toMatchObject({ orders: 3, differences: [] });
    expect(await parkedIn(1)).toHaveLength(1);
    expect(await parkedIn(generation.id)).toEqual(await parkedIn(1));
  }, 120_000);

  it('parks an event after which no totals can be made, as the projector has', async () => {
    const [order] = await writeOrders(3);
    const sold = new WrittenOrder(bench.eventStore);
    const lines = [1, 2].map((unit) => {
      const tax = null;
      return { sku: `${unit}`, name: 'a yacht', quantity: 2, unitPriceMinor: 10_000_000_000, tax };
    });
    const discounts = [{ code: null, description: null, amountMinor: 500, lineIndex: null }];
    await sold.does(place(sold, 2, { lines, discounts }));
    const [{ lineId }] = sold.order.lines as [Line];
    await sold.does(cancelLines([{ lineId, quantity: 1 }]));
    // A quantity that no command may leave any more, not even until the next change of the same edit.
    const data = { lineId, quantity: 1_000_000, taxAmountMinor: null };
    const content = { occurredAt: sold.order.lastOccurredAt, personal: null, data };
    await sold.receives({ type: 'LineQuantityChanged', data: content });
    await order!.does(note('after'));
    await live();
    const { generation, verified } = await replayOn(bench);
    expect(verified).toMatchObject({ orders: 4, differences: [] });
    expect(await parkedIn(1)).toEqual([{ order_id: sold.orderId, revision: 2, behind: false }]);
    expect(await parkedIn(generation.id)).toEqual(await parkedIn(1));
    expect(await rowsThatDiffer(bench, 'gen_1', generation.schema)).toEqual([]);
  }, 120_000);

  it('parks what no entry of an index can hold, as the projector has, and takes what fits when it is compressed', async () => {
    const [fine] = await writeOrders(3);
    const [like] = await collected(bench.eventStore.readStream(fine!.stream));
    const { data, personal, ...content } = like!.data as Record<'data' | 'personal', object>;
    // Appended by somebody who asked for no decision: that keeps all texts short.
    const placed = async (changes: object, contact: object = {}) => {
      const order = new WrittenOrder(bench.eventStore);
      const event = {
        ...{ eventId: randomUUID(), type: like!.type, metadata: like!.metadata as EncodedEvent['metadata'] },
        data: {
          ...content,
          data: { ...data, orderId: order.orderId, ...changes },
          personal: { ...personal, contact: { name: 'Ana García', email: null, phone: null, ...contact } },
        },
      };
      const behind = { ...event, eventId: randomUUID(), type: UNKNOWN_TYPE };
      await bench.eventStore.append(order.stream, [event, behind], 'no_stream');
    };
    const compressible = 'the same again '.repeat(400);
    await placed({ reference: longText() });
    await placed({ customerId: longText() });
    await placed({ shippingAddress: { country: longText(), countryName: null } });
    await placed({}, { email: longText() });
    await placed({}, { email: 'ana\ud83d@example.org' });
    await placed({ reference: compressible });
    await placed({}, { email: compressible });
    await live();
    const { generation, verified } = await replayOn(bench);
    expect(verified).toMatchObject({ orders: 3 + 2, differences: [] });
    expect(await parkedIn(1)).toHaveLength(5 * 2 + 2);
    expect(await parkedIn(generation.id)).toEqual(await parkedIn(1));
    expect(await rowsThatDiffer(bench, 'gen_1', generation.schema)).toEqual([]);
  }, 120_000);

  it('takes names of a payment that no index can hold, as the projector has: no order is looked up by them', async () => {
    await writeOrders(3);
    for (const told of [
      { providerReference: longText() },
      { providerReference: 'pi_\ud83d' },
      { providerReference: 'pi_\0' },
      { providerReference: 'pi_1', reason: 'half a \ud83d' },
    ]) {
      const order = new WrittenOrder(bench.eventStore);
      await order.does(place(order, 1));
      const [placed] = await collected(bench.eventStore.readStream(order.stream));
      const data = {
        paymentId: randomUUID(),
        authorizationId: null,
        amountMinor: 1,
        currency: 'GBP',
        reason: null,
      };
      const failed = {
        ...{ eventId: randomUUID(), type: 'PaymentFailed' },
        metadata: placed!.metadata as EncodedEvent['metadata'],
        data: { ...(placed!.data as object), data: { ...data, ...told }, personal: null },
      };
      await bench.eventStore.append(order.stream, [failed], 0);
    }
    await live();
    const { generation, verified } = await replayOn(bench);
    expect(verified).toMatchObject({ orders: 3 + 4, differences: [] });
    expect(await parkedIn(1)).toEqual([]);
    expect(await parkedIn(generation.id)).toEqual([]);
    expect(await rowsThatDiffer(bench, 'gen_1', generation.schema)).toEqual([]);
    const { rows } = await bench.pool.query(`SELECT DISTINCT told_name FROM ${generation.schema}.order_history
      WHERE type = 'PaymentFailed' AND told_name IS NOT NULL`);
    expect(rows).toEqual([{ told_name: 'pi_1' }]);
  }, 120_000);

  it('tells once it has loaded what it has parked alone and may still apply, and flips when it has', async () => {
    const [order] = await writeOrders(3);
    await live();
    let lost = true;
    const isLost = ({ stream, revision }: LossyEvent) => lost && stream === order!.stream && revision === 4;
    const told: string[] = [];
    const { generation, verified } = await replayOn(bench, {
      eventStore: lossyStore(bench.eventStore, isLost),
      onProgress: ({ phase }) => told.at(-1) !== phase && told.push(phase),
      onNote: (line) => {
        told.push(line);
        lost = false;
      },
    });
    expect(told).toEqual([
      'loading',
      'finishing',
      expect.stringMatching(
        new RegExp(
          `^generation 2 would show an older state of order default.${order!.orderId}: event 4 .*cancel`,
        ),
      ),
      ...['catching_up', 'verifying', 'flipping'],
    ]);
    expect(verified).toMatchObject({ orders: 3, differences: [] });
    expect(await activeGeneration(bench.pool)).toMatchObject({ id: generation.id });
    expect(await rowsThatDiffer(bench, 'gen_1', generation.schema)).toEqual([]);
  }, 120_000);

  it('leaves an order to the projector of which the log did not give an event while none of it was collected', async () => {
    const [first, later] = await writeOrders(40);
    await live();
    const lost = new Set([`${first!.stream} 0`, `${later!.stream} ${later!.order.revision - 1}`]);
    let lostTimes = 0;
    const eventStore: ExactEventStore = {
      ...lossyStore(
        bench.eventStore,
        ({ stream, revision }) => lost.has(`${stream} ${revision}`) && ++lostTimes > 0,
      ),
      readStream: bench.eventStore.readStream.bind(bench.eventStore),
    };
    const { generation, verified } = await replayOn(bench, { eventStore });
    expect(lostTimes).toBeGreaterThanOrEqual(2);
    expect(verified).toMatchObject({ orders: 40, differences: [], parkedOrders: [] });
    expect(await rowsThatDiffer(bench, 'gen_1', generation.schema)).toEqual([]);
  }, 120_000);

  it('holds nothing up where the stream of one order alone cannot be read, parked or not', async () => {
    const [unread, parked] = await writeOrders(6);
    await parked!.receives({ type: UNKNOWN_TYPE });
    await live();
    const notes: string[] = [];
    const closed = new Set([unread!.stream, parked!.stream]);
    const { generation, verified } = await replayOn(bench, {
      ...{ eventStore: unreadableStreams(bench.eventStore, (stream) => closed.has(stream)), limits: {} },
      ...endedWhereItWaits(notes),
    });
    const { orderId, stream } = unread!;
    expect(notes).toEqual([
      `1 order could not be compared with the events, such as default.${orderId}: ${stream} is not given`,
    ]);
    expect(verified).toMatchObject({
      ...{ orders: 6, differenceCount: 1, unread: [{ orderId }] },
      parkedOrders: [{ orderId: parked!.orderId }],
    });
    expect(await activeGeneration(bench.pool)).toMatchObject({ id: generation.id });
    expect(await rowsThatDiffer(bench, 'gen_1', generation.schema)).toEqual([]);
  }, 120_000);

  it('parks an order that comes back while its stream alone cannot be read, and takes it further when it can be', async () => {
    const [order] = await writeOrders(40);
    await live();
    let isLoading = true;
    const notes: string[] = [];
    const parked: unknown[] = [];
    const { generation, verified } = await replayOn(bench, {
      eventStore: unreadableStreams(bench.eventStore, (stream) => isLoading && stream === order!.stream),
      ...endedWhereItWaits(notes, async (phase) => {
        if (phase !== 'finishing' || !isLoading) return;
        isLoading = false;
        parked.push(...(await parkedIn(2)));
      }),
    });
    expect(parked[0]).toMatchObject({ order_id: order!.orderId, behind: false });
    expect(verified).toMatchObject({ orders: 40, differences: [], parkedOrders: [] });
    expect(await rowsThatDiffer(bench, 'gen_1', generation.schema)).toEqual([]);
  }, 120_000);

  it('goes on after it was cut off while the stream alone of an order that it had begun cannot be read', async () => {
    const begun = new WrittenOrder(bench.eventStore);
    await begun.does(place(begun));
    await writeOrders(10);
    await begun.does(note('at last'));
    await live();
    await cutOffBeforeRows();
    let isLoading = true;
    const notes: string[] = [];
    const { generation, replay } = await replayOn(bench, {
      eventStore: unreadableStreams(bench.eventStore, (stream) => isLoading && stream === begun.stream),
      ...endedWhereItWaits(notes, async (phase) => {
        if (phase !== 'loading') isLoading = false;
      }),
    });
    expect([notes.slice(1), await parkedIn(2)]).toEqual([[], []]);
    expect(replay).toMatchObject({ generation: 2, events: 92 });
    expect(await rowsThatDiffer(bench, 'gen_1', generation.schema)).toEqual([]);
  }, 120_000);

  it('has what the log gave of an order whose stream was deleted while the replay was cut off', async () => {
    const begun = new WrittenOrder(bench.eventStore);
    await begun.does(place(begun));
    await writeOrders(60); // so many events that there is a step before all are read
    await begun.does(note('at last'));
    await live();
    await cutOffBeforeRows();
    const client = EventStoreDBClient.connectionString(bench.eventStoreUrl);
    await client.tombstoneStream(begun.stream);
    await client.dispose();
    await until('the projector has parked it', async () => (await parkedIn(1)).length === 1);
    const { generation, verified } = await replayOn(bench, { limits: ROWS_AT_THE_END });
    expect(verified).toMatchObject({ orders: 61, differences: [] });
    expect(await parkedIn(generation.id)).toEqual(await parkedIn(1));
    expect(await rowsThatDiffer(bench, 'gen_1', generation.schema)).toEqual([]);
  }, 120_000);

  it('makes its indexes for as long as that takes, whatever limit the database has', async () => {
    await writeOrders(3);
    await live();
    const database = new URL(bench.postgresUrl).pathname.slice(1);
    const locking = await bench.pool.connect();
    const builder = `SELECT FROM pg_stat_activity WHERE datname = current_database()
      AND application_name = 'orderctl replay builder' AND wait_event_type = 'Lock'
      AND clock_timestamp() - query_start > interval '1 s'`;
    const untilItTookLong = async () => {
      await until('an index takes long', async () => (await bench.rows(builder)).length > 0);
      await bench.rows(`ALTER DATABASE ${database} RESET statement_timeout`);
      await locking.query('COMMIT');
    };
    let held = Promise.resolve();
    await bench.rows(`ALTER DATABASE ${database} SET statement_timeout = '500ms'`);
    const { generation } = await replayOn(bench, {
      eventStore: {
        ...lossyStore(bench.eventStore, () => false),
        async *subscribeToAllExact(options: Parameters<ExactEventStore['subscribeToAllExact']>[0]) {
          for await (const message of bench.eventStore.subscribeToAllExact(options)) {
            if (message.kind === 'caught_up') {
              await locking.query('BEGIN; LOCK TABLE gen_2.orders IN ROW EXCLUSIVE MODE');
              held = untilItTookLong();
            }
            yield message;
          }
        },
      },
    });
    await held;
    locking.release();
    expect(await activeGeneration(bench.pool)).toMatchObject({ id: generation.id });
  }, 120_000);

  /** What waits for ever ends, with what it waits for. */
  function endedWhereItWaits(
    notes: string[],
    onPhase: (phase: ReplayPhase) => Promise<void> = async () => {},
  ) {
    const stop = new AbortController();
    const failed = (error: unknown) => stop.abort(error);
    return {
      signal: stop.signal,
      onNote: (line: string) => {
        notes.push(line);
        if (line.startsWith('waiting: order-')) stop.abort(new Error(line));
      },
      onProgress: ({ phase }: ReplayProgress) => void onPhase(phase).catch(failed),
    };
  }

  it('parks an order whose stream was deleted, as the projector does, and takes no other stream for an order', async () => {
    const [deleted, other] = await writeOrders(6);
    await live();
    const client = EventStoreDBClient.connectionString(bench.eventStoreUrl);
    await client.tombstoneStream(deleted!.stream);
    await client.appendToStream('order-of-the-day', jsonEvent({ type: 'Soup', data: {} }));
    await client.dispose();
    await other!.does(note('after'));
    const { generation, verified } = await replayOn(bench);
    expect(verified!.differences).toEqual([]);
    const parked = await bench.rows<{ order_id: string }>(
      `SELECT DISTINCT order_id FROM orderlog.quarantine WHERE generation = $1`,
      [generation.id],
    );
    expect(parked).toEqual([{ order_id: deleted!.orderId }]);
    expect(await activeGeneration(bench.pool)).toMatchObject({ id: generation.id });
  }, 120_000);
});
