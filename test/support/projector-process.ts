import { fork, type ChildProcess } from 'node:child_process';
import type { ProjectionBench } from './projections.js';

/** The projector as a process of its own, which a test can kill; answers once it listens. */
export async function startProjectorProcess(
  bench: ProjectionBench,
  environment: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const child = fork('dist/apps/projector/src/main.js', {
    env: {
      ...process.env,
      ORDERLOG_POSTGRES_URL: bench.postgresUrl,
      ORDERLOG_EVENT_STORE_URL: bench.eventStoreUrl,
      ORDERLOG_PORT: '0',
      NODE_OPTIONS: '',
      ...environment,
    },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the projector ended with ${code} instead of starting`)));
  });
  return child;
}
