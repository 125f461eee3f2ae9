import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { repositoryRoot } from './seeded-tree.js';

export interface EventStoreProcess {
  readonly pid: number;
  readonly port: number;
  /** `esdb://…` */
  readonly url: string;
  /** Ends it as a crash would (SIGKILL). */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** The embedded event store in a separate process, built as it ships. Port 0 means a free port. */
export async function startEventStoreProcess(postgresUrl: string, port = 0): Promise<EventStoreProcess> {
  const child = fork(join(repositoryRoot, 'dist/apps/event-store/src/main.js'), {
    env: {
      ...process.env,
      ORDERLOG_POSTGRES_URL: postgresUrl,
      ORDERLOG_PORT: String(port),
      ORDERLOG_LOG_LEVEL: 'fatal',
    },
  });
  const [ready] = (await once(child, 'message')) as [{ type: 'ready'; port: number }];
  return {
    pid: child.pid!,
    port: ready.port,
    url: `esdb://127.0.0.1:${ready.port}?tls=false`,
    kill: () => ended(child, 'SIGKILL'),
    stop: () => ended(child, 'SIGTERM'),
  };
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}
