import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import kafkajs from 'kafkajs';
import type pg from 'pg';
import { createKafka } from '#platform/kafka.js';
import { createLogger } from '#platform/logging.js';
import { MessageMaker } from '#projections/relay/outgoing.js';
import { Sending } from '#projections/relay/sending.js';
import { TopicWriter } from '#projections/relay/topic-writer.js';
import { prepareSharedTables } from '#read-models/generations.js';
import { RelayStore, relayLease } from '#read-models/stores/relay-store.js';
import { takeLease } from '../../support/leases.js';
import { WrittenOrder, place, tags } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { UNKNOWN_TYPE } from '../../support/quarantine.js';
import { someTopic } from '../../support/relays.js';
import { collected } from '../../support/stored-events.js';

jest.setTimeout(ENGINES_MS);

const KAFKA = someTopic(['127.0.0.1:9']); // nobody listens there
const TARGET = { clusterId: 'cluster', topic: KAFKA.topic };

describe('the relay while Kafka is away', () => {
  const logger = createLogger('relay', 'silent');
  let bench: ProjectionBench;
  let db: pg.PoolClient;
  let store: RelayStore;
  let sending: Sending;
  let writer: TopicWriter;
  let order: WrittenOrder;

  beforeEach(async () => {
    bench = await ProjectionBench.open();
    await prepareSharedTables(bench.pool);
    db = await bench.pool.connect();
    store = new RelayStore(db, TARGET);
    const token = await takeLease(db, relayLease(TARGET));
    sending = new Sending(store, { eventStore: bench.eventStore, logger, token });
    const topic = { ...TARGET, partitions: 1, batchMaxBytes: 1_000_000 };
    writer = new TopicWriter(createKafka(KAFKA, 'tests', logger), topic, 'none');
    order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
  });
  afterEach(async () => {
    db.release();
    await bench.close();
  });

  /** A batch of some events of the order. */
  async function send(fromRevision: number, maxCount: number): Promise<bigint> {
    const events = await collected(bench.eventStore.readStream(order.stream, { fromRevision, maxCount }));
    const { position } = events.at(-1)!;
    const outgoing = await new MessageMaker(bench.eventStore).make(events);
    await sending.send(writer, { outgoing, position });
    return position;
  }

  it('stays where it was, and so has to send again what nobody acknowledged', async () => {
    await expect(send(0, 1)).rejects.toBeInstanceOf(kafkajs.KafkaJSError);
    await sending.settle();
    expect([sending.position, await store.position()]).toEqual([null, null]);
  });

  it('parks what has no message, with what follows of its order then and later, and tries to send none of it', async () => {
    await order.receives({ type: UNKNOWN_TYPE });
    await order.does(tags('behind it'), tags('later'));
    await send(1, 2);
    const position = await send(3, 1);
    await sending.settle();
    expect((await store.parked()).map(({ revision, kind }) => [revision, kind])).toEqual([
      [1, 'permanent'],
      [2, 'behind'],
      [3, 'behind'],
    ]);
    expect(await store.position()).toBe(position);
  });
});
