import type { Command } from 'commander';
import { count, counted } from '#platform/counted.js';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import type { VerifyTopicResult } from '#projections/relay/verify-topic.js';
import { verify, type VerifyProgress, type VerifyResult } from '#projections/verify/verify.js';
import { Connection, withConnection, type ConnectionOptions } from '../support/connection.js';
import { openElasticsearch } from '../support/elasticsearch.js';
import { UsageError } from '../support/cli-error.js';
import type { verifiedTopic } from '../relay/verified-topic.js';
import { kafkaConfig } from '../support/kafka.js';
import { withEventStore } from '../support/event-store.js';
import { nowAndThen } from '../support/now-and-then.js';
import { printLine, printJson } from '../support/output.js';
import { withPostgres } from '../support/postgres.js';
import { wholeNumber } from '../support/whole-number.js';

interface VerifyOptions extends ConnectionOptions {
  readonly sample?: number;
  readonly json?: boolean;
  readonly kafka?: string | true;
  readonly topic?: string;
}

const SHOWN_DIFFERENCES = 20;

export function addVerifyCommand(program: Command): void {
  const command = program
    .command('verify')
    .description(
      'compare the read models with a fresh fold of every stream; exit code 1 when something differs',
    )
    .option('--sample <orders>', 'compare only this many orders, chosen at random', wholeNumber(1))
    .option(
      '--kafka [brokers]',
      "also verify the relay's topic, in the Kafka of the running system or at HOST:PORT,…",
    )
    .option('--topic <topic>', 'topic to verify instead of the configured one')
    .option('--json', 'print the result as JSON');
  withConnection(command, ['postgresUrl', 'eventStoreUrl', 'elasticsearchUrl'], { token: false }).action(
    runVerify,
  );
}

async function runVerify({ sample, json, kafka, topic, ...options }: VerifyOptions): Promise<void> {
  if (topic !== undefined && kafka === undefined)
    throw new UsageError('--topic has a meaning only with --kafka: also give --kafka or --kafka HOST:PORT,…');
  const connection = new Connection(options);
  const postgresUrl = await connection.address('postgresUrl');
  const eventStoreUrl = await connection.address('eventStoreUrl');
  const relayedTo = kafka === undefined ? null : await relayConfig(connection, { kafka, topic });
  const elasticsearch = await openElasticsearch(connection);
  const onProgress = progressTeller();
  try {
    const [rows, relayed] = await withPostgres(postgresUrl, 'orderctl verify', (pool) =>
      withEventStore(eventStoreUrl, async (eventStore) => [
        await verify({
          ...{ eventStore, pool, elasticsearch, onProgress },
          ...(sample === undefined ? {} : { sample }),
        }),
        relayedTo && (await verifyRelayed(relayedTo, { eventStore, pool })),
      ]),
    );
    const result = { ...rows, ...together(rows, relayed) };
    if (json) printJson({ ...result, topic: relayed }, { pretty: false });
    else printResult(result, relayed);
    process.exitCode = result.differenceCount === 0 ? 0 : 1;
  } finally {
    await elasticsearch?.close();
  }
}

/** The differences of rows, documents and messages in one list. */
function together(
  rows: VerifyResult,
  relayed: VerifyTopicResult | null,
): Pick<VerifyResult, 'differences' | 'differenceCount'> {
  return {
    differences: [...rows.differences, ...(relayed?.differences ?? [])],
    differenceCount: rows.differenceCount + (relayed?.differenceCount ?? 0),
  };
}

const verifyRelayed: typeof verifiedTopic = async (...args) => {
  const { verifiedTopic } = await import('../relay/verified-topic.js'); // and Kafka's client with it
  return verifiedTopic(...args);
};

/** The Kafka that was given, else the one that the running system relays to, else the one in the environment. */
async function relayConfig(
  connection: Connection,
  { kafka, topic }: { readonly kafka: string | true; readonly topic: string | undefined },
): Promise<KafkaConfig> {
  const more = topic === undefined ? {} : { topic };
  if (kafka !== true) return kafkaConfig({ kafka, ...more });
  const running = await connection.relayedTo();
  return running === null ? kafkaConfig(more) : { ...running, ...more };
}

function printParkedOrders({ parkedOrders }: VerifyResult): void {
  for (const { tenantId, orderId, revision, reason } of parkedOrders.slice(0, SHOWN_DIFFERENCES)) {
    printLine(`${tenantId} ${orderId}  parked at event ${revision}: ${reason}`);
  }
  if (parkedOrders.length > 0) {
    console.log(
      `${counted(parkedOrders.length, 'order is', 'orders are')} parked: see \`orderctl quarantine list\``,
    );
  }
}

function printResult(result: VerifyResult, relayed: VerifyTopicResult | null): void {
  const { orders, events, differences, differenceCount, seconds, sampled, parked } = result;
  for (const { tenantId, orderId, kind, path, expected, actual } of differences.slice(0, SHOWN_DIFFERENCES)) {
    const values =
      expected === null && actual === null
        ? ''
        : `: ${actual ?? 'nothing'} instead of ${expected ?? 'nothing'}`;
    printLine(`${tenantId} ${orderId}  ${kind} ${path}${values}`);
  }
  if (differenceCount > SHOWN_DIFFERENCES)
    console.log(`… ${count(differenceCount - SHOWN_DIFFERENCES)} more (--json lists up to 1,000)`);
  printParkedOrders(result);
  if (parked.length > 0) {
    console.log(
      `the index refuses the documents of ${counted(parked.length, 'order')}: ${parked.slice(0, SHOWN_DIFFERENCES).join(' ')}`,
    );
  }
  if (relayed !== null) {
    const { messages, events, repeated, parked, trimmed } = relayed;
    const unsent = parked === 0 ? '' : `, ${counted(parked, 'event')} parked`;
    const removed = trimmed ? ', the oldest messages removed by retention' : '';
    console.log(
      `${counted(messages, 'message')} compared with ${counted(events, 'event')}: ${counted(repeated, 'message')} repeated${unsent}${removed}`,
    );
  }
  const compared = `${counted(orders, 'order')}${sampled ? ', chosen at random,' : ''} compared with ${counted(events, 'event')} in ${seconds.toFixed(1)} s`;
  console.log(
    `${compared}: ${differenceCount === 0 ? 'no difference' : counted(differenceCount, 'difference')}`,
  );
}

function progressTeller(): (progress: VerifyProgress) => void {
  return nowAndThen(({ phase, done, total }) => {
    const share = `${count(done)}${total === null ? '' : ` of ${count(total)}`}`;
    const line = {
      waiting: `waiting for the projection: ${done < 0 ? 'it has no event yet' : `it is at position ${share}`}`,
      streams: `events read: ${share}`,
      rows: `orders compared: ${share}`,
    };
    process.stderr.write(`${line[phase]}\n`);
  });
}
