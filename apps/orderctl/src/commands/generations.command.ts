import type { Client } from '@elastic/elasticsearch';
import type { Command } from 'commander';
import type pg from 'pg';
import { CannotFlip, flipTo, rollback, type Flipped } from '#projections/generations/flip.js';
import { freeGeneration } from '#projections/replay/freeing.js';
import { CannotDrop, dropGeneration, IndexLeft } from '#read-models/generations/drop-generation.js';
import { listGenerations } from '#read-models/generations/generation-list.js';
import { NoSuchGeneration } from '#read-models/generations/generation.js';
import { describeGenerations, generationLines } from '../generations/describe-generations.js';
import { CliError } from '../support/cli-error.js';
import { Connection, withConnection, type ConnectionOptions } from '../support/connection.js';
import { openElasticsearch } from '../support/elasticsearch.js';
import { nowAndThen } from '../support/now-and-then.js';
import { printJson } from '../support/output.js';
import { withPostgres } from '../support/postgres.js';
import { wholeNumber } from '../support/whole-number.js';

interface GenerationsOptions extends ConnectionOptions {
  readonly json?: boolean;
}

interface DropCommandOptions extends GenerationsOptions {
  readonly leaveIndex?: boolean;
}

/** A flip waits while the generation catches up, and gives up once it has not moved for this long. */
const PATIENCE_MS = 10_000;
const REFUSALS = [CannotFlip, CannotDrop, IndexLeft, NoSuchGeneration];

const generationNumber = wholeNumber(
  1,
  999_999_999,
  'the number of a generation is needed: see `orderctl generations list`',
);

export function addGenerationsCommand(program: Command): void {
  const generations = program
    .command('generations')
    .description(
      'list, activate and drop generations: complete sets of read models, one of which answers queries',
    );
  const add = (command: Command) =>
    withConnection(
      command.option('--json', 'print the result as JSON').exitOverride(),
      ['postgresUrl', 'elasticsearchUrl'],
      { token: false },
    );
  add(
    generations
      .command('list')
      .description('list all generations, with their state, their position and the disk space they take'),
  ).action((options: GenerationsOptions) => withGenerations(options, (pool) => runList(pool, options)));
  add(
    generations
      .command('activate')
      .description('activate a generation: queries are answered from its tables and its index from then on')
      .argument('<number>', 'number of a generation that is ready and of this release', generationNumber),
  ).action((id: number, options: GenerationsOptions) =>
    withGenerations(options, async (pool, elasticsearch) =>
      tellFlip(await flipTo(flipOptions(pool, elasticsearch), id), options),
    ),
  );
  add(generations.command('rollback').description('activate the previous generation again')).action(
    (options: GenerationsOptions) =>
      withGenerations(options, async (pool, elasticsearch) =>
        tellFlip(await rollback(flipOptions(pool, elasticsearch)), options),
      ),
  );
  add(
    generations
      .command('drop')
      .description(
        'remove the tables and the index of a generation, once the queries under way on it are answered',
      )
      .argument('<number>', 'number of a generation that is not active', generationNumber)
      .option('--leave-index', 'do not remove the index, for when Elasticsearch is gone for good'),
  ).action((id: number, options: DropCommandOptions) =>
    withGenerations(options, (pool, elasticsearch) => runDrop(pool, elasticsearch, id, options)),
  );
}

async function runList(pool: pg.Pool, { json }: GenerationsOptions): Promise<void> {
  const generations = await describeGenerations(pool);
  if (json) printJson(generations, { pretty: false });
  else console.log(generationLines(generations));
}

async function runDrop(
  pool: pg.Pool,
  elasticsearch: Client | null,
  id: number,
  { json, leaveIndex }: DropCommandOptions,
): Promise<void> {
  const found = (await listGenerations(pool)).find((one) => one.id === id);
  if (found?.state === 'building' && found.madeBy === 'replay')
    throw new CliError(
      `a replay is building generation ${id}: end it with \`orderctl replay cancel\`, which also drops the generation`,
    );
  const told = teller();
  const onBusy = () => told(`waiting until the queries under way on generation ${id} are answered`);
  if (leaveIndex) await dropGeneration(pool, id, { removeIndex: async () => {}, onBusy });
  else await freeGeneration(pool, { id }, elasticsearch, { onBusy });
  if (json) printJson({ dropped: id }, { pretty: false });
  else {
    const index = leaveIndex ? found?.searchIndex : null;
    console.log(`generation ${id} is dropped${index ? `; its index ${index} was not removed` : ''}`);
  }
}

function flipOptions(pool: pg.Pool, elasticsearch: Client | null) {
  const told = teller();
  return {
    pool,
    elasticsearch,
    patienceMs: PATIENCE_MS,
    onWaiting: (place: string, wanted: bigint) =>
      told(`waiting until the generation has caught up to position ${wanted}: ${place}`),
    tell: told,
  };
}

function tellFlip({ generation, previous, position }: Flipped, { json }: GenerationsOptions): void {
  if (json)
    return printJson({ generation, previous, position: position?.toString() ?? null }, { pretty: false });
  const back = previous === null ? '' : `; \`orderctl generations rollback\` goes back to ${previous}`;
  console.log(`queries are now answered from generation ${generation}${back}`);
}

function teller(): (line: string) => void {
  return nowAndThen((line: string) => void process.stderr.write(`${line}\n`), { first: 'at once' });
}

async function withGenerations(
  options: GenerationsOptions,
  work: (pool: pg.Pool, elasticsearch: Client | null) => Promise<void>,
): Promise<void> {
  const connection = new Connection(options);
  const elasticsearch = await openElasticsearch(connection);
  try {
    const url = await connection.address('postgresUrl');
    await withPostgres(url, 'orderctl generations', (pool) => work(pool, elasticsearch));
  } catch (error) {
    const refused = REFUSALS.some((known) => error instanceof known);
    throw refused ? new CliError((error as Error).message) : error;
  } finally {
    await elasticsearch?.close();
  }
}
