import { randomUUID } from 'node:crypto';
import { parseOrderStream } from '#event-store/streams.js';
import type { EventStore } from '#event-store/port.js';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import { createLogger } from '#platform/logging.js';
import { Relay, type RelayOptions } from '#projections/relay/relay.js';
import type { ProjectionBench } from './projections.js';
import { readTopic, type TopicMessage } from './read-topic.js';
import { until } from './until.js';

const CATCH_UP_MS = 60_000;

/** Settings of a Kafka for the relay, with a topic that no other test uses. */
export function someTopic(brokers: readonly string[], more: Partial<KafkaConfig> = {}): KafkaConfig {
  return {
    brokers,
    topic: `relayed-${randomUUID()}`,
    partitions: 3,
    replication: null,
    retentionMs: null,
    compression: 'none',
    tls: null,
    sasl: null,
    ...more,
  };
}

export interface RunningRelay {
  readonly relay: Relay;
  /** Waits until everything that is in the store now is in the topic or parked. */
  caughtUp(): Promise<void>;
  stop(): Promise<void>;
}

export function startRelay(
  bench: Pick<ProjectionBench, 'eventStore' | 'postgresUrl'>,
  kafka: KafkaConfig,
  more: Pick<RelayOptions, 'lookAfterMs'> = {},
): RunningRelay {
  const relay = new Relay({
    eventStore: bench.eventStore,
    postgresUrl: bench.postgresUrl,
    kafka,
    logger: createLogger('relay', 'silent'),
    ...more,
  });
  const abort = new AbortController();
  const ended = relay.run(abort.signal);
  return {
    relay,
    caughtUp: async () => {
      const head = (await bench.eventStore.headPosition()) ?? -1n;
      const there = () => (relay.sending?.position ?? -1n) >= head;
      await until('the relay is at the head', there, CATCH_UP_MS);
    },
    stop: async () => {
      abort.abort();
      await ended;
    },
  };
}

export interface Relayed {
  /** In the order of each partition. */
  readonly messages: readonly TopicMessage[];
  /** Orders and events found in the store. */
  readonly orders: number;
  readonly events: number;
  /** Messages that repeat another. */
  readonly repeated: number;
  /** One line for each promise of the relay that the topic breaks. */
  readonly faults: readonly string[];
}

/**
 * Compares the whole topic with the store: every event is there at least once, first occurrences are in order per
 * order and in one partition, and a repetition is the same message.
 */
export async function relayed(store: EventStore, { brokers, topic }: KafkaConfig): Promise<Relayed> {
  const expected = await eventIdsByOrder(store);
  const messages: TopicMessage[] = [];
  await readTopic({ brokers, topic }, (message) => messages.push(message));
  const faults: string[] = [];
  const firsts = new Map<string, TopicMessage>();
  const found = new Map<string, string[]>();
  const partitions = new Map<string, number>();
  for (const message of messages) {
    const id = message.headers['ce_id'] ?? 'none';
    const key = `${message.headers['ce_source']}/${message.key}`;
    if ((partitions.get(key) ?? message.partition) !== message.partition)
      faults.push(`${key}: two partitions`);
    partitions.set(key, message.partition);
    const first = firsts.get(id);
    if (first === undefined) {
      firsts.set(id, message);
      found.set(key, [...(found.get(key) ?? []), id]);
    } else if (contentOf(first) !== contentOf(message)) {
      faults.push(`${key}: ${id} came again as another message`);
    }
  }
  for (const key of found.keys()) if (!expected.has(key)) faults.push(`${key}: is in no store`);
  for (const [key, ids] of expected) {
    const sent = found.get(key) ?? [];
    const at = ids.findIndex((id, index) => sent[index] !== id);
    if (at !== -1)
      faults.push(`${key}: event ${at} of ${ids.length} is ${ids[at]}, message ${at} ${sent[at]}`);
    if (sent.length > ids.length) faults.push(`${key}: ${sent.length} messages of ${ids.length} events`);
  }
  const events = [...expected.values()].reduce((sum, ids) => sum + ids.length, 0);
  return { messages, orders: expected.size, events, repeated: messages.length - firsts.size, faults };
}

function contentOf({ key, headers, value }: TopicMessage): string {
  return JSON.stringify([key, headers, value]);
}

async function eventIdsByOrder(store: EventStore): Promise<Map<string, string[]>> {
  const ids = new Map<string, string[]>();
  const reading = new AbortController();
  try {
    const all = store.subscribeToAll({ after: null, streamPrefix: 'order-', signal: reading.signal });
    for await (const message of all) {
      if (message.kind === 'caught_up') break;
      if (message.kind !== 'event') continue;
      const { tenantId, orderId } = parseOrderStream(message.event.stream)!;
      const key = `/orderlog/${tenantId}/${orderId}`;
      const known = ids.get(key);
      if (known) known.push(message.event.eventId);
      else ids.set(key, [message.event.eventId]);
    }
    return ids;
  } finally {
    reading.abort();
  }
}
