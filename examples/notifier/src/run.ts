import type { Kafka } from 'kafkajs';
import { setTimeout } from 'node:timers/promises';
import { attemptMessage } from './attempt.js';
import { openDatabase } from './database.js';
import { DeadLetters } from './dead-letters.js';
import { Inbox } from './inbox.js';
import { startIntake } from './intake.js';
import { kafkaOf } from './kafka.js';
import { causeOf, log } from './log.js';
import { Mailer } from './mailer.js';
import { openOrders } from './orders.js';
import { Sender } from './sender.js';
import type { Settings } from './settings.js';

const LOOK_FOR_TOPIC_EVERY_MS = 1_000;
const STATUS_EVERY_MS = 30_000;
/**
 * Longest wait to leave Kafka: kafkajs may wait for a broker that is away. Kafka drops a lost member by itself.
 */
const LEAVE_LIMIT_MS = 10_000;
/** Database connections besides those that send: for the intake and the status. */
const CONNECTIONS_BESIDES = 2;

/** Runs until the signal aborts; then finishes the work under way. @throws when it can't start, or can't go on */
export async function run(settings: Settings, signal: AbortSignal): Promise<void> {
  const connections = settings.NOTIFIER_CONCURRENCY + CONNECTIONS_BESIDES;
  const pool = await openDatabase(settings.NOTIFIER_POSTGRES_URL, settings.NOTIFIER_SCHEMA, connections);
  const kafka = kafkaOf(settings);
  const deadLetters = new DeadLetters(kafka, settings.NOTIFIER_DEAD_LETTERS_TOPIC);
  try {
    await deadLetters.open();
    await untilTopic(kafka, settings.NOTIFIER_TOPIC, signal);
    if (!signal.aborted) await work(settings, { kafka, deadLetters, inbox: new Inbox(pool) }, signal);
  } finally {
    await closed('the producer of dead letters', deadLetters.close());
    await pool.end();
  }
}

interface Parts {
  readonly kafka: Kafka;
  readonly deadLetters: DeadLetters;
  readonly inbox: Inbox;
}

async function work(
  settings: Settings,
  { kafka, deadLetters, inbox }: Parts,
  signal: AbortSignal,
): Promise<void> {
  const mailer = new Mailer(settings.NOTIFIER_SMTP_URL, settings.NOTIFIER_FROM);
  const orders = openOrders({
    queryUrl: settings.NOTIFIER_QUERY_URL,
    tokenFile: settings.NOTIFIER_TOKEN_FILE,
  });
  const sender: Sender = new Sender({
    inbox,
    concurrency: settings.NOTIFIER_CONCURRENCY,
    retryMs: settings.NOTIFIER_RETRY_MS,
    attempt: (message, client) =>
      attemptMessage(message, client, {
        settings,
        orders,
        mailer,
        deadLetters,
        onEngines: (condition) => sender.noteEngines(condition),
      }),
  });
  let onCrash: (error: Error) => void = () => undefined;
  const crash = new Promise<never>((_, failed) => (onCrash = failed));
  crash.catch(() => undefined); // it may come while the consumer still starts
  const over = new AbortController();
  try {
    const onAccepted = () => sender.wake();
    const consumer = await startIntake(kafka, { settings, inbox, deadLetters, onAccepted, onCrash });
    log('info', 'ready');
    try {
      await Promise.race([tellStatus(inbox, AbortSignal.any([signal, over.signal])), crash]);
    } finally {
      over.abort(); // or the process would stay, to tell what it no longer does
      await closed('the consumer', consumer.disconnect()); // after the batch that is under way
    }
  } finally {
    await sender.stop();
  }
}

/**
 * Waits for the topic. A topic that is created by being read would have the broker's default number of partitions.
 */
async function untilTopic(kafka: Kafka, topic: string, signal: AbortSignal): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    for (let told = false; !signal.aborted && !(await admin.listTopics()).includes(topic); told = true) {
      if (!told) log('warn', 'the topic does not exist yet: waiting for it', { topic });
      await pause(LOOK_FOR_TOPIC_EVERY_MS, signal);
    }
  } finally {
    await admin.disconnect();
  }
}

async function tellStatus(inbox: Inbox, signal: AbortSignal): Promise<void> {
  for (;;) {
    await pause(STATUS_EVERY_MS, signal);
    if (signal.aborted) return;
    try {
      log('info', 'the inbox holds this many messages of each state', await inbox.counts());
    } catch (error) {
      log('error', 'the inbox does not answer', { reason: causeOf(error) });
    }
  }
}

async function closed(what: string, closing: Promise<void>): Promise<void> {
  const over = new AbortController();
  const late = pause(LEAVE_LIMIT_MS, over.signal).then(() => true);
  try {
    const isLate = await Promise.race([closing.then(() => false), late]);
    if (isLate) log('warn', `${what} could not be closed in time: Kafka does not answer`);
  } finally {
    over.abort();
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}
