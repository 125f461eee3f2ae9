import type { Batch, Consumer, Kafka } from 'kafkajs';
import type { DeadLetters } from './dead-letters.js';
import type { Inbox, Received } from './inbox.js';
import { log } from './log.js';
import { rawMessageOf, readOrderEvent, type RawMessage } from './order-event.js';
import { boundsOf, type Settings } from './settings.js';

/** How long Kafka waits for a member that died before others get its partitions. */
const SESSION_MS = 10_000;
const HEARTBEAT_MS = 2_000;
const RETRY_MAX_MS = 5_000;

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
      const { topic, partition } = batch;
      await takeIn(batch, { ...options, heartbeat: () => payload.heartbeat() }, strange);
      const offset = String(BigInt(batch.lastOffset()) + 1n);
      // Not `consumer.commitOffsets`: its errors do not say that Kafka gave this member up, as after a long wait for
      // PostgreSQL, and kafkajs would end the consumer in place of joining the group again.
      await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
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
  const bounds = boundsOf(settings);
  const received: Received[] = [];
  const malformed: { readonly raw: RawMessage; readonly offset: string; readonly why: string }[] = [];
  let tooOld = 0;
  for (const message of messages) {
    const raw = rawMessageOf(message);
    const reading = readOrderEvent(raw, bounds);
    if (reading.kind === 'event') received.push({ event: reading.event, raw });
    else if (reading.kind === 'malformed') malformed.push({ raw, offset: message.offset, why: reading.why });
    else if (reading.why === 'age') tooOld++;
    else if (reading.why === 'newer version' && !strange.has(reading.type)) {
      strange.add(reading.type);
      log('warn', 'events of a type that only a newer notifier knows are ignored', { type: reading.type });
    }
  }
  if (tooOld > 0)
    log('info', 'events are ignored, because they are too old to tell anyone', { partition, events: tooOld });
  await inbox.accept(received);
  if (received.length > 0) onAccepted();
  // After the inbox: while PostgreSQL is away, the whole batch comes again and again, and each time they would be added.
  for (const { raw, offset, why } of malformed) {
    // Each dead letter waits for Kafka, which would give this consumer up after many of them without a heartbeat. And
    // if it has done so, it says so here: then the whole batch comes again, and none may have been added.
    await heartbeat();
    log('error', 'an event cannot be read, and became a dead letter', { partition, offset, reason: why });
    await deadLetters.add(raw, `malformed: ${why}`);
  }
}
