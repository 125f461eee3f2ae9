import { fork, spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { ORDERCTL } from './orderctl.js';
import { repositoryRoot } from './seeded-tree.js';

const PATIENCE_MS = 20_000;

/** A process of ours, with everything that it printed. */
export interface Overheard {
  /** The port on which it listens; null: it ended before it listened. */
  readonly port: number | null;
  readonly said: () => string;
  /** Ends it. @returns its exit code */
  readonly end: () => Promise<number | null>;
}

const inherited = (environment: Readonly<Record<string, string>>) => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ORDERLOG_'))),
  NODE_OPTIONS: '',
  ...environment,
});

/** Starts an app with the most detailed log. Resolves once it listens, or has ended instead. */
export async function overhear(
  app: string,
  environment: Readonly<Record<string, string>>,
): Promise<Overheard> {
  const child = fork(join(repositoryRoot, `dist/apps/${app}/src/main.js`), {
    execArgv: [],
    env: inherited({ ORDERLOG_PORT: '0', ORDERLOG_LOG_LEVEL: 'trace', ...environment }),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const said = listen(child);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const port = await Promise.race([
    new Promise<number | null>((resolve) =>
      child.once('message', (message: { port?: number }) => resolve(message.port ?? null)),
    ),
    ended.then(() => null),
  ]);
  return {
    port,
    said,
    end: async () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** Runs a command of orderctl to its end. @returns everything that it printed */
export async function overhearOrderctl(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const child = spawn(process.execPath, [ORDERCTL, ...args], {
    env: inherited({ ORDERLOG_LOG_LEVEL: 'debug', ...environment }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = listen(child);
  // Some commands wait for a store that is away. By then they have printed everything.
  const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(patience);
  return said();
}

function listen(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: Buffer) => (text += String(chunk)));
  return () => text;
}
