import type { Batch, Consumer, Kafka } from 'kafkajs';
import type { DeadLetters } from './dead-letters.js';
import type { Inbox, Received } from './inbox.js';
import { log } from './log.js';
import { rawMessageOf, readOrderEvent } from './order-event.js';
import type { Settings } from './settings.js';

/** How long Kafka waits for a member that died before others get its partitions. */
const SESSION_MS = 10_000;
const HEARTBEAT_MS = 2_000;
const RETRY_MAX_MS = 5_000;
const HOUR_MS = 3_600_000;

interface IntakeOptions {
  readonly settings: Settings;
  readonly inbox: Inbox;
  readonly deadLetters: DeadLetters;
  /** Called when there may be something new to send. */
  readonly onAccepted: () => void;
  /** Called when Kafka says that this consumer can't go on. */
  readonly onCrash: (error: Error) => void;
}

/**
 * Takes order events off the topic into the inbox. A batch's offset is committed to Kafka after its messages are
 * committed in the inbox. After a crash between the two, the batch comes again, and the inbox recognises its
 * messages. After an error (PostgreSQL away, a rebalance), kafkajs tries again from the last committed offset.
 */
export async function startIntake(kafka: Kafka, options: IntakeOptions): Promise<Consumer> {
  const { settings, onCrash } = options;
  const consumer = kafka.consumer({
    groupId: settings.NOTIFIER_GROUP,
    sessionTimeout: SESSION_MS,
    heartbeatInterval: HEARTBEAT_MS,
    allowAutoTopicCreation: false,
    retry: { maxRetryTime: RETRY_MAX_MS },
  });
  consumer.on('consumer.crash', ({ payload: { error, restart } }) => {
    if (!restart) onCrash(error);
  });
  consumer.on('consumer.group_join', ({ payload: { memberAssignment } }) => {
    log('info', 'the notifier has joined its group', {
      partitions: memberAssignment[settings.NOTIFIER_TOPIC] ?? [],
    });
  });
  await consumer.connect();
  // From the start of the topic: events are left out by their age, not because they came before the group existed.
  await consumer.subscribe({ topic: settings.NOTIFIER_TOPIC, fromBeginning: true });
  const strange = new Set<string>();
  await consumer.run({
    autoCommit: false,
    eachBatch: async (payload) => {
      const { batch } = payload;
      await takeIn(batch, { ...options, heartbeat: () => payload.heartbeat() }, strange);
      const offset = String(BigInt(batch.lastOffset()) + 1n);
      await consumer.commitOffsets([{ topic: batch.topic, partition: batch.partition, offset }]);
    },
  });
  return consumer;
}

/** @param strange unknown types that were already logged */
async function takeIn(
  { partition, messages }: Batch,
  { settings, inbox, deadLetters, onAccepted, heartbeat }: IntakeOptions & { heartbeat: () => Promise<void> },
  strange: Set<string>,
): Promise<void> {
  const bounds = { tenant: settings.NOTIFIER_TENANT, maxAgeMs: settings.NOTIFIER_MAX_AGE_HOURS * HOUR_MS };
  const received: Received[] = [];
  let tooOld = 0;
  for (const message of messages) {
    const raw = rawMessageOf(message);
    const reading = readOrderEvent(raw, bounds);
    if (reading.kind === 'event') received.push({ event: reading.event, raw });
    else if (reading.kind === 'malformed') {
      const { offset } = message;
      log('error', 'an event cannot be read, and became a dead letter', {
        partition,
        offset,
        reason: reading.why,
      });
      await deadLetters.add(raw, `malformed: ${reading.why}`);
      // Each dead letter waits for Kafka. After many of them without a heartbeat, Kafka would give this consumer
      // up, and the whole batch would come again.
      await heartbeat();
    } else if (reading.why === 'age') tooOld++;
    else if (reading.why === 'newer version' && !strange.has(reading.type)) {
      strange.add(reading.type);
      log('warn', 'events of a type that only a newer notifier knows are ignored', { type: reading.type });
    }
  }
  if (tooOld > 0)
    log('info', 'events are ignored, because they are too old to tell anyone', { partition, events: tooOld });
  await inbox.accept(received);
  if (received.length > 0) onAccepted();
}
