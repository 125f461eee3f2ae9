import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { EventStore, ExactEventStore, SubscriptionMessage } from '#event-store/port.js';
import { CheckpointWatcher } from '#read-models/checkpoint-watcher.js';
import { WrittenOrder, note, place, tags } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { startTcpProxy, through } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

jest.setTimeout(ENGINES_MS);

describe('the orders projection', () => {
  let bench: ProjectionBench;
  beforeAll(async () => {
    bench = await ProjectionBench.open();
  });
  afterAll(() => bench.close());

  it('writes rows, history and search that equal a fresh fold', async () => {
    const orders = Array.from({ length: 20 }, () => new WrittenOrder(bench.eventStore));
    await Promise.all(
      orders.map(async (order, index) => {
        await order.does(place(order, 1 + index * 3));
        await order.does(note('call Ana before delivery'), tags('gift', 'b"2\\b'));
        if (index % 2 === 0) await order.isFulfilled();
      }),
    );
    const running = bench.start();
    await bench.caughtUp(running);
    expect(await bench.verify()).toMatchObject({ orders: 20, events: 120, differences: [] });
    await running.stop();
  });

  it('keeps up with live events, in several tenants, each row written once for many events', async () => {
    const running = bench.start();
    await until('the projector is live', () => running.projector.state === 'live');
    const orders = ['default', 'demo'].map((tenant) => new WrittenOrder(bench.eventStore, tenant));
    for (const order of orders) {
      await order.does(place(order));
      await order.isFulfilled();
    }
    await bench.caughtUp(running);
    expect(await bench.verify()).toMatchObject({ orders: 22, differences: [] });
    const { schema } = running.projector.generation!;
    const rows = await bench.rows(
      `SELECT status, payment_status, fulfilment_status, balance_due_minor FROM ${schema}.orders WHERE tenant_id = 'demo'`,
    );
    expect(rows).toEqual([
      { status: 'completed', payment_status: 'paid', fulfilment_status: 'delivered', balance_due_minor: '0' },
    ]);
    await running.stop();
  });

  it('keeps what names a person in the personal columns alone', async () => {
    const running = bench.start();
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order), note('Ana García is moving to Paris'));
    await bench.caughtUp(running);
    await running.stop();
    const { schema } = running.projector.generation!;
    const [row] = await bench.rows<{ everything: string; personal: unknown }>(
      `SELECT concat(o.document, h.data, s.words, (SELECT string_agg(word, ' ') FROM ${schema}.search_words)) AS everything,
         s.personal FROM ${schema}.orders o JOIN ${schema}.order_history h USING (tenant_id, order_id)
       JOIN ${schema}.order_search s USING (tenant_id, order_id) WHERE order_id = $1`,
      [order.orderId],
    );
    expect(row!.everything).toMatch(/brulee/);
    expect(row!.everything).not.toMatch(/garc[ií]|example\.org|haute|moving/i);
    expect(row!.personal).toEqual({ email: 'ana@example.org', names: 'ana garcia' });
  });

  it('closes the period of an event on both clocks when the next arrives', async () => {
    const running = bench.start();
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
    await bench.caughtUp(running);
    await order.does(tags('late'));
    await bench.caughtUp(running);
    await running.stop();
    const rows = await bench.rows<Record<string, Date | null>>(
      `SELECT occurred_at, occurred_until, recorded_at, recorded_until FROM ${running.projector.generation!.schema}.order_history
       WHERE order_id = $1 ORDER BY revision`,
      [order.orderId],
    );
    expect(rows[0]!['occurred_until']).toEqual(rows[1]!['occurred_at']);
    expect(rows[0]!['recorded_until']).toEqual(rows[1]!['recorded_at']);
    expect(rows[1]).toMatchObject({ occurred_until: null, recorded_until: null });
  });

  it('tells waiting readers when their write is in', async () => {
    const running = bench.start();
    const watcher = new CheckpointWatcher({ connectionString: bench.postgresUrl });
    await watcher.start();
    expect(watcher.generation?.id).toBe(running.projector.generation?.id ?? 1);
    const order = new WrittenOrder(bench.eventStore);
    const { position } = await order.does(place(order));
    expect(await watcher.reached('orders', position, 10_000)).toBe(true);
    expect(await watcher.reached('orders', position + 1_000_000n, 20)).toBe(false);
    await bench.rows(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name LIKE '%watcher%' AND datname = current_database()`,
    );
    const next = await order.does(tags('after the connection was lost'));
    expect(await watcher.reached('orders', next.position, 10_000)).toBe(true);
    await watcher.close();
    await running.stop();
  });

  it('tells them whatever takes a connection and says nothing on it, at the start and later', async () => {
    const running = bench.start();
    let connections = 0;
    const proxy = await startTcpProxy(Number(new URL(bench.postgresUrl).port), () => connections++);
    const watcher = new CheckpointWatcher({ connectionString: through(proxy, bench.postgresUrl) });
    const silentOn = async (connection: number) => {
      await until('it has connected', () => connections === connection);
      proxy.swallowAnswers();
      proxy.passAnswers();
    };
    try {
      proxy.holdAnswers();
      const started = watcher.start();
      await silentOn(1);
      await started;
      const order = new WrittenOrder(bench.eventStore);
      const { position } = await order.does(place(order));
      expect(await watcher.reached('orders', position, 20_000)).toBe(true);
      proxy.holdAnswers();
      proxy.cut();
      await silentOn(3);
      expect(await watcher.reached('orders', position, 20_000)).toBe(true);
      expect(connections).toBe(4);
    } finally {
      proxy.cut();
      await watcher.close();
      await proxy.close();
      await running.stop();
    }
  });

  it('skips what it has, and reads from the stream what it was not sent', async () => {
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order), tags('one'), tags('two'), tags('three'));
    // Sends the first event twice and leaves out the two in the middle.
    const running = bench.start({
      eventStore: sending(bench.eventStore, (revision) => [2, 0, 0, 1][revision] ?? 1),
    });
    await bench.caughtUp(running);
    expect(running.projector.progress.totals).toMatchObject({ duplicates: 1, filled: 2 });
    await running.stop();
    expect((await bench.verify()).differences).toEqual([]);

    /** Delivers each event of the order as often as told. */
    function sending(store: ExactEventStore, times: (revision: number) => number) {
      return {
        headPosition: () => store.headPosition(),
        appendExact: store.appendExact.bind(store),
        readStream: store.readStream.bind(store),
        async *subscribeToAll(
          options: Parameters<EventStore['subscribeToAll']>[0],
        ): AsyncGenerator<SubscriptionMessage> {
          for await (const message of store.subscribeToAll(options)) {
            const counted = message.kind === 'event' && message.event.stream === order.stream;
            for (let i = counted ? times(message.event.revision) : 1; i > 0; i--) yield message;
          }
        },
      };
    }
  });

  it('tells its watchers a lower position when a standby took over from an earlier checkpoint', async () => {
    const running = bench.start();
    const watcher = new CheckpointWatcher({ connectionString: bench.postgresUrl });
    await watcher.start();
    const order = new WrittenOrder(bench.eventStore);
    const { position } = await order.does(place(order));
    expect(await watcher.reached('orders', position, 10_000)).toBe(true);
    await running.stop();

    await bench.rows('UPDATE orderlog.checkpoints SET position = position - 1');
    await bench.rows(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name LIKE '%watcher%' AND datname = current_database()`,
    );
    await until('it is told the position anew', () => watcher.position('orders') === position - 1n);
    expect(await watcher.reached('orders', position, 20)).toBe(false);
    await watcher.close();
  });

  it('begins with the first event where a build found none, and so ended before it', async () => {
    await bench.rows(`UPDATE orderlog.checkpoints SET position = -1 WHERE projection = 'orders'`);
    const running = bench.start();
    await bench.caughtUp(running);
    expect(running.projector.progress.totals.duplicates).toBeGreaterThan(0);
    await running.stop();
  });
});
