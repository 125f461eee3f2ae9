import { InvalidArgumentError, type Command } from 'commander';
import type { EventStore } from '#event-store/port.js';
import { otherStore } from '#event-store/store-identity.js';
import { count, counted } from '#platform/counted.js';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import { Progress } from '../support/progress.js';
import { describeRelay, renewRelay, type RelayDescription } from '../relay/describe-relay.js';
import { relayedSoFar, type RelayedSoFar } from '../relay/relayed-so-far.js';
import { sendAgain, type SentAgain, type SentRange } from '../relay/send-again.js';
import { CliError } from '../support/cli-error.js';
import { Connection, withConnection, type ConnectionOptions } from '../support/connection.js';
import { withEventStore } from '../support/event-store.js';
import { abortOnInterruption } from '../support/interruption.js';
import { kafkaConfig, withKafka, type KafkaOptions } from '../support/kafka.js';
import { printLine, printJson } from '../support/output.js';

interface StatusOptions extends ConnectionOptions, KafkaOptions {
  readonly json?: boolean;
}

interface SendAgainOptions extends StatusOptions {
  readonly from: bigint;
  readonly to?: bigint;
}

const SHOWN_ORDERS = 20;

export function addRelayCommand(program: Command): void {
  const relay = program
    .command('relay')
    .description(
      'show how far the relay to Kafka is, send order events once more, or let the relay begin anew',
    );
  const status = relay
    .command('status')
    .description('show how far the relay to a topic is, and which orders it could not send')
    .option('--json', 'print the result as JSON');
  withConnection(withKafka(status), ['postgresUrl', 'eventStoreUrl'], { token: false }).action(runStatus);

  const again = relay
    .command('replay')
    .description(
      'send order events once more, to the same topic or another; consumers recognise repeats by ce_id',
    )
    .requiredOption('--from <position>', 'position of the first event', parsePosition)
    .option(
      '--to <position>',
      'position of the last event (default: the last one that the topic may have)',
      parsePosition,
    )
    .option('--json', 'print the result as JSON');
  withConnection(withKafka(again), ['postgresUrl', 'eventStoreUrl'], { token: false }).action(runSendAgain);

  const renew = relay
    .command('renew')
    .description('have the relay begin anew with the first event; consumers recognise repeats by ce_id');
  withConnection(withKafka(renew), ['postgresUrl'], { token: false }).action(runRenew);
  for (const command of relay.commands) command.exitOverride();
}

async function runStatus({ json, ...options }: StatusOptions): Promise<void> {
  const connection = new Connection(options);
  const description = await describeRelay(kafkaConfig(options), {
    postgresUrl: await connection.address('postgresUrl'),
    eventStoreUrl: await connection.address('eventStoreUrl'),
  });
  if (json) printJson(description, { pretty: false });
  else printStatus(description);
}

function printStatus({ topic, clusterId, partitions, position, lag, parked }: RelayDescription): void {
  if (clusterId === null) {
    console.log(`topic    ${topic} does not exist: no relay has run yet`);
    return;
  }
  const behind = lag === '0' ? 'up to date' : `${counted(Number(lag), 'position')} behind`;
  console.log(`cluster  ${clusterId}`);
  console.log(`topic    ${topic}, ${counted(partitions!, 'partition')}`);
  console.log(
    `relay    ${position === null ? 'has sent nothing yet' : `at position ${position}`}, ${behind}`,
  );
  console.log(`parked   ${parked.length === 0 ? 'nothing' : counted(parked.length, 'order')}`);
  printOrders(parked);
}

async function runRenew(options: StatusOptions): Promise<void> {
  const config = kafkaConfig(options);
  await renewRelay(config, await new Connection(options).address('postgresUrl'));
  console.log(`the relay to ${config.topic} begins anew at the next start of a projector`);
}

