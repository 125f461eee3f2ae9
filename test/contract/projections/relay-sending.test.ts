import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import kafkajs from 'kafkajs';
import type pg from 'pg';
import { StoreUnavailable } from '#event-store/errors.js';
import type { ExactEventStore } from '#event-store/port.js';
import type { OutgoingMessage } from '#integration-events/kafka-binding.js';
import { createKafka } from '#platform/kafka.js';
import { createLogger } from '#platform/logging.js';
import { storeNow } from '#projections/engine/store-now.js';
import { MessageMaker } from '#projections/relay/outgoing.js';
import { serveRelayActions } from '#projections/relay/relay-actions.js';
import { Sending } from '#projections/relay/sending.js';
import { TopicWriter } from '#projections/relay/topic-writer.js';
import { prepareSharedTables } from '#read-models/generations/generation.js';
import { bindToStore } from '#read-models/generations/made-from.js';
import { RelayStore, relayLease } from '#read-models/stores/relay.store.js';
import { takeLease } from '../../support/leases.js';
import { WrittenOrder, place, tags } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { act, UNKNOWN_TYPE } from '../../support/quarantine.js';
import { someTopic } from '../../support/relays.js';
import { collected } from '../../support/stored-events.js';
import { unreadableStreams } from '../../support/unreadable-streams.js';

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
  /** Whether a read of a stream fails. */
  let fails: (stream: string) => boolean;
  let eventStore: ExactEventStore;

  beforeEach(async () => {
    bench = await ProjectionBench.open();
    await prepareSharedTables(bench.pool);
    db = await bench.pool.connect();
    store = new RelayStore(db, TARGET);
    const token = await takeLease(db, relayLease(TARGET));
    fails = () => false;
    eventStore = unreadableStreams(bench.eventStore, (stream) => fails(stream));
    sending = new Sending(store, { eventStore, logger, token });
    const topic = { ...TARGET, partitions: 1, batchMaxBytes: 1_000_000, ends: [41n] };
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
    const outgoing = await new MessageMaker(eventStore).make(events);
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

  it('notes the last event and the ends of its topic with its position, and is not gone on with from a store that has lost it', async () => {
    await order.receives({ type: UNKNOWN_TYPE });
    await order.does(tags('behind it'));
    const position = await send(1, 2);
    await sending.settle();
    const [, , lastEvent] = await collected(bench.eventStore.readStream(order.stream));
    const { stream, revision, eventId } = lastEvent!;
    const reached = await store.reached();
    expect(reached).toEqual({ position, lastEvent: { stream, revision, eventId }, ends: [41n] });

    const empty = { outgoing: [], position: position + 5n };
    await sending.send(writer, empty);
    await sending.settle();
    expect(await store.reached()).toEqual({ ...reached, position: empty.position });

    const now = await storeNow(eventStore);
    const bind = (lacks: typeof now.lacks) =>
      bindToStore(db, relayLease(TARGET), reached, { ...now, lacks }, 'begin anew');
    await bind(now.lacks);
    await expect(bind((event) => now.lacks({ ...event, eventId: randomUUID() }))).rejects.toThrow(
      `up to event ${eventId}, but the event store does not have it at revision 2 of ${stream}, as an older copy of it does not: begin anew`,
    );
    await expect(bind((event) => now.lacks({ ...event, revision: 3 }))).rejects.toThrow('as an older copy');
  });

  it('parks an order whose stream alone cannot be read, and begins with it parked', async () => {
    await order.does(tags('a'), tags('b'));
    fails = (stream) => stream === order.stream;
    const position = await send(1, 2);
    await sending.settle();
    const reason = `${order.stream} is not given`;
    const parked = async () =>
      (await store.parked()).map(({ revision, kind, reason: why }) => [revision, kind, why]);
    const behind = [2, 'behind', reason];
    expect(await parked()).toEqual([[1, 'permanent', reason], behind]);
    expect(await store.position()).toBe(position);

    await sending.begin(writer, new MessageMaker(eventStore));
    expect(sending.parkedEvents).toBe(2);
    expect(await parked()).toEqual([[1, 'permanent', reason], behind]);
    expect(await sending.retry(order.orderId, writer, new MessageMaker(eventStore))).toEqual([
      { stream: order.stream, stuck: { revision: 1, reason } },
    ]);
    expect(await parked()).toEqual([[1, 'permanent', reason], behind]);
  });

  it('sends what is behind a skipped event once Kafka is back, though it was away when the event was skipped', async () => {
    await order.receives({ type: UNKNOWN_TYPE });
    await order.does(tags('behind it'));
    await send(1, 2);
    const sent: OutgoingMessage[] = [];
    let tries = 0;
    const kafka: Pick<TopicWriter, 'send'> = {
      send: async (messages) => {
        if (++tries === 1) throw new kafkajs.KafkaJSError('away');
        sent.push(...messages);
        return [];
      },
    };
    const scope = relayLease(TARGET);
    const maker = new MessageMaker(eventStore);
    const end = new AbortController();
    const asked = { db: db as unknown as pg.Client, scope, store, sending, maker, logger };
    const serving = serveRelayActions({ ...asked, writer: kafka as TopicWriter }, end.signal);
    const skip = { action: 'skip', revision: 1, reason: 'nobody needs it' } as const;
    try {
      expect(await act(bench, order, { ...scope, ...skip })).toMatchObject({
        succeeded: true,
        outcome: 'event 1 is skipped; the parked events of 1 order are sent',
      });
      expect([tries, sent.length, await store.parked()]).toEqual([2, 1, []]);
      expect(db.listenerCount('notification')).toBe(1); // it listens once, however often it fails
      expect(await act(bench, order, { ...scope, ...skip })).toMatchObject({
        succeeded: true,
        outcome: 'event 1 is skipped already',
      });
    } finally {
      end.abort();
      await serving;
    }
  });

  it('parks nothing of a stream that could not be read for a moment, or while the whole store is away', async () => {
    await order.does(tags('a'));
    let failures = 1;
    fails = () => failures-- > 0;
    await expect(send(1, 1)).rejects.toBeInstanceOf(kafkajs.KafkaJSError); // there is a message
    fails = () => true;
    eventStore.headPosition = () => Promise.reject(new StoreUnavailable('away'));
    await expect(send(1, 1)).rejects.toBeInstanceOf(StoreUnavailable);
    await sending.settle();
    expect([await store.parked(), await store.position()]).toEqual([[], null]);
  });
});
