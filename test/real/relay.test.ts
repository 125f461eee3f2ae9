import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { ConfigResourceTypes, Kafka, logLevel, type Admin } from 'kafkajs';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import type { OutgoingMessage } from '#integration-events/kafka-binding.js';
import { createLogger } from '#platform/logging.js';
import { openTopic } from '#projections/relay/topic.js';
import { TopicWriter } from '#projections/relay/topic-writer.js';
import { verifyTopic } from '#projections/relay/verify-topic.js';
import { parkedEventsOf } from '#read-models/stores/quarantine.store.js';
import { RelayStore } from '#read-models/stores/relay.store.js';
import { forgetSent } from '../../apps/orderctl/src/relay/describe-relay.js';
import { relayedSoFar } from '../../apps/orderctl/src/relay/relayed-so-far.js';
import { sendAgain } from '../../apps/orderctl/src/relay/send-again.js';
import { startProjector } from '../../apps/projector/src/start.js';
import { describeWith, kafkaBrokers } from '../support/engines.js';
import { lossyStore } from '../support/lossy-store.js';
import { WrittenOrder, note, place, tags } from '../support/order-streams.js';
import { ProjectionBench } from '../support/projections.js';
import { act } from '../support/quarantine.js';
import { readTopic } from '../support/read-topic.js';
import { relayed, someTopic, startRelay } from '../support/relays.js';
import { collected, someEvent } from '../support/stored-events.js';
import { until } from '../support/until.js';

jest.setTimeout(300_000);

const PATIENCE_MS = 60_000;
const SILENT = createLogger('relay', 'silent');

let bench: ProjectionBench;

