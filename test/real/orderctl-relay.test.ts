import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import { sendAgain } from '../../apps/orderctl/src/relay/send-again.js';
import { SkippedEvents } from '#read-models/skipped-events.js';
import { describeWith, kafkaBrokers } from '../support/engines.js';
import { startTestEventStore } from '../support/event-store.js';
import { failureOf, orderctl } from '../support/orderctl.js';
import { WrittenOrder, place, tags } from '../support/order-streams.js';
import { ProjectionBench } from '../support/projections.js';
import { readTopic } from '../support/read-topic.js';
import { relayed, someTopic, startRelay } from '../support/relays.js';

jest.setTimeout(180_000);

let bench: ProjectionBench;
let kafka: KafkaConfig;

describeWith('kafka', 'orderctl relay', () => {
  beforeAll(async () => {
    bench = await ProjectionBench.open();
    kafka = someTopic(kafkaBrokers()!);
  });
  afterAll(() => bench.close());

  const stores = () => ['--event-store-url', bench.eventStoreUrl, '--postgres-url', bench.postgresUrl];
  const status = () =>
    orderctl(...['relay', 'status', '--kafka', kafka.brokers.join(), '--topic', kafka.topic], ...stores());
  const replay = (...args: string[]) =>
    orderctl('relay', 'replay', '--kafka', kafka.brokers.join(), ...stores(), ...args);

  it('tells how far the relay is, before and after', async () => {
    expect(await status()).toMatchObject({
      code: 0,
      stdout: `topic    ${kafka.topic} does not exist: no relay has run yet\n`,
    });
    for (let i = 0; i < 5; i++) {
      const order = new WrittenOrder(bench.eventStore);
      await order.does(place(order), tags('gift'));
      await order.isFulfilled();
    }
    const running = startRelay(bench, kafka);
    await running.caughtUp();
    await running.stop();
    const { code, stdout } = await status();
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^cluster {2}\S+\ntopic .*, 3 partitions\nrelay {4}at position \d+, up to date\nparked {3}nothing\n$/,
    );
  });

  it('sends a range once more, to the same topic or another', async () => {
    const head = (await bench.eventStore.headPosition())!;
    expect(await replay('--from', '0', '--topic', kafka.topic)).toMatchObject({ code: 0 });
    expect(await relayed(bench.eventStore, kafka)).toMatchObject({ faults: [], events: 40, repeated: 40 });

    const other = someTopic(kafka.brokers);
    const half = await replay('--from', '0', '--to', String(head / 2n), '--topic', other.topic, '--json');
    expect(failureOf(half)).toBeNull();
    const { events, position } = JSON.parse(half.stdout) as { events: number; position: string };
    expect(position).toBe(String(head / 2n));
    const rest = await replay('--from', String(head / 2n + 1n), '--topic', other.topic);
    expect(rest).toMatchObject({ code: 0, stdout: expect.stringContaining(`up to position ${head}`) });
    const all = await relayed(bench.eventStore, other);
    expect(all).toMatchObject({ faults: [], repeated: 0 });
    expect(events).toBeGreaterThan(0);
    expect(events).toBeLessThan(all.events);
  });

  it('sends nothing of another event store than the relay of that topic sends from', async () => {
    const other = await startTestEventStore();
    const { messages } = await relayed(bench.eventStore, kafka);
    const asked = await orderctl(
      ...['relay', 'replay', '--kafka', kafka.brokers.join(), '--topic', kafka.topic, '--from', '0'],
      ...['--event-store-url', other.url, '--postgres-url', bench.postgresUrl],
    );
    await other.close();
    expect(asked).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^orderctl: the order events come from event store \S+, but this is one that was never used: .*relay renew`\n$/,
      ),
    });
    expect((await relayed(bench.eventStore, kafka)).messages).toHaveLength(messages.length);
  });

  it('has the relay begin anew, once no projector has it', async () => {
    const own = someTopic(kafka.brokers);
    const renew = () =>
      orderctl(
        ...['relay', 'renew', '--kafka', own.brokers.join(), '--topic', own.topic],
        ...['--postgres-url', bench.postgresUrl],
      );
    const first = startRelay(bench, own);
    await first.caughtUp();
    expect(await renew()).toMatchObject({
      code: 1,
      stderr: `orderctl: a projector owns the relay to ${own.topic}, and would go on from where it is: stop the projectors first\n`,
    });
    await first.stop();
    expect(await renew()).toMatchObject({ code: 0 });
    const second = startRelay(bench, own);
    await second.caughtUp();
    await second.stop();
    expect(await relayed(bench.eventStore, own)).toMatchObject({ faults: [], events: 40, repeated: 40 });
  });

  it('can be interrupted, and says how to go on', async () => {
    const other = someTopic(kafka.brokers);
    const to = (await bench.eventStore.headPosition())!;
    const stop = new AbortController();
    const nothing = { parked: [], skipped: new SkippedEvents() };
    const options = { eventStore: bench.eventStore, relayed: nothing, config: other, batchMaxEvents: 7 };
    const first = sendAgain({
      ...options,
      range: { from: 0n, to },
      signal: stop.signal,
      onPosition: () => stop.abort(),
    });
    await expect(first).rejects.toThrow(/^stopped at position \d+ after 7 events: go on with --from \d+$/);
    const stopped = await first.then(String, String);
    const from = BigInt(/\d+$/.exec(stopped)![0]);
    const positions: bigint[] = [];
    const rest = await sendAgain({
      ...options,
      range: { from, to },
      signal: new AbortController().signal,
      onPosition: (position) => positions.push(position),
    });
    expect(rest).toMatchObject({ events: 33, position: to, leftOut: [] });
    expect(positions).toEqual([...positions].sort((a, b) => Number(a - b)));
    expect(positions.at(-1)).toBe(to);
    expect(await relayed(bench.eventStore, other)).toMatchObject({ faults: [], repeated: 0, events: 40 });
  });

  it('says what it could not send, and ends with 1', async () => {
    const narrow = await narrowTopic(kafka.brokers);
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order, 400), tags('after'));
    const { code, stdout } = await replay('--from', '0', '--topic', narrow.topic);
    expect(code).toBe(1);
    expect(stdout).toContain('1 order could not be sent completely');
    expect(stdout).toContain(`default ${order.orderId}  from event 0 on`);
    const keys: (string | null)[] = [];
    await readTopic({ brokers: narrow.brokers, topic: narrow.topic }, ({ key }) => keys.push(key));
    expect(keys).toHaveLength(40);
    expect(keys).not.toContain(order.orderId);
  });

  it('lets nothing overtake what a relay has still to send to its topic, or has parked', async () => {
    const own = await narrowTopic(kafka.brokers);
    const large = new WrittenOrder(bench.eventStore);
    await large.does(place(large, 400));
    const first = startRelay(bench, own);
    await first.caughtUp();
    await first.stop();
    const reached = await bench.eventStore.headPosition();
    const late = new WrittenOrder(bench.eventStore);
    await late.does(place(late), tags('late'));
    const head = await bench.eventStore.headPosition();
    expect(await replay('--from', String(head), '--topic', own.topic)).toMatchObject({
      code: 1,
      stderr: `orderctl: there is no event to send from position ${head} to the end: the relay is at position ${reached}, and sends the rest itself\n`,
    });
    const { code, stdout } = await replay('--from', '0', '--topic', own.topic);
    expect([code, stdout]).toEqual([1, expect.stringContaining(`up to position ${reached}\n`)]);
    expect(stdout).toContain(`default ${large.orderId}  from event 0 on: the relay has parked this event`);
    const second = startRelay(bench, own);
    await second.caughtUp();
    await second.stop();
    const { messages } = await relayed(bench.eventStore, own);
    const ofLate = messages.filter(({ key }) => key === late.orderId);
    expect(ofLate.map(({ headers }) => headers['ce_orderrevision'])).toEqual(['0', '1']);
    expect(messages.map(({ key }) => key)).not.toContain(large.orderId);
  });

  it('says in one line what is wrong', async () => {
    expect(await orderctl('relay', 'status')).toMatchObject({
      code: 1,
      stderr: 'orderctl: no Kafka is named: give --kafka HOST:PORT, or set ORDERLOG_KAFKA_BROKERS\n',
    });
    expect(await orderctl('relay', 'status', '--kafka', 'kafka')).toMatchObject({
      code: 2,
      stderr: 'orderctl: --kafka is not a list of brokers: give HOST:PORT,HOST:PORT\n',
    });
    expect(await replay('--from', 'here')).toMatchObject({ code: 2 });
    expect(await replay('--from', '999999999')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^orderctl: there is no event to send from position 999999999 to the end: .*\n$/,
      ),
    });
    const away = await orderctl('relay', 'replay', '--kafka', '127.0.0.1:9', '--from', '0', ...stores());
    expect(away).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^orderctl: Kafka at 127\.0\.0\.1:9: .*\n$/),
    });
  });
});

/** One that takes no more than 20,000 bytes at once. */
async function narrowTopic(brokers: readonly string[]): Promise<KafkaConfig> {
  const narrow = someTopic(brokers);
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const configEntries = [{ name: 'max.message.bytes', value: '20000' }];
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic: narrow.topic, configEntries }] });
  await admin.disconnect();
  return narrow;
}
