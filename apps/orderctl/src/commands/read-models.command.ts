import type { Command } from 'commander';
import { createPool } from '#platform/postgres.js';
import { activeGeneration } from '#read-models/generations.js';
import { setGenerationAside } from '#read-models/set-aside.js';
import { Connection, withConnection, type ConnectionOptions } from '../support/connection.js';
import { CliError } from '../support/cli-error.js';
import { printJson } from '../support/output.js';

interface RenewOptions extends ConnectionOptions {
  readonly json?: boolean;
}

export function addReadModelsCommand(program: Command): void {
  const readModels = program.command('read-models').description('what queries are answered from');
  const renew = readModels
    .command('renew')
    .description('have the projector build them anew at its next start, beside the old ones')
    .option('--json', 'as one JSON object');
  withConnection(renew, ['postgresUrl'], { token: false }).action(runRenew);
  renew.exitOverride();
}

async function runRenew({ json, ...options }: RenewOptions): Promise<void> {
  const url = await new Connection(options).address('postgresUrl');
  const pool = createPool(url, {
    max: 1,
    applicationName: 'orderctl read-models',
    statementTimeoutMs: 10_000,
  });
  try {
    // Also says clearly that nothing is there, where the tables are not.
    const active = await activeGeneration(pool);
    const old = active === null ? null : await setGenerationAside(pool);
    if (old === null)
      throw new CliError(
        'there are no read models of this release: its projector builds them when it starts',
      );
    if (json) return printJson(old, { pretty: false });
    console.log(`generation ${old.id} is set aside: start the projector again, it builds a new one`);
    console.log(`its tables stay in the schema ${old.schema} until somebody drops it`);
  } finally {
    await pool.end();
  }
}