describeWith('kafka', 'the relay', () => {
  beforeAll(async () => {
    bench = await ProjectionBench.open();
  });
  afterAll(() => bench.close());

  it('sends every event of a shop, in order per order, and nothing that names a person', async () => {
    const secret = `Zoë-${randomUUID()}`;
    for (let i = 0; i < 40; i++) {
      const order = new WrittenOrder(bench.eventStore, i % 2 === 0 ? 'default' : 'demo');
      const placing = place(order, 1 + i);
      const { contact, ...addresses } = placing.personal;
      const personal = { ...addresses, contact: { ...contact!, name: secret } };
      await order.does({ ...placing, personal }, tags('gift'), note(`ring ${secret} twice`));
      await order.isFulfilled();
    }
    const kafka = someTopic(kafkaBrokers()!);
    const running = startRelay(bench, kafka);
    await running.caughtUp();
    await until('it is live', () => running.relay.state === 'live', PATIENCE_MS);
    await running.stop();
    const { messages, orders, events, faults } = await relayed(bench.eventStore, kafka);
    expect(faults).toEqual([]);
    expect({ orders, events, messages: messages.length }).toEqual({ orders: 40, events: 360, messages: 360 });
    const all = messages.map(({ headers, value }) => JSON.stringify(headers) + value).join('\n');
    for (const personal of [secret, 'Ana García', 'Example.org', '1 rue Haute', 'Lille', 'F-59000', 'ring']) {
      expect(all).not.toContain(personal);
    }
    expect(all).toContain('"country":"FR"');
  });

  it('goes on where it was, and gives another topic everything from the start', async () => {
    const first = someTopic(kafkaBrokers()!);
    const before = startRelay(bench, first);
    await before.caughtUp();
    await before.stop();
    const sent = (await relayed(bench.eventStore, first)).messages.length;
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order), tags('late'));
    const after = startRelay(bench, first);
    await after.caughtUp();
    await after.stop();
    expect(await relayed(bench.eventStore, first)).toMatchObject({ faults: [], repeated: 0 });
    expect((await relayed(bench.eventStore, first)).messages).toHaveLength(sent + 2);
    const second = someTopic(kafkaBrokers()!, { compression: 'gzip' });
    const other = startRelay(bench, second);
    await other.caughtUp();
    await other.stop();
    expect((await relayed(bench.eventStore, second)).messages).toHaveLength(sent + 2);
  });

  it('does not go on from an event store that has lost what it sent last, though that has other events since', async () => {
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order), tags('sent'));
    const kafka = someTopic(kafkaBrokers()!);
    const before = startRelay(bench, kafka);
    await before.caughtUp();
    await before.stop();
    const other = new WrittenOrder(bench.eventStore);
    await other.does(place(other));
    const eventStore = lossyStore(
      bench.eventStore,
      ({ stream, revision }) => stream === order.stream && revision === 1,
    );
    const after = startRelay({ eventStore, postgresUrl: bench.postgresUrl }, kafka);
    await until('it says so', () => after.relay.state === 'failing', PATIENCE_MS);
    expect(after.relay.lastError).toMatch(
      /does not have it at revision 1 of .*, as an older copy of it does not: .*relay renew/,
    );
    await after.stop();
  });

  it('creates its topic as asked for, and leaves one that is there as it is', async () => {
    const kafka = someTopic(kafkaBrokers()!, { partitions: 4, replication: 1, retentionMs: 7_200_000 });
    const running = startRelay(bench, kafka);
    await running.caughtUp();
    await running.stop();
    const created = await onAdmin(async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [kafka.topic] });
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: kafka.topic, configNames: ['retention.ms'] }],
      });
      return [topics[0]!.partitions.length, resources[0]!.configEntries[0]!.configValue];
    });
    expect(created).toEqual([4, '7200000']);
    const again = startRelay(bench, { ...kafka, partitions: 9 });
    await again.caughtUp();
    await again.stop();
    expect(again.relay.topic).toMatchObject({ partitions: 4 });
  });

  it('sends all again to a topic that was deleted, while it was away or at work', async () => {
    const kafka = someTopic(kafkaBrokers()!);
    const before = startRelay(bench, kafka);
    await before.caughtUp();
    await before.stop();
    const { events } = await relayed(bench.eventStore, kafka);
    const deleted = () => onAdmin((admin) => admin.deleteTopics({ topics: [kafka.topic] }));
    await deleted();
    const after = startRelay(bench, kafka);
    await after.caughtUp();
    expect(await relayed(bench.eventStore, kafka)).toMatchObject({ faults: [], events, repeated: 0 });
    await deleted();
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order), tags('after'));
    await after.caughtUp();
    await after.stop();
    expect(await relayed(bench.eventStore, kafka)).toMatchObject({ faults: [], events: events + 2 });
  });

  it('sends all again to a topic that others deleted and made anew while it had nothing to send, and nothing later before', async () => {
    const kafka = someTopic(kafkaBrokers()!);
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order), tags('before'));
    const running = startRelay(bench, kafka, { lookAfterMs: 0 });
    await running.caughtUp();
    await until('it is live', () => running.relay.state === 'live', PATIENCE_MS);
    const { events } = await relayed(bench.eventStore, kafka);
    await madeAnew(kafka);
    await order.does(tags('after'));
    const all = async () => (await relayed(bench.eventStore, kafka)).messages.length > events;
    await until('all is there again', all, PATIENCE_MS);
    await running.stop();
    expect(await relayed(bench.eventStore, kafka)).toMatchObject({ faults: [], repeated: 0 });
  });

  // As where it was killed after it wrote a first event to it.
  it('sends all again to a topic that was made anew while it was away, and has a later event already', async () => {
    const kafka = someTopic(kafkaBrokers()!);
    const before = startRelay(bench, kafka);
    await before.caughtUp();
    await before.stop();
    const { key, headers, value } = (await relayed(bench.eventStore, kafka)).messages.at(-1)!;
    await madeAnew(kafka);
    const client = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING });
    const writer = new TopicWriter(client, await openTopic(client, kafka, SILENT), 'none');
    await writer.send([{ key: key!, headers, value }]);
    await writer.close();
    const after = startRelay(bench, kafka);
    await after.caughtUp();
    await until('it is live', () => after.relay.state === 'live', PATIENCE_MS);
    await after.stop();
    const { events, messages } = await relayed(bench.eventStore, kafka);
    expect(messages).toHaveLength(events + 1);
    expect(new Set(messages.map(({ headers }) => headers['ce_id'])).size).toBe(events);
  });

  it('does not split orders over the partitions that were added, and sends all again when it is renewed', async () => {
    const kafka = someTopic(kafkaBrokers()!);
    const orders = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const order = new WrittenOrder(bench.eventStore);
        await order.does(place(order), tags('before'));
        return order;
      }),
    );
    const before = startRelay(bench, kafka);
    await before.caughtUp();
    await before.stop();
    const { messages: sent } = await relayed(bench.eventStore, kafka);
    await onAdmin((admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: kafka.topic, count: 11 }] }),
    );
    for (const order of orders) await order.does(tags('since'));
    const after = startRelay(bench, kafka);
    await until('it says so', () => after.relay.state === 'failing', PATIENCE_MS);
    expect(after.relay.lastError).toMatch(/has 11 partitions instead of 3, .*: orderctl relay renew/);
    await after.stop();
    expect((await relayed(bench.eventStore, kafka)).messages).toHaveLength(sent.length);

    const { clusterId } = await onAdmin((admin) => admin.describeCluster());
    expect(await forgetSent(bench.postgresUrl, { clusterId, topic: kafka.topic })).toBe(true);
    const renewed = startRelay(bench, kafka);
    await renewed.caughtUp();
    await renewed.stop();
    // Whoever leaves out repetitions has each order whole, and in order, in the partition that it is in now.
    const { messages } = await relayed(bench.eventStore, kafka);
    for (const { orderId } of orders) {
      const last = messages.find(
        ({ key, headers }) => key === orderId && headers['ce_orderrevision'] === '2',
      )!;
      const there = messages.filter(({ key, partition }) => key === orderId && partition === last.partition);
      const revisions = there.map(({ headers }) => headers['ce_orderrevision']);
      expect(revisions.slice(-3)).toEqual(['0', '1', '2']);
    }
  });

  it('lacks nothing in its topic where orders are placed while the topic is compared', async () => {
    const kafka = someTopic(kafkaBrokers()!);
    const running = startRelay(bench, kafka);
    await running.caughtUp();
    const { clusterId } = await onAdmin((admin) => admin.describeCluster());
    const store = new RelayStore(bench.pool, { clusterId, topic: kafka.topic });
    const parked = async () => {
      const order = new WrittenOrder(bench.eventStore);
      await order.does(place(order), tags('since'));
      await running.caughtUp();
      return store.parked();
    };
    const verified = await verifyTopic({
      ...{ eventStore: bench.eventStore, topic: kafka.topic },
      kafka: new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }),
      relay: { position: () => store.position(), skipped: () => store.skipped(), parked },
    });
    await running.stop();
    expect(verified.differences).toEqual([]);
    expect(verified.messages).toBe(verified.events + 2);
  });

  it('splits what is too large together, and leaves out what is too large by itself', async () => {
    const kafka = someTopic(kafkaBrokers()!);
    await narrowTopic(kafka);
    const message = (key: string, bytes: number): OutgoingMessage => ({
      key,
      value: JSON.stringify('x'.repeat(bytes)),
      headers: { ce_id: randomUUID() },
    });
    const small = Array.from({ length: 60 }, (_, i) => message(`order-${i % 7}`, 1_000));
    const large = message('large', 30_000);
    const all = [
      ...small.slice(0, 30),
      large,
      message('large', 10),
      ...small.slice(30),
      message('large', 10),
    ];
    // As if nobody had told it of the limit.
    const topic = {
      clusterId: 'any',
      topic: kafka.topic,
      partitions: 1,
      batchMaxBytes: 1_000_000,
      ends: [0n],
    };
    const client = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING });
    const writer = new TopicWriter(client, topic, 'none');
    const refused = await writer.send(all);
    await writer.close();
    expect(refused).toEqual([{ message: large, reason: expect.stringContaining('bytes)') }]);
    const firsts = new Set<string>();
    await readTopic(kafka, ({ headers }) => firsts.add(headers['ce_id']!));
    expect([...firsts]).toEqual(small.map(({ headers }) => headers['ce_id']));
  });

  it('parks an order whose message is too large, and sends it once the topic takes it', async () => {
    const kafka = someTopic(kafkaBrokers()!, { partitions: 1 });
    await narrowTopic(kafka);
    const [large, small] = [new WrittenOrder(bench.eventStore), new WrittenOrder(bench.eventStore)];
    await small.does(place(small));
    await large.does(place(large, 400), tags('first'));
    await small.does(tags('after'));
    const running = startRelay(bench, kafka);
    await running.caughtUp();
    await large.does(tags('second'));
    await small.does(tags('last'));
    await running.caughtUp();
    await running.stop();
    expect(await parkedFor(kafka)).toEqual([
      [large.orderId, 0, expect.stringMatching(/larger than.* bytes\)/)],
      [large.orderId, 1, expect.stringMatching(/earlier/)],
      [large.orderId, 2, expect.stringMatching(/earlier/)],
    ]);
    const without = await relayed(bench.eventStore, kafka);
    expect(without.faults).toHaveLength(1);
    expect(without.faults[0]).toContain(large.orderId);

    // Tried again at the next start; the limit is as it was.
    const vain = startRelay(bench, kafka);
    await vain.caughtUp();
    await vain.stop();
    expect(await parkedFor(kafka)).toHaveLength(3);

    await onAdmin((admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: ConfigResourceTypes.TOPIC,
            name: kafka.topic,
            configEntries: [{ name: 'max.message.bytes', value: '1000000' }],
          },
        ],
      }),
    );
    const mended = startRelay(bench, kafka);
    await until('nothing is parked', async () => (await parkedFor(kafka)).length === 0, PATIENCE_MS);
    await mended.caughtUp();
    await mended.stop();
    expect((await relayed(bench.eventStore, kafka)).faults).toEqual([]);
  });

  it('runs in the projector, which names it in its status, and does without Kafka', async () => {
    const kafka = someTopic(kafkaBrokers()!);
    const settings = {
      postgresUrl: bench.postgresUrl,
      eventStoreUrl: bench.eventStoreUrl,
      host: '127.0.0.1',
      port: 0,
      elasticsearch: null,
      indexPrefix: null,
    };
    const statusOf = async (port: number) => {
      const answer = await fetch(`http://127.0.0.1:${port}/status`);
      return (await answer.json()) as {
        projections: { state: string }[];
        relay: { state: string; lag: string | null; lastError: string | null; topic: string | null };
      };
    };
    const app = await startProjector({ ...settings, kafka }, createLogger('projector', 'silent'));
    const live = await until(
      'the relay is live',
      async () => {
        const { relay } = await statusOf(app.port!);
        return relay.state === 'live' && relay.lag === '0' && relay;
      },
      PATIENCE_MS,
    );
    expect(live).toMatchObject({ topic: kafka.topic, partitions: 3, parked: { orders: 0 }, lagMs: 0 });
    await app.close();

    const nobody = { ...kafka, brokers: ['127.0.0.1:9'] };
    const without = await startProjector({ ...settings, kafka: nobody }, createLogger('projector', 'silent'));
    const status = await until(
      'rows go on',
      async () => {
        const found = await statusOf(without.port!);
        return found.projections[0]!.state === 'live' && found.relay.state === 'waiting' && found;
      },
      PATIENCE_MS,
    );
    expect(status.relay.lastError).toMatch(/127\.0\.0\.1:9/);
    await without.close();
  });

  it('parks what it cannot read with all that follows of the order, and the others move on', async () => {
    const [odd, good] = [new WrittenOrder(bench.eventStore), new WrittenOrder(bench.eventStore)];
    await odd.does(place(odd));
    await good.does(place(good));
    const { type: _, ...rest } = someEvent();
    await bench.eventStore.append(odd.stream, [{ ...rest, type: 'OrderPainted' }], 0);
    await bench.eventStore.append(odd.stream, [someEvent()], 1);
    await good.does(tags('moves on'));
    const kafka = someTopic(kafkaBrokers()!);
    const running = startRelay(bench, kafka);
    await running.caughtUp();
    expect(running.relay.sending).toMatchObject({ parkedOrders: 1, parkedEvents: 2 });
    await running.stop();
    expect(await parkedFor(kafka)).toEqual([
      [odd.orderId, 1, expect.stringContaining('does not know the type')],
      [odd.orderId, 2, 'an earlier event of the order is parked'],
    ]);
    const { messages, faults } = await relayed(bench.eventStore, kafka);
    expect(faults).toEqual([expect.stringContaining(odd.orderId)]);
    const keys = messages.map(({ key }) => key);
    expect(keys.filter((key) => key === odd.orderId)).toHaveLength(1);
    expect(keys.filter((key) => key === good.orderId)).toHaveLength(2);
  });

  it('sends what follows an event that a person has it leave out, and verify knows of it', async () => {
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order), tags('before'));
    await order.receives({ type: 'OrderPainted' });
    await order.does(tags('after'));
    const kafka = someTopic(kafkaBrokers()!);
    const running = startRelay(bench, kafka);
    await running.caughtUp();
    const { clusterId } = running.relay.topic!;
    const scope = { projection: `relay:${clusterId}:${kafka.topic}`, generation: 0 };
    // Said to be there before it is written down.
    const parked = await until(
      'it is parked',
      async () => {
        const events = await parkedEventsOf(bench.pool, order.orderId);
        return events.length > 0 && events;
      },
      PATIENCE_MS,
    );
    expect(parked).toMatchObject([
      { ...scope, revision: 2, type: 'OrderPainted', kind: 'permanent', tries: 1 },
      { ...scope, revision: 3, type: 'TagsChanged', kind: 'behind', firstTriedAt: null },
    ]);
    const retried = await act(bench, order, { ...scope, action: 'retry' });
    expect(retried).toMatchObject({
      succeeded: false,
      outcome: expect.stringMatching(/still parked at event 2/),
    });
    const wrong = await act(bench, order, { ...scope, action: 'skip', revision: 3, reason: 'a mistake' });
    expect(wrong).toMatchObject({ succeeded: false });
    const skip = { ...scope, action: 'skip', revision: 2, reason: 'nobody needs it' } as const;
    expect(await act(bench, order, skip)).toMatchObject({
      succeeded: true,
      outcome: 'event 2 is skipped; the parked events of 1 order are sent',
    });
    await order.does(tags('last'));
    await running.caughtUp();
    await running.stop();
    expect(await parkedEventsOf(bench.pool, order.orderId)).toEqual([]);
    expect(await revisionsOf(order, kafka)).toEqual(['0', '1', '3', '4']);
    const verified = await verifyTopic({
      ...{ eventStore: bench.eventStore, topic: kafka.topic },
      kafka: new Kafka({ brokers: [...kafkaBrokers()!], logLevel: logLevel.NOTHING }),
      relay: new RelayStore(bench.pool, { clusterId, topic: kafka.topic }),
    });
    expect(verified.differences.filter(({ orderId }) => orderId === order.orderId)).toEqual([]);

    const rebuilt = someTopic(kafkaBrokers()!);
    const told = await sendAgain({
      ...{ eventStore: bench.eventStore, config: rebuilt, signal: new AbortController().signal },
      range: { from: 0n, to: (await bench.eventStore.headPosition())! },
      relayed: await relayedSoFar(rebuilt, bench.postgresUrl),
      onPosition: () => {},
    });
    expect(told).toMatchObject({ skipped: 1 });
    expect(await revisionsOf(order, rebuilt)).toEqual(['0', '1', '3', '4']);
  });

  it('is replayed from what was left out where a replay was interrupted behind it', async () => {
    const kafka = someTopic(kafkaBrokers()!, { partitions: 1 });
    await narrowTopic(kafka);
    const from = (await bench.eventStore.headPosition())! + 1n;
    const [small, large] = [new WrittenOrder(bench.eventStore), new WrittenOrder(bench.eventStore)];
    await small.does(place(small), tags('one'));
    await large.does(place(large, 400), tags('behind'));
    await small.does(tags('two'), tags('three'));
    const stop = new AbortController();
    const placed = (await collected(bench.eventStore.readStream(large.stream)))[0]!.position;
    const interrupted = sendAgain({
      ...{ eventStore: bench.eventStore, config: kafka, signal: stop.signal, batchMaxEvents: 2 },
      range: { from, to: (await bench.eventStore.headPosition())! },
      relayed: await relayedSoFar(kafka, bench.postgresUrl),
      onPosition: (position) => {
        if (position > placed) stop.abort();
      },
    });
    await expect(interrupted).rejects.toThrow(
      new RegExp(`without default ${large.orderId} from event 0 on \\(.*\\): go on with --from ${placed},`),
    );
  });
});

