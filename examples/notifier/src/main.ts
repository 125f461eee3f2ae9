import { parseArgs } from 'node:util';
import { listDeadLetters, replayDeadLetters } from './commands/dead-letters.command.js';
import { changePreferences, showPreferences } from './commands/preferences.command.js';
import { runUntilSignal } from './commands/run.command.js';
import { UsageError, type Command } from './commands/command.js';
import { causeOf } from './log.js';
import { readSettings } from './settings.js';

const OK = 0;
const FAILED = 1;
const USAGE = 2;

const HELP = `notifier: tells customers what becomes of their orders

  notifier run
  notifier dead-letters list
  notifier replay --all | --from OFFSET [--to OFFSET]
  notifier preferences get CUSTOMER
  notifier preferences set CUSTOMER [--type TYPE|all] [--channels email,sms|none] [--locale en|de]

Settings are NOTIFIER_ environment variables: README.md lists them. Exit codes: 0 ok, 1 failed, 2 wrong usage.
`;

const commands: Readonly<Record<string, Command>> = {
  run: runUntilSignal,
  'dead-letters list': listDeadLetters,
  replay: replayDeadLetters,
  'preferences get': showPreferences,
  'preferences set': changePreferences,
};

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    if (args.length === 0 || args.includes('--help')) {
      process.stdout.write(HELP);
      return args.length === 0 ? USAGE : OK;
    }
    const name = [args.slice(0, 2).join(' '), args[0]!].find((words) => Object.hasOwn(commands, words));
    const command = name === undefined ? undefined : commands[name];
    if (name === undefined || command === undefined)
      throw new UsageError(`unknown command ${args[0]}: --help lists all commands`);
    const { values, positionals } = parseArgs({
      args: args.slice(name.split(' ').length),
      allowPositionals: true,
      options: command.options,
    });
    if (positionals.length !== command.parameters)
      throw new UsageError(`wrong arguments for ${name}: see --help`);
    await command.execute(readSettings(process.env), values as Record<string, string | boolean>, positionals);
    return OK;
  } catch (error) {
    process.stderr.write(`notifier: ${causeOf(error)}\n`);
    const isUsage = String((error as { code?: unknown } | null)?.code).startsWith('ERR_PARSE_ARGS');
    return isUsage || error instanceof UsageError ? USAGE : FAILED;
  }
}
