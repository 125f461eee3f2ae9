import type { Command } from 'commander';
import type { EmbeddedIssuer } from '#platform/auth/embedded-issuer.js';
import { scopes } from '#platform/auth/principal.js';
import { freePort } from '#platform/free-port.js';
import { DEMO_TENANT, playDemoDay } from '../demo/demo-day.js';
import { dataFolder } from '../support/connection.js';
import { printable, withoutCredentials } from '../support/output.js';
import { wholeNumber } from '../support/whole-number.js';
import type { DataFolder } from '../system/data-folder.js';
import { EmbeddedSystem } from '../system/embedded-system.js';
import { Ending } from '../system/ending.js';
import { chosenEngines, variablesUsed } from '../system/engines.js';

interface UpOptions {
  readonly data?: string;
  readonly commandPort: number;
  readonly queryPort: number;
  readonly eventStorePort: number;
  readonly demo: boolean;
  readonly eventStore?: string;
  readonly postgres?: string;
  readonly elasticsearch?: string;
  readonly kafka?: string;
}

const port = wholeNumber(0, 65_535, 'a port from 0 to 65535 is needed');
const TOKEN_LIFETIME_SECONDS = 24 * 3_600;

export function addUpCommand(program: Command): void {
  program
    .command('up')
    .description('run the whole system on this machine until Ctrl-C; its data stays')
    .option('--data <dir>', 'data folder (ORDERLOG_DATA; default: .orderlog)')
    .option('--command-port <port>', 'port of command-api; 0: any free one', port, 3000)
    .option('--query-port <port>', 'port of query-api; 0: any free one', port, 3001)
    .option('--event-store-port <port>', 'port of the event store; 0: any free one', port, 2113)
    .option('--event-store <url>', 'use an event store that runs elsewhere (ORDERLOG_EVENT_STORE_URL)')
    .option('--postgres <url>', 'use a PostgreSQL that runs elsewhere (ORDERLOG_POSTGRES_URL)')
    .option('--elasticsearch <url>', 'search in this Elasticsearch (ORDERLOG_ELASTICSEARCH_URL)')
    .option('--kafka <brokers>', 'publish events to this Kafka: HOST:PORT,… (ORDERLOG_KAFKA_BROKERS)')
    .option('--no-demo', `do not add the demo orders of the tenant ${DEMO_TENANT}`)
    .action(runUp);
}

async function runUp(options: UpOptions): Promise<void> {
  const startedMs = Date.now();
  const folder = dataFolder(options);
  const engines = chosenEngines(options);
  const ending = new Ending();
  const system = await EmbeddedSystem.open({
    folder,
    commandPort: options.commandPort || (await freePort()),
    queryPort: options.queryPort || (await freePort()),
    eventStorePort: options.eventStorePort || (await freePort()),
    engines,
    events: { tell: (line) => console.error(printable(line)), gaveUp: (reason) => ending.fail(reason) },
  });
  ending.onForce = () => system.kill();
  try {
    const used = variablesUsed(engines);
    console.log(`starting on ${[folder.path, ...used].join(', ')} …`);
    await ending.orDone(startAll(system, folder, options, startedMs));
    await ending.asked;
  } finally {
    const stopped = system.stop(); // before anything is printed: a failing print must not prevent the stop
    console.log('stopping: requests under way are finished first; the data stays');
    await stopped;
  }
}

async function startAll(
  system: EmbeddedSystem,
  folder: DataFolder,
  { demo }: UpOptions,
  startedMs: number,
): Promise<void> {
  await system.start();
  const { issuer } = system;
  const order = demo ? await playDemoDay(folder, system.addresses, await tokenOf(issuer, DEMO_TENANT)) : null;
  const seconds = ((Date.now() - startedMs) / 1_000).toFixed(1);
  console.log(`ready after ${seconds} s\n`);
  console.log(await welcome(system, folder, order));
}

function tokenOf(issuer: EmbeddedIssuer, tenant: string): Promise<string> {
  return issuer.issueToken({ tenant, scopes, lifetimeSeconds: TOKEN_LIFETIME_SECONDS });
}

async function welcome(
  system: EmbeddedSystem,
  folder: DataFolder,
  demoOrder: string | null,
): Promise<string> {
  const { commandUrl, queryUrl, eventStoreUrl } = system.addresses;
  const token = await tokenOf(system.issuer, 'default');
  const demoToken = demoOrder === null ? null : await tokenOf(system.issuer, DEMO_TENANT);
  return [
    `  commands     ${commandUrl}/docs`,
    `  queries      ${queryUrl}/docs`,
    `  event store  ${withoutCredentials(eventStoreUrl)}`,
    '',
    `token for the tenant default, valid for 24 hours:\n${token}`,
    '',
    ...(demoToken === null
      ? []
      : [`token for the tenant ${DEMO_TENANT}, valid for 24 hours:\n${demoToken}`, '']),
    ...worthTrying(folder, demoOrder),
    '',
    'Ctrl-C stops everything.',
  ].join('\n');
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w@%+=:,./~-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** Commands for another terminal, where ORDERLOG_DATA may not be set as it is here. */
export function worthTrying(folder: DataFolder, demoOrder: string | null): string[] {
  const isFound = folder.isDefault && !process.env['ORDERLOG_DATA'];
  const data = isFound ? '' : ` --data ${quoted(folder.path)}`;
  return [
    'Worth trying, in another terminal:',
    `  npx orderctl status${data}`,
    `  npx orderctl token${data} --scope "orders:read orders:write"`,
    ...(demoOrder === null ? [] : [`  npx orderctl inspect${data} --tenant ${DEMO_TENANT} ${demoOrder}`]),
  ];
}