/** Deletes the topic and creates it again, with as many partitions as were asked for. */
async function madeAnew({ topic, partitions }: KafkaConfig): Promise<void> {
  const topics = [{ topic, numPartitions: partitions! }];
  await onAdmin(async (admin) => {
    await admin.deleteTopics({ topics: [topic] });
    await until(
      'it is made anew',
      async () =>
        (await admin.createTopics({ topics, waitForLeaders: true }).catch(() => false)) ||
        // It may have been made although the answer was late, or said otherwise.
        (await admin.listTopics()).includes(topic),
      PATIENCE_MS,
    );
  });
}

/** One that takes no more than 20,000 bytes at once. */
async function narrowTopic({ topic }: KafkaConfig): Promise<void> {
  const configEntries = [{ name: 'max.message.bytes', value: '20000' }];
  const topics = [{ topic, numPartitions: 1, configEntries }];
  await onAdmin((admin) => admin.createTopics({ waitForLeaders: true, topics }));
}

async function parkedFor({ topic }: KafkaConfig): Promise<[string, number, string][]> {
  const rows = await bench.rows<{ order_id: string; revision: number; reason: string }>(
    `SELECT order_id, revision, reason FROM orderlog.quarantine
     WHERE projection LIKE '%:' || $1 AND generation = 0 ORDER BY order_id, revision`,
    [topic],
  );
  return rows.map(({ order_id: orderId, revision, reason }) => [orderId, revision, reason]);
}

async function revisionsOf({ orderId }: WrittenOrder, { brokers, topic }: KafkaConfig): Promise<string[]> {
  const revisions: string[] = [];
  await readTopic({ brokers, topic }, ({ key, headers }) => {
    if (key === orderId) revisions.push(headers['ce_orderrevision']!);
  });
  return revisions;
}

async function onAdmin<T>(ask: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Kafka({ brokers: [...kafkaBrokers()!], logLevel: logLevel.NOTHING }).admin();
  try {
    await admin.connect();
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
}
