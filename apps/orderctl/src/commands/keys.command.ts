import type { Command } from 'commander';
import { openEmbeddedIssuer } from '#platform/auth/embedded-issuer.js';
import { dataFolder } from '../support/connection.js';

interface KeysOptions {
  readonly data?: string;
}

/** For apps that are started one by one, as in docker/. `up` makes the key itself. */
export function addKeysCommand(program: Command): void {
  program
    .command('keys')
    .description(
      'make the key that signs tokens, unless there is one, and print the settings that the APIs need for it',
    )
    .option('--data <dir>', 'data folder that keeps the key (ORDERLOG_DATA; default: .orderlog)')
    .action(runKeys);
}

async function runKeys(options: KeysOptions): Promise<void> {
  const { jwksUrl, issuer, audience } = await openEmbeddedIssuer(dataFolder(options).keys);
  console.log(`ORDERLOG_JWKS_URL=${jwksUrl}`);
  console.log(`ORDERLOG_JWT_ISSUER=${issuer}`);
  console.log(`ORDERLOG_JWT_AUDIENCE=${audience}`);
}
