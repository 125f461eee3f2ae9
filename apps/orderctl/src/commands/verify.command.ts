import { InvalidArgumentError, type Command } from 'commander';
import { createPool } from '#platform/postgres.js';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import { verify, type VerifyProgress, type VerifyResult } from '#projections/verify.js';
import { Connection, withConnection, type ConnectionOptions } from '../support/connection.js';
import { withEventStore } from '../support/event-store.js';
import { count, printJson } from '../support/output.js';

interface VerifyOptions extends ConnectionOptions {
  readonly sample?: number;
  readonly json?: boolean;
}

const SHOWN_DIFFERENCES = 20;
const TELL_EVERY_MS = 2_000;

export function addVerifyCommand(program: Command): void {
  const command = program
    .command('verify')
    .description(
      'compare the read models with a fresh fold of every stream; exit code 1 when something differs',
    )
    .option('--sample <orders>', 'only so many orders, chosen at random', parseSample)
    .option('--json', 'as one JSON object');
  withConnection(command, ['postgresUrl', 'eventStoreUrl', 'elasticsearchUrl'], { token: false }).action(
    runVerify,
  );
}

async function runVerify({ sample, json, ...options }: VerifyOptions): Promise<void> {
  const connection = new Connection(options);
  const postgresUrl = await connection.address('postgresUrl');
  const eventStoreUrl = await connection.address('eventStoreUrl');
  const place = await connection.elasticsearch();
  const elasticsearch = place && createElasticsearchClient(place);
  const pool = createPool(postgresUrl, { max: 2, applicationName: 'orderctl verify', statementTimeoutMs: 0 });
  try {
    const onProgress = progressTeller();
    const result = await withEventStore(eventStoreUrl, (eventStore) =>
      verify({ eventStore, pool, elasticsearch, onProgress, ...(sample === undefined ? {} : { sample }) }),
    );
    if (json) printJson(result, { pretty: false });
    else printResult(result);
    process.exitCode = result.differenceCount === 0 ? 0 : 1;
  } finally {
    await Promise.all([pool.end(), elasticsearch?.close()]);
  }
}

function printResult(result: VerifyResult): void {
  const { orders, events, differences, differenceCount, seconds, sampled, parked } = result;
  for (const { tenantId, orderId, kind, path, expected, actual } of differences.slice(0, SHOWN_DIFFERENCES)) {
    const values =
      expected === null && actual === null
        ? ''
        : `: ${actual ?? 'nothing'} instead of ${expected ?? 'nothing'}`;
    console.log(`${tenantId} ${orderId}  ${kind} ${path}${values}`);
  }
  if (differenceCount > SHOWN_DIFFERENCES)
    console.log(`… ${count(differenceCount - SHOWN_DIFFERENCES)} more (--json lists up to 1,000)`);
  if (parked.length > 0) {
    console.log(
      `the index refuses ${count(parked.length)} orders: ${parked.slice(0, SHOWN_DIFFERENCES).join(' ')}`,
    );
  }
  const compared = `${count(orders)} orders${sampled ? ', chosen at random,' : ''} compared with ${count(events)} events in ${seconds.toFixed(1)} s`;
  console.log(
    `${compared}: ${differenceCount === 0 ? 'no difference' : `${count(differenceCount)} differences`}`,
  );
}

function progressTeller(): (progress: VerifyProgress) => void {
  let toldMs = Date.now();
  return ({ phase, done, total }) => {
    if (Date.now() - toldMs < TELL_EVERY_MS) return;
    toldMs = Date.now();
    const what = {
      waiting: 'waiting for the projection: at',
      streams: 'events looked through:',
      rows: 'orders compared:',
    };
    process.stderr.write(`${what[phase]} ${count(done)}${total === null ? '' : ` of ${count(total)}`}\n`);
  };
}

function parseSample(text: string): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value < 1) throw new InvalidArgumentError('a whole number from 1 is needed');
  return value;
}
