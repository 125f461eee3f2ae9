import { fork } from 'node:child_process';
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

/**
 * The embedded event store in a separate process, built as it ships. Port 0 means a free port. A test that starts it
 * again on its port asks for one of `freePort`: any other could be taken by another listener meanwhile.
 */
export async function startEventStoreProcess(postgresUrl: string, port = 0): Promise<EventStoreProcess> {
  const child = fork(join(repositoryRoot, 'dist/apps/event-store/src/main.js'), {
    env: {
      ...process.env,
      ORDERLOG_POSTGRES_URL: postgresUrl,
      ORDERLOG_PORT: String(port),
      ORDERLOG_LOG_LEVEL: 'fatal',
    },
  });
  const ended = once(child, 'exit');
  const [ready] = (await Promise.race([
    once(child, 'message'),
    ended.then(([code]) => Promise.reject(new Error(`the event store ended with ${String(code)}`))),
  ])) as [{ type: 'ready'; port: number }];
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  return {
    pid: child.pid!,
    port: ready.port,
    url: `esdb://127.0.0.1:${ready.port}?tls=false`,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}
