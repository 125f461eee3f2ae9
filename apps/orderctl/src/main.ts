import { Command, CommanderError } from 'commander';
import { readConfig } from '#platform/config.js';
import { addEventsCommand } from './commands/events.command.js';
import { addGenerationsCommand } from './commands/generations.command.js';
import { addImportCommand } from './commands/import.command.js';
import { addInspectCommand } from './commands/inspect.command.js';
import { addQuarantineCommand } from './commands/quarantine.command.js';
import { addMigrationsCommand } from './commands/migrations.command.js';
import { addReadModelsCommand } from './commands/read-models.command.js';
import { addReplayCommand } from './commands/replay.command.js';
import { addRelayCommand } from './commands/relay.command.js';
import { addKeysCommand } from './commands/keys.command.js';
import { addSnapshotCommand } from './commands/snapshot.command.js';
import { addStatusCommand } from './commands/status.command.js';
import { addTokenCommand } from './commands/token.command.js';
import { addUpCommand } from './commands/up.command.js';
import { addVerifyCommand } from './commands/verify.command.js';
import { CliError, UsageError } from './support/cli-error.js';
import { failureLine } from './support/failure-line.js';

const OK = 0;
const FAILED = 1;
const USAGE = 2;

// Whoever reads us may have seen enough, as `| head` has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
process.exitCode = await main();

async function main(): Promise<number> {
  const program = new Command('orderctl')
    .description('Runs, fills and looks into orderlog.')
    .addHelpText('after', '\nExit codes: 0 ok, 1 failed, 2 wrong usage. docs/orderctl.md has examples.')
    .showHelpAfterError('(--help tells more)')
    .exitOverride();
  addUpCommand(program);
  addImportCommand(program);
  addEventsCommand(program);
  addInspectCommand(program);
  addGenerationsCommand(program);
  addMigrationsCommand(program);
  addReadModelsCommand(program);
  addStatusCommand(program);
  addVerifyCommand(program);
  addQuarantineCommand(program);
  addReplayCommand(program);
  addRelayCommand(program);
  addSnapshotCommand(program);
  addKeysCommand(program);
  addTokenCommand(program);
  // Errors of subcommands are handled here too.
  for (const command of program.commands) command.exitOverride();
  try {
    readConfig({}); // a misspelt ORDERLOG_ variable would otherwise go unnoticed
    await program.parseAsync();
    return process.exitCode === undefined ? OK : Number(process.exitCode);
  } catch (error) {
    // Commander has said what is wrong already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? OK : USAGE;
    process.stderr.write(`orderctl: ${failureLine(error)}\n`);
    if (process.env['ORDERLOG_LOG_LEVEL'] === 'debug' && !(error instanceof CliError)) console.error(error);
    return error instanceof UsageError ? USAGE : FAILED;
  }
}
