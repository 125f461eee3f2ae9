import type { Command } from 'commander';
import { NoReadModels, requireActiveGeneration } from '#read-models/generations/generation.js';
import { setGenerationsAside } from '#read-models/generations/set-aside.js';
import { Connection, withConnection, type ConnectionOptions } from '../support/connection.js';
import { printJson } from '../support/output.js';
import { withPostgres } from '../support/postgres.js';

interface RenewOptions extends ConnectionOptions {
  readonly json?: boolean;
}

const STATEMENT_LIMIT_MS = 10_000;

export function addReadModelsCommand(program: Command): void {
  const readModels = program
    .command('read-models')
    .description('renew the tables and the index that queries are answered from');
  const renew = readModels
    .command('renew')
    .description(
      'have the projector build new read models at its next start; queries read the old ones until these are ready',
    )
    .option('--json', 'print the result as JSON');
  withConnection(renew, ['postgresUrl'], { token: false }).action(runRenew);
  renew.exitOverride();
}

async function runRenew({ json, ...options }: RenewOptions): Promise<void> {
  const url = await new Connection(options).address('postgresUrl');
  await withPostgres(
    url,
    'orderctl read-models',
    async (pool) => {
      await requireActiveGeneration(pool); // says clearly that nothing is there, also where there are no tables
      const old = await setGenerationsAside(pool);
      if (old.length === 0) throw new NoReadModels();
      if (json) return printJson(old, { pretty: false });
      for (const { id, schema, searchIndex } of old) {
        const index = searchIndex === null ? '' : ` with the index ${searchIndex}`;
        console.log(
          `generation ${id} is set aside: its schema ${schema}${index} stays until you run \`orderctl generations drop ${id}\``,
        );
      }
      console.log(
        'restart the projector: it builds a new generation; until that has caught up, queries are answered from the old rows, which are no longer updated',
      );
    },
    { statementTimeoutMs: STATEMENT_LIMIT_MS },
  );
}
