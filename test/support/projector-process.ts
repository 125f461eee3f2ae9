import { fork, type ChildProcess } from 'node:child_process';
import type { ProjectionBench } from './projections.js';

/** It reports on itself at `port`. */
export type ProjectorProcess = ChildProcess & { readonly port: number };

/** The projector in a separate process, which a test can kill. Resolves once it listens. */
export async function startProjectorProcess(
  bench: Pick<ProjectionBench, 'postgresUrl' | 'eventStoreUrl'>,
  environment: Readonly<Record<string, string>>,
): Promise<ProjectorProcess> {
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
  const { port } = await new Promise<{ port: number }>((resolve, reject) => {
    child.once('message', (message) => resolve(message as { port: number }));
    child.once('exit', (code) => reject(new Error(`the projector ended with ${code} instead of starting`)));
  });
  return Object.assign(child, { port });
}

export async function killed(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}
