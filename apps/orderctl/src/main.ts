import { Command, CommanderError, Help, type Option } from 'commander';
import { readConfig } from '#platform/config.js';
import { CliError, UsageError } from './support/cli-error.js';
import { failureLine } from './support/failure-line.js';
import { outliveReaders } from './support/outlive-readers.js';

/**
 * In the order of the help. Each command is loaded on demand: most commands do not need the modules of the others.
 */
const commands = new Map<string, () => Promise<(program: Command) => void>>([
  ['up', async () => (await import('./commands/up.command.js')).addUpCommand],
  ['import', async () => (await import('./commands/import.command.js')).addImportCommand],
  ['events', async () => (await import('./commands/events.command.js')).addEventsCommand],
  ['inspect', async () => (await import('./commands/inspect.command.js')).addInspectCommand],
  ['generations', async () => (await import('./commands/generations.command.js')).addGenerationsCommand],
  ['migrations', async () => (await import('./commands/migrations.command.js')).addMigrationsCommand],
  ['read-models', async () => (await import('./commands/read-models.command.js')).addReadModelsCommand],
  ['status', async () => (await import('./commands/status.command.js')).addStatusCommand],
  ['verify', async () => (await import('./commands/verify.command.js')).addVerifyCommand],
  ['quarantine', async () => (await import('./commands/quarantine.command.js')).addQuarantineCommand],
  ['replay', async () => (await import('./commands/replay.command.js')).addReplayCommand],
  ['relay', async () => (await import('./commands/relay.command.js')).addRelayCommand],
  ['snapshot', async () => (await import('./commands/snapshot.command.js')).addSnapshotCommand],
  ['keys', async () => (await import('./commands/keys.command.js')).addKeysCommand],
  ['token', async () => (await import('./commands/token.command.js')).addTokenCommand],
]);

const OK = 0;
const FAILED = 1;
const USAGE = 2;

outliveReaders(process);
process.exitCode = await main();

async function main(): Promise<number> {
  const program = new Command('orderctl')
    .description('Run, fill, inspect and maintain an orderlog system.')
    .addHelpText('after', '\nExit codes: 0 ok, 1 failed, 2 wrong usage. docs/orderctl.md has examples.')
    .configureHelp({ optionDescription: described })
    .showHelpAfterError('(--help shows the commands and options)')
    .exitOverride();
  const asked = commands.get(process.argv[2] ?? '');
  for (const load of asked ? [asked] : commands.values()) (await load())(program);
  // Makes the errors of subcommands throw too, so that they are handled here.
  for (const command of program.commands) command.exitOverride();
  try {
    readConfig({}); // checks the environment: a misspelt ORDERLOG_ variable would otherwise go unnoticed
    await program.parseAsync();
    return process.exitCode === undefined ? OK : Number(process.exitCode);
  } catch (error) {
    // Commander has already printed what is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? OK : USAGE;
    process.stderr.write(`orderctl: ${failureLine(error)}\n`);
    if (process.env['ORDERLOG_LOG_LEVEL'] === 'debug' && !(error instanceof CliError)) console.error(error);
    return error instanceof UsageError ? USAGE : FAILED;
  }
}

/** Commander's own description leaves out that an option has to be given. */
function described(option: Option): string {
  const description = new Help().optionDescription(option);
  return option.mandatory ? `${description} (required)` : description;
}
