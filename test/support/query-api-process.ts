import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { EmbeddedIssuer } from '#platform/auth/embedded-issuer.js';
import type { ProjectionBench } from './projections.js';
import { repositoryRoot } from './seeded-tree.js';

export interface QueryApiProcess {
  readonly url: string;
  stop(): Promise<void>;
}

/** query-api in a separate process, as in a larger system with several of them. Resolves once it listens. */
export async function startQueryApiProcess(
  stores: Pick<ProjectionBench, 'postgresUrl' | 'eventStoreUrl'>,
  { jwksUrl, issuer, audience }: Pick<EmbeddedIssuer, 'jwksUrl' | 'issuer' | 'audience'>,
  environment: Readonly<Record<string, string>> = {},
): Promise<QueryApiProcess> {
  const child = fork(join(repositoryRoot, 'dist/apps/query-api/src/main.js'), {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      ORDERLOG_PORT: '0',
      ORDERLOG_POSTGRES_URL: stores.postgresUrl,
      ORDERLOG_EVENT_STORE_URL: stores.eventStoreUrl,
      ORDERLOG_JWKS_URL: jwksUrl,
      ORDERLOG_JWT_ISSUER: issuer,
      ORDERLOG_JWT_AUDIENCE: audience,
      ORDERLOG_LOG_LEVEL: 'fatal',
      ...environment,
    },
  });
  const ended = once(child, 'exit');
  const [{ port }] = (await Promise.race([
    once(child, 'message'),
    ended.then(([code]) => Promise.reject(new Error(`query-api ended with ${String(code)}`))),
  ])) as [{ port: number }];
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
