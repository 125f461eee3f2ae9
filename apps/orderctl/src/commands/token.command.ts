import { InvalidArgumentError, Option, type Command } from 'commander';
import { scopes, type Scope } from '#platform/auth/principal.js';
import { Connection, issueToken, withConnection, type ConnectionOptions } from '../support/connection.js';
import { printJson } from '../support/output.js';

interface TokenOptions extends ConnectionOptions {
  readonly scope: readonly Scope[];
  readonly customer?: string;
  readonly expires: number;
  readonly json?: boolean;
}

const DEFAULT_LIFETIME_SECONDS = 24 * 3_600;
const LONGEST_SECONDS = 366 * 24 * 3_600;

export function addTokenCommand(program: Command): void {
  const command = program
    .command('token')
    .description("make an access token, signed with the embedded system's key")
    .requiredOption('--scope <scopes>', `one or more of ${scopes.join(' ')}`, parseScopes)
    .option(
      '--customer <id>',
      "make a customer's token, which gives access to that customer's orders only",
      parseCustomer,
    )
    .option('--tenant <tenant>', 'tenant whose orders the token gives access to', 'default')
    .addOption(
      new Option('--expires <duration>', 'how long the token is valid, such as 30m, 12h or 7d')
        .argParser(parseDuration)
        .default(DEFAULT_LIFETIME_SECONDS, '24h'),
    )
    .option('--json', 'print it as a JSON object, with the time it expires');
  withConnection(command, [], { token: false }).action(runToken);
}

async function runToken({ scope, customer, expires, json, ...options }: TokenOptions): Promise<void> {
  const { folder, tenant } = new Connection(options);
  const token = await issueToken(folder, {
    tenant,
    scopes: scope,
    ...(customer === undefined ? {} : { customer }),
    lifetimeSeconds: expires,
  });
  const expiresAt = new Date(Date.now() + expires * 1_000).toISOString();
  if (json) printJson({ token, tenant, scope: scope.join(' '), customer: customer ?? null, expiresAt });
  else console.log(token);
}

function parseScopes(text: string): readonly Scope[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const known = words.map((word) => scopes.find((scope) => scope === word));
  const unknown = words.find((_, index) => known[index] === undefined);
  if (unknown !== undefined)
    throw new InvalidArgumentError(`${unknown} is not a scope: the scopes are ${scopes.join(', ')}`);
  if (words.length === 0) throw new InvalidArgumentError(`name at least one of ${scopes.join(', ')}`);
  return known.filter((scope) => scope !== undefined);
}

function parseCustomer(text: string): string {
  if (text === '') throw new InvalidArgumentError('the id of a customer is needed');
  return text;
}

/** `30m`, `12h`, `7d` in seconds. */
function parseDuration(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  const unit = { s: 1, m: 60, h: 3_600, d: 86_400 }[match?.[2] as 's' | 'm' | 'h' | 'd'];
  const seconds = match === null || unit === undefined ? 0 : Number(match[1]) * unit;
  if (seconds < 1 || seconds > LONGEST_SECONDS) {
    throw new InvalidArgumentError('a duration such as 30m, 12h or 7d is needed, a year at most');
  }
  return seconds;
}
