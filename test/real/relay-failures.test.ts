import type { ChildProcess } from 'node:child_process';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import { describeWith, startOwnEngine, type OwnEngine } from '../support/engines.js';
import { WrittenOrder, note, place, tags } from '../support/order-streams.js';
import { ProjectionBench } from '../support/projections.js';
import { killed, startProjectorProcess } from '../support/projector-process.js';
import { relayed, someTopic, startRelay } from '../support/relays.js';
import { until } from '../support/until.js';

const START_LIMIT_MS = 240_000;
jest.setTimeout(300_000);

const WRITERS = 6;
const ROUNDS = 3;
const EVENTS_EACH_ROUND = 150;

describeWith('kafka', 'the relay under load', () => {
  let engine: OwnEngine;
  let bench: ProjectionBench;
  let kafka: KafkaConfig;
  let stopWriting: () => Promise<void>;

  beforeEach(async () => {
    engine = await startOwnEngine('kafka');
    bench = await ProjectionBench.open();
    kafka = someTopic([engine.url]);
    const stop = new AbortController();
    const writing = Promise.all(Array.from({ length: WRITERS }, () => writeOrders(bench, stop.signal)));
    stopWriting = async () => {
      stop.abort();
      await writing;
    };
  }, START_LIMIT_MS);
  afterEach(async () => {
    await stopWriting();
    await bench.close();
    await engine.stop();
  }, START_LIMIT_MS);

  /** Everything is there, in order, and what came more than once is the same. */
  async function everythingArrived(): Promise<void> {
    await stopWriting();
    const last = startRelay(bench, kafka);
    await last.caughtUp();
    await last.stop();
    const { events, faults } = await relayed(bench.eventStore, kafka);
    expect(faults).toEqual([]);
    expect(events).toBeGreaterThan(ROUNDS * EVENTS_EACH_ROUND);
  }

  const position = async (): Promise<bigint> => {
    const [there] = await bench.rows<{ yes: boolean }>(
      `SELECT to_regclass('orderlog.relays') IS NOT NULL AS yes`,
    );
    if (!there!.yes) return -1n;
    const [row] = await bench.rows<{ position: string }>('SELECT position FROM orderlog.relays');
    return BigInt(row?.position ?? -1);
  };
  const more = async (what: string): Promise<void> => {
    const before = await position();
    const enough = async () => (await position()) >= before + BigInt(EVENTS_EACH_ROUND);
    await until(`${EVENTS_EACH_ROUND} more events ${what}`, enough, 120_000);
  };

  it('loses nothing when the broker is killed and comes back', async () => {
    const running = startRelay(bench, kafka);
    for (let round = 0; round < ROUNDS; round++) {
      await more(`before round ${round}`);
      await engine.kill();
      await until('the relay waits', () => running.relay.state === 'waiting', 60_000);
      await engine.restart();
    }
    await more('after the last round');
    await running.stop();
    await everythingArrived();
  });

  it('loses nothing when it is killed itself', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const projector = await startProcess(bench, kafka);
      await more(`in round ${round}`);
      await killed(projector);
    }
    await everythingArrived();
  });

  it('is taken over by another projector, and never are two at work', async () => {
    const first = await startProcess(bench, kafka);
    await more('by the first');
    // It has nothing, and the first one the rows as well: the relay is handed over to it.
    const second = startRelay(bench, kafka);
    await until('the second relays', () => (second.relay.sending?.totals.events ?? 0) > 0, 60_000);
    await more('by the second');
    await second.stop();
    await more('by the first again');
    const third = startRelay(bench, kafka);
    await killed(first);
    await until('the third relays', () => (third.relay.sending?.totals.events ?? 0) > 0, 60_000);
    await more('by the third');
    await third.stop();
    await everythingArrived();
  });
});

async function writeOrders(bench: ProjectionBench, signal: AbortSignal): Promise<void> {
  for (let lines = 1; !signal.aborted; lines = (lines % 40) + 1) {
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order, lines), tags('gift'), note('ring twice'));
    await order.isFulfilled();
  }
}

function startProcess(bench: ProjectionBench, { brokers, topic }: KafkaConfig): Promise<ChildProcess> {
  return startProjectorProcess(bench, {
    ORDERLOG_KAFKA_BROKERS: brokers.join(),
    ORDERLOG_KAFKA_TOPIC: topic,
    ORDERLOG_LOG_LEVEL: 'error',
  });
}
