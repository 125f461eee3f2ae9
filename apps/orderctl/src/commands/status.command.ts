import type { Command } from 'commander';
import { count, counted } from '#platform/counted.js';
import { parkedLines } from '../status/parked-lines.js';
import type { ProjectionStatus } from '../status/projections.js';
import { withReadModels } from '../support/read-models.js';
import { describeSystem, type Build, type OpenReplay, type SystemStatus } from '../status/system-status.js';
import { readTotals } from '../status/totals.js';
import { Connection, withConnection, type ConnectionOptions } from '../support/connection.js';
import { kafkaNamed, withKafka, type KafkaOptions } from '../support/kafka.js';
import { money, printable, printJson, table } from '../support/output.js';

interface StatusOptions extends ConnectionOptions, KafkaOptions {
  readonly totals?: boolean;
  readonly json?: boolean;
}

export function addStatusCommand(program: Command): void {
  const command = program
    .command('status')
    .description(
      'show the engine behind each port, and the position, lag and speed of the event store and the projections',
    )
    .option('--totals', "show figures of a tenant's orders instead, computed from the read models")
    .option('--tenant <tenant>', 'tenant whose totals are shown', 'default')
    .option('--json', 'print the result as JSON');
  withConnection(withKafka(command), ['postgresUrl', 'eventStoreUrl', 'elasticsearchUrl'], {
    token: false,
  }).action(runStatus);
}

async function runStatus(options: StatusOptions): Promise<void> {
  const connection = new Connection(options);
  if (options.totals) return runTotals(connection, options);
  const status = await describeSystem({
    postgresUrl: await connection.address('postgresUrl'),
    eventStoreUrl: await connection.address('eventStoreUrl'),
    elasticsearch: await connection.elasticsearch(),
    kafka: kafkaNamed(options) ?? (await connection.relayedTo()),
  });
  if (options.json) printJson(status, { pretty: false });
  else printStatus(status);
  const { engines, eventStore, projections } = status;
  const isAllThere = eventStore !== null && projections !== null && !engines.some(({ away }) => away);
  if (!isAllThere) process.exitCode = 1;
}

async function runTotals(connection: Connection, { json }: StatusOptions): Promise<void> {
  const { tenant } = connection;
  const totals = await withReadModels(await connection.address('postgresUrl'), (readModels) =>
    readTotals(readModels, tenant),
  );
  if (json) return printJson(totals, { pretty: false });
  const { currencies, ...counts } = totals;
  // An amount ends with its currency, so that its last digit stands below that of a count.
  const amount = (minor: number, currency: string) => money(minor, currency).padStart(18);
  console.log(
    table([
      ...Object.entries(counts).map(([name, value]) => [words(name), count(value).padStart(14)]),
      ...currencies.map(({ totalMinor, currency }) => ['total', amount(totalMinor, currency)]),
      ...currencies.map(({ refundedMinor, currency }) => ['refunded', amount(refundedMinor, currency)]),
    ]),
  );
}

function printStatus({ engines, eventStore, generation, builds, projections, replay }: SystemStatus): void {
  const shown = engines.map(({ port, engine, version, detail }) => [
    port,
    version === null ? engine : `${engine} ${version}`,
    detail ?? '',
  ]);
  console.log(`${table(shown)}\n`);
  console.log(
    eventStore === null
      ? 'event store   does not answer'
      : `event store   ${eventStore.head === null ? 'no event yet' : `at position ${eventStore.head}`}, ${counted(eventStore.positionsPerSecond, 'position')}/s`,
  );
  console.log(
    builds === null
      ? 'generation    not known: PostgreSQL does not answer'
      : `generation    ${generation ?? 'none of this release is active'}`,
  );
  for (const build of builds ?? []) console.log(`build         ${printable(buildInWords(build))}`);
  if (replay !== null) console.log(`replay        ${replayInWords(replay)}`);
  if (projections === null) console.log('projections   not known: PostgreSQL does not answer');
  for (const projection of projections ?? []) printProjection(projection);
}

function printProjection(status: ProjectionStatus): void {
  const { projection, generation, position, lag, lagSeconds, updatedAt, eventsPerSecond } = status;
  const { state, owner, restarts, lastError, parked } = status;
  const rate = eventsPerSecond === null ? '' : `, ${counted(eventsPerSecond, 'event')}/s`;
  const moved = updatedAt === null ? '' : `, last moved ${updatedAt}`;
  const whose = generation === 0 ? '' : ` of generation ${generation}`;
  console.log(
    `\n${projection}${whose}: ${state}\n  ${position === null ? 'no event yet' : `at position ${position}`}, ${behindInWords(lag, lagSeconds)}${rate}${moved}`,
  );
  console.log(`  ${ownerInWords(state, owner)}, restarts: ${count(restarts)}`);
  if (lastError !== null) console.log(`  last error: ${printable(lastError)}`);
  for (const line of parkedLines(parked)) console.log(`  ${printable(line)}`);
}

function ownerInWords(state: string, owner: string | null): string {
  if (owner !== null) return `owned by ${owner}`;
  return state === 'unowned' ? 'no projector owns it' : 'given back by its owner until the next attempt';
}

function behindInWords(lag: string | null, lagSeconds: number | null): string {
  if (lag === null) return 'lag not known';
  if (lag === '0') return 'up to date';
  const since = lagSeconds === null ? '' : `, ${count(Math.round(lagSeconds))} s`;
  return `${counted(Number(lag), 'position')} behind${since}`;
}

function buildInWords({ id, state, madeBy, ofThisRelease, failure }: Build): string {
  const whose = ofThisRelease ? '' : ', of another release';
  if (state === 'building') return `generation ${id} is being built by a ${madeBy}${whose}`;
  const remedy = `\`orderctl generations drop ${id}\` removes it, so that another is built`;
  return `generation ${id} was given up${whose}: ${failure ?? 'no reason was recorded'}: ${remedy}`;
}

/** `ordersPlaced` → `orders placed` */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function replayInWords(replay: OpenReplay): string {
  const { generation, state, phase, done, total, isAttended, ofThisRelease } = replay;
  const share = total === null || total === 0 ? '' : ` ${((100 * done) / total).toFixed(1)}%`;
  const remedy = ofThisRelease
    ? '`orderctl replay resume` continues it'
    : 'begun by another release: continue it with that release, or end it with `orderctl replay cancel`';
  const whether = isAttended ? state : `interrupted: ${remedy}`;
  return `into generation ${generation}, ${phase.replace('_', ' ')}${share}, ${whether}`;
}