async function runSendAgain({ json, from, to, ...options }: SendAgainOptions): Promise<void> {
  const config = kafkaConfig(options);
  const connection = new Connection(options);
  const eventStoreUrl = await connection.address('eventStoreUrl');
  const relayed = await relayedSoFar(config, await connection.address('postgresUrl'));
  const { signal, forget } = abortOnInterruption();
  try {
    const sent = await withEventStore(eventStoreUrl, async (store) => {
      await refuseOtherStore(store, relayed);
      const range = await rangeOf(store, { from, to, relayed });
      return withProgress(range, (onPosition) =>
        sendAgain({ eventStore: store, relayed, config, range, signal, onPosition }),
      );
    });
    if (json) printJson({ topic: config.topic, ...sent, position: String(sent.position) }, { pretty: false });
    else printSentAgain(sent, config);
    process.exitCode = sent.leftOut.length === 0 ? 0 : 1;
  } finally {
    forget();
  }
}

/**
 * Messages in a topic cannot be taken back, so the event store must be the one that the relay sends from.
 *
 * @throws CliError
 */
async function refuseOtherStore(
  store: EventStore,
  { storeId }: Pick<RelayedSoFar, 'storeId'>,
): Promise<void> {
  const other = await otherStore(store, storeId);
  if (other === null) return;
  throw new CliError(
    `the order events come from event store ${storeId}, but this is ${other}: give the address ` +
      'of the former, or, if its orders were moved, have the relay begin anew with `orderctl relay renew`',
  );
}

interface AskedRange extends Pick<SendAgainOptions, 'from'> {
  readonly to: bigint | undefined;
  readonly relayed: Pick<RelayedSoFar, 'position'>;
}

/**
 * Sending again into the topic of a relay ends at the relay's position at the latest. Otherwise later events of an
 * order would get before events that the relay still has to send.
 *
 * @throws CliError when the range holds no event
 */
async function rangeOf(store: EventStore, { from, to, relayed }: AskedRange): Promise<SentRange> {
  const { position } = relayed;
  const head = (await store.headPosition()) ?? -1n;
  const end = position !== null && position < head ? position : head;
  const last = to === undefined || to > end ? end : to;
  if (from > last) {
    const why =
      end === head
        ? head < 0n
          ? 'the event store has no event yet'
          : `the last event is at position ${head}`
        : `the relay is at position ${end}, and sends the rest itself`;
    throw new CliError(`there is no event to send from position ${from} to ${to ?? 'the end'}: ${why}`);
  }
  return { from, to: last };
}

async function withProgress<T>(
  { from, to }: SentRange,
  work: (onPosition: (position: bigint) => void) => Promise<T>,
): Promise<T> {
  const progress = new Progress(Number(to - from) + 1, 'positions');
  try {
    return await work((position) => progress.advance(Number(position - from) + 1 - progress.done));
  } finally {
    progress.end();
  }
}

function printSentAgain({ events, skipped, leftOut, position }: SentAgain, { topic }: KafkaConfig): void {
  console.log(`${counted(events, 'event')} sent to ${topic}, up to position ${position}`);
  if (skipped > 0)
    console.log(
      `${counted(skipped, 'event was left out because it is', 'events were left out because they are')} skipped (see \`orderctl quarantine show\`)`,
    );
  if (leftOut.length > 0) console.log(`${counted(leftOut.length, 'order')} could not be sent completely`);
  printOrders(leftOut);
}

function printOrders(
  orders: readonly {
    readonly tenantId: string;
    readonly orderId: string;
    readonly fromRevision: number;
    readonly reason: string;
  }[],
): void {
  for (const { tenantId, orderId, fromRevision, reason } of orders.slice(0, SHOWN_ORDERS)) {
    printLine(`  ${tenantId} ${orderId}  from event ${fromRevision} on: ${reason}`);
  }
  if (orders.length > SHOWN_ORDERS) {
    console.log(`  … ${count(orders.length - SHOWN_ORDERS)} more (--json lists all)`);
  }
}

function parsePosition(text: string): bigint {
  if (!/^\d{1,19}$/.test(text)) throw new InvalidArgumentError('a position is a whole number from 0');
  return BigInt(text);
}
