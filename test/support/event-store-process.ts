import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LogLevel } from '#platform/logging.js';
import { repositoryRoot } from './seeded-tree.js';

export interface EventStoreProcess {
  readonly pid: number;
  readonly port: number;
  /** `esdb://…` */
  readonly url: string;
  /** Ends it as a crash would (SIGKILL). */
  kill(): Promise<void>;
  /** @returns its exit code */
  stop(): Promise<number | null>;
}

/**
 * The embedded event store in a separate process, built as it ships. Port 0 means a free port. A test that starts it
 * again on its port asks for one of `freePort`: any other could be taken by another listener meanwhile.
 */
export async function startEventStoreProcess(
  postgresUrl: string,
  port = 0,
  log: { readonly level: LogLevel; readonly to: number | 'inherit' } = { level: 'fatal', to: 'inherit' },
): Promise<EventStoreProcess> {
  const child = fork(join(repositoryRoot, 'dist/apps/event-store/src/main.js'), {
    env: {
      ...process.env,
      ORDERLOG_POSTGRES_URL: postgresUrl,
      ORDERLOG_PORT: String(port),
      ORDERLOG_LOG_LEVEL: log.level,
    },
    stdio: ['ignore', log.to, 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const [ready] = (await Promise.race([
    once(child, 'message'),
    ended.then(([code]) => Promise.reject(new Error(`the event store ended with ${String(code)}`))),
  ])) as [{ type: 'ready'; port: number }];
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    const [code] = (await ended) as [number | null];
    return code;
  };
  return {
    pid: child.pid!,
    port: ready.port,
    url: `esdb://127.0.0.1:${ready.port}?tls=false`,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
  };
}
