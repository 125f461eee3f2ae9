import { fork, spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { ORDERCTL } from './orderctl.js';
import { repositoryRoot } from './seeded-tree.js';

const PATIENCE_MS = 20_000;

/** A process of ours, and everything that it said. */
export interface Overheard {
  /** Where it listens; null: it did not get so far. */
  readonly port: number | null;
  readonly said: () => string;
  /** Its exit code, once it has ended by itself or was told to. */
  readonly end: () => Promise<number | null>;
}

const inherited = (environment: Readonly<Record<string, string>>) => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ORDERLOG_'))),
  NODE_OPTIONS: '',
  ...environment,
});

/** An app that logs all it can; answers once it listens, or has ended instead. */
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

/** A command of orderctl, to its end. */
export async function overhearOrderctl(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const child = spawn(process.execPath, [ORDERCTL, ...args], {
    env: inherited({ ORDERLOG_LOG_LEVEL: 'debug', ...environment }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = listen(child);
  // Some wait for what is away; they have said all by then.
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
