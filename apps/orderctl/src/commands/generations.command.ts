import { InvalidArgumentError, type Command } from 'commander';
import type pg from 'pg';
import { createPool } from '#platform/postgres.js';
import { CannotFlip, flipTo, rollback, type Flipped } from '#projections/generations/flip.js';
import { freeGeneration } from '#projections/rebuild/freeing.js';
import { CannotDrop, dropGeneration, IndexLeft } from '#read-models/drop-generation.js';
import { listGenerations } from '#read-models/generation-list.js';
import { NoSuchGeneration } from '#read-models/generations.js';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import { describeGenerations, generationLines } from '../generations/describe-generations.js';
import { CliError } from '../support/cli-error.js';
import { Connection, withConnection, type ConnectionOptions } from '../support/connection.js';
import { printJson } from '../support/output.js';

interface GenerationsOptions extends ConnectionOptions {
  readonly json?: boolean;
}

interface DropCommandOptions extends GenerationsOptions {
  readonly leaveIndex?: boolean;
}

type Elasticsearch = ReturnType<typeof createElasticsearchClient>;

/** A flip waits while the generation catches up, and gives up once it has not moved for this long. */
const PATIENCE_MS = 10_000;
const TELL_EVERY_MS = 2_000;
const REFUSALS = [CannotFlip, CannotDrop, IndexLeft, NoSuchGeneration];

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
      .argument('<number>', 'number of a generation that is ready and of this release', parseNumber),
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
      .argument('<number>', 'number of a generation that is not active', parseNumber)
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
  elasticsearch: Elasticsearch | null,
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

function flipOptions(pool: pg.Pool, elasticsearch: Elasticsearch | null) {
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
  let toldMs = 0;
  return (line) => {
    if (Date.now() - toldMs < TELL_EVERY_MS) return;
    toldMs = Date.now();
    process.stderr.write(`${line}\n`);
  };
}

async function withGenerations(
  options: GenerationsOptions,
  work: (pool: pg.Pool, elasticsearch: Elasticsearch | null) => Promise<void>,
): Promise<void> {
  const connection = new Connection(options);
  const place = await connection.elasticsearch();
  const pool = createPool(await connection.address('postgresUrl'), {
    max: 2,
    applicationName: 'orderctl generations',
    statementTimeoutMs: 0,
  });
  const elasticsearch = place && createElasticsearchClient(place);
  try {
    await work(pool, elasticsearch);
  } catch (error) {
    const refused = REFUSALS.some((known) => error instanceof known);
    throw refused ? new CliError((error as Error).message) : error;
  } finally {
    await Promise.all([pool.end(), elasticsearch?.close()]);
  }
}

function parseNumber(text: string): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value < 1)
    throw new InvalidArgumentError('the number of a generation is needed: see `orderctl generations list`');
  return value;
}
