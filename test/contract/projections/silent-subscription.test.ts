import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import type { ExactEventStore, SubscriptionMessage, SubscriptionOptions } from '#event-store/port.js';
import type { OrdersFollowerOptions } from '#projections/orders/orders-follower.js';
import { WrittenOrder, place, tags } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { someEvent } from '../../support/stored-events.js';
import { startTcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

jest.setTimeout(ENGINES_MS);

const SILENCE_MS = 600;

describe('a projector whose subscription says nothing', () => {
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

  it('while its connection stays open subscribes by another one, from its checkpoint', async () => {
    const proxy = await startTcpProxy(Number(new URL(bench.eventStoreUrl).port));
    // Without keepalive nothing but the projector itself can notice.
    const connectionString = `esdb://127.0.0.1:${proxy.port}?tls=false&keepAliveInterval=600000`;
    const eventStore = new DbClientEventStore({ connectionString, timeoutMs: 1_000 });
    try {
      const order = await placed();
      // One client of a process appends.
      const running = bench.start({ eventStore: reading(eventStore), silenceMs: SILENCE_MS });
      await bench.caughtUp(running);
      proxy.swallowAnswers();
      await order.does(tags('nobody tells'));
      await bench.caughtUp(running);
      expect(running.projector.engine.restarts.silent).toBeGreaterThan(0);
      expect(running.projector.progress.totals).toMatchObject({ events: 2, duplicates: 0 });
      await running.stop();
    } finally {
      await eventStore.close();
      await proxy.close();
    }
  });

  it('while all else goes on subscribes anew', async () => {
    let muted = 0;
    const running = bench.start({
      eventStore: {
        ...reading(),
        subscribeToAll: (options) =>
          muted++ === 0 ? mute(options) : bench.eventStore.subscribeToAll(options),
      },
      silenceMs: SILENCE_MS,
    });
    await until('it is live', () => running.projector.state === 'live');
    const order = await placed();
    await bench.caughtUp(running);
    expect(running.projector.engine.restarts).toEqual({ away: 0, silent: 1, error: 0 });
    await order.does(tags('and goes on'));
    await bench.caughtUp(running);
    expect(await bench.verify()).toMatchObject({ differences: [] });
  });

  it('begins again where another one, asked what comes next, says nothing either', async () => {
    let isMute = false;
    const subscribeToAll = (options: SubscriptionOptions) =>
      isMute ? silence(options) : muted(bench.eventStore.subscribeToAll(options), options);
    async function* muted(messages: AsyncIterable<SubscriptionMessage>, options: SubscriptionOptions) {
      for await (const message of messages) {
        if (isMute) break;
        yield message;
      }
      yield* silence(options);
    }
    const running = bench.start({ eventStore: { ...reading(), subscribeToAll }, silenceMs: SILENCE_MS });
    const order = await placed();
    await bench.caughtUp(running);
    isMute = true;
    await order.does(tags('nobody tells'));
    await until('it has begun again', () => running.projector.engine.restarts.silent > 0);
    expect(running.projector.state).not.toBe('live');
    await until('and again', () => running.projector.engine.restarts.silent > 1, 20_000);
    isMute = false;
    await bench.caughtUp(running);
    expect(running.projector.progress.totals).toMatchObject({ events: 2, duplicates: 0 });
    expect(running.projector.engine.restarts).toMatchObject({ away: 0, error: 0 });
  });

  it('is found to have nothing to say, up to the head, where the server does not tell so', async () => {
    const withoutCheckpoints = async function* (options: SubscriptionOptions) {
      for await (const message of bench.eventStore.subscribeToAll(options)) {
        if (message.kind !== 'checkpoint') yield message;
      }
    };
    const running = bench.start({
      eventStore: { ...reading(), subscribeToAll: withoutCheckpoints },
      silenceMs: SILENCE_MS,
    });
    const order = await placed();
    await bench.caughtUp(running);
    // As a snapshot follows the event that made it due.
    const { position } = await bench.eventStore.append(
      'order_snapshot-something',
      [someEvent()],
      'no_stream',
    );
    await until('it is past what is none of its own', () => (running.projector.position ?? -1n) >= position);
    expect(running.projector.engine.restartCount).toBe(0);
    await order.does(tags('and goes on'));
    await bench.caughtUp(running);
    expect(running.projector.progress.totals).toMatchObject({ events: 2, duplicates: 0 });
  });

  it('is left alone when there is nothing to say: the head moves by what is no order', async () => {
    let looked = 0;
    const running = bench.start({
      eventStore: { ...reading(), headPosition: () => (looked++, bench.eventStore.headPosition()) },
      silenceMs: SILENCE_MS,
    });
    await placed();
    await bench.caughtUp(running);
    await bench.eventStore.append('something_else', [someEvent()], 'no_stream');
    const before = looked;
    await until('it was looked at', () => looked > before + 3, 20_000);
    expect(running.projector.engine.restartCount).toBe(0);
    expect(running.projector.state).toBe('live');
  });

  function reading(eventStore: ExactEventStore = bench.eventStore): OrdersFollowerOptions['eventStore'] {
    return {
      subscribeToAll: eventStore.subscribeToAll.bind(eventStore),
      readStream: eventStore.readStream.bind(eventStore),
      appendExact: bench.eventStore.appendExact.bind(bench.eventStore),
      headPosition: () => eventStore.headPosition(),
    };
  }

  /** Catches up, and then never says anything again. */
  async function* mute(options: SubscriptionOptions): AsyncGenerator<SubscriptionMessage> {
    for await (const message of bench.eventStore.subscribeToAll(options)) {
      yield message;
      if (message.kind === 'caught_up') break;
    }
    yield* silence(options);
  }
});

/** Of a subscription that was confirmed. */
// eslint-disable-next-line require-yield
async function* silence({ signal }: SubscriptionOptions): AsyncGenerator<SubscriptionMessage> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
}
