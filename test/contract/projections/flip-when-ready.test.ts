import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StoreUnavailable } from '#event-store/errors.js';
import type { ExactEventStore } from '#event-store/port.js';
import { ORDER_STREAM_PREFIX } from '#event-store/streams.js';
import { createLogger } from '#platform/logging.js';
import { activeGeneration } from '#read-models/generations/generation.js';
import { place, WrittenOrder } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { unreadableStreams } from '../../support/unreadable-streams.js';
import { until } from '../../support/until.js';

jest.setTimeout(2 * ENGINES_MS);

describe('read models that are built anew in the place of others', () => {
  let bench: ProjectionBench;
  let orders: WrittenOrder[];
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    orders = Array.from({ length: 3 }, () => new WrittenOrder(bench.eventStore));
    for (const order of orders) await order.does(place(order));
    const running = bench.start();
    await bench.caughtUp(running);
    await running.stop();
    await bench.rows(`UPDATE orderlog.generations SET fingerprint = 'set aside'`);
  });
  afterEach(() => bench.close());

  /** @returns what it warns of */
  function keep(eventStore: ExactEventStore): string[] {
    const warned: string[] = [];
    const logger = createLogger('projector', 'silent');
    logger.warn = (...[, text]: unknown[]) => void warned.push(String(text));
    bench.keep({ eventStore, logger });
    return warned;
  }
  const areRead = () =>
    until('they are read', async () => (await activeGeneration(bench.pool))?.id === 2, ENGINES_MS);

  it('are read though the stream of one order alone cannot be, and it is told which', async () => {
    const { stream } = orders[1]!;
    const warned = keep(unreadableStreams(bench.eventStore, (asked) => asked === stream));
    await areRead();
    expect(warned.filter((text) => text.includes('compared'))).toEqual([
      `1 order could not be compared with the events, such as ${stream.slice(ORDER_STREAM_PREFIX.length)}: ${stream} is not given`,
    ]);
  });

  it('say what they wait for where the event store is away', async () => {
    let [away, asked] = [true, false];
    const isAway = (stream: string) => {
      if (!stream.startsWith(ORDER_STREAM_PREFIX)) return false;
      asked = true; // what is built is compared: until then nothing is to be in its way
      return away;
    };
    const warned = keep({
      ...unreadableStreams(bench.eventStore, isAway),
      headPosition: () => {
        if (asked && away) return Promise.reject(new StoreUnavailable('the store is away'));
        return bench.eventStore.headPosition();
      },
    });
    await until('it is told', () => warned.includes('not activated yet: the store is away'));
    away = false;
    await areRead();
  });
});
