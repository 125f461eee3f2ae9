import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Pool } from 'undici';
import { EMBEDDED_AUDIENCE, EMBEDDED_ISSUER } from '#platform/auth/embedded-issuer.js';
import { nodeFlagsOf } from '../../apps/orderctl/src/system/app-definitions.js';
import { Child } from './child.js';
import { IN_FLIGHT, type System } from './system.js';

/** The same system, reached through another command-api of its own. */
export interface ThroughAnother extends System {
  stop(): Promise<void>;
}

/** Starts one more command-api on the system's event store. @param environment added to its own */
export async function startCommandApi(
  system: System,
  environment: Readonly<Record<string, string>> = {},
): Promise<ThroughAnother> {
  const child = new Child('../../apps/command-api/src/main.js', {
    nodeFlags: nodeFlagsOf('command-api'),
    environment: {
      ORDERLOG_PORT: '0',
      ORDERLOG_LOG_LEVEL: 'warn',
      ORDERLOG_EVENT_STORE_URL: system.eventStoreUrl,
      ORDERLOG_QUERY_BASE_URL: system.queryUrl,
      ORDERLOG_JWKS_URL: pathToFileURL(join(system.dataDir, 'keys', 'jwks.json')).href,
      ORDERLOG_JWT_ISSUER: EMBEDDED_ISSUER,
      ORDERLOG_JWT_AUDIENCE: EMBEDDED_AUDIENCE,
      ...environment,
    },
  });
  const { port } = await child.told<{ port: number }>();
  const commandUrl = `http://127.0.0.1:${port}`;
  const commands = new Pool(commandUrl, { connections: IN_FLIGHT });
  const stop = async () => {
    await commands.close();
    await child.stop();
  };
  return { ...system, commandUrl, commands, stop };
}
