import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '#platform/free-port.js';
import { repositoryRoot } from './seeded-tree.js';

const ORDERCTL_FILE = 'apps/orderctl/bin/orderctl.js';
/** The path of the file, for tests that start it in another way. */
export const ORDERCTL = join(repositoryRoot, ORDERCTL_FILE);
const READY_LIMIT_MS = 90_000;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command to its end. */
export function orderctl(...args: readonly string[]): Promise<Finished> {
  return orderctlOf(repositoryRoot, {}, ...args);
}

/** Runs `orderctl` of the release built in `root`, with settings in the environment. */
export function orderctlOf(
  root: string,
  environment: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<Finished> {
  return finished(launch(args, environment, root));
}

/** Runs one command, and presses Ctrl-C once `when` resolves. */
export async function orderctlInterrupted(
  when: () => Promise<unknown>,
  ...args: readonly string[]
): Promise<Finished> {
  const child = launch(args);
  const end = finished(child);
  try {
    await when();
  } finally {
    child.kill('SIGINT');
  }
  return end;
}

export interface Up {
  readonly pid: number;
  readonly ports: Readonly<Record<'command' | 'query' | 'store', number>>;
  /** Everything printed so far. */
  readonly output: { readonly stdout: string; readonly stderr: string };
  /** Pids of the apps and of PostgreSQL, by name. */
  processes(): Map<string, number>;
  /** Closes the pipes, so that nobody reads its output any more. */
  stopReading(): void;
  /** Sends a signal and waits for the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts `orderctl up` on free ports, and waits until it says that it is ready. */
export function startUp(dataDir: string, ...args: readonly string[]): Promise<Up> {
  return startUpWith({}, dataDir, ...args);
}

/** As `startUp`, with settings in the environment. */
export function startUpWith(
  environment: Readonly<Record<string, string>>,
  dataDir: string,
  ...args: readonly string[]
): Promise<Up> {
  return startUpOf(repositoryRoot, environment, dataDir, ...args);
}

/** As `startUpWith`, of the release built in `root`. */
export async function startUpOf(
  root: string,
  environment: Readonly<Record<string, string>>,
  dataDir: string,
  ...args: readonly string[]
): Promise<Up> {
  const [command, query, store] = [await freePort(), await freePort(), await freePort()];
  const ports = ['--command-port', command, '--query-port', query, '--event-store-port', store].map(String);
  const child = launch(['up', '--data', dataDir, ...ports, ...args], environment, root);
  const output = collect(child);
  const ended = new Promise<number | null>((done) => child.once('close', done));
  await new Promise<void>((ready, failed) => {
    const why = () => `${output.stdout}\n${output.stderr}`;
    const timer = setTimeout(() => {
      // It takes its apps and its PostgreSQL with it, whose folder the test is about to remove.
      child.kill('SIGTERM');
      void ended.then(() => failed(new Error(`not ready in time: ${why()}`)));
    }, READY_LIMIT_MS);
    void ended.then((code) => {
      if (child.killed) return;
      clearTimeout(timer);
      failed(new Error(`ended with ${String(code)}: ${why()}`));
    });
    child.stdout!.on('data', () => {
      if (!output.stdout.includes('Ctrl-C stops everything')) return;
      clearTimeout(timer);
      ready();
    });
  });
  return {
    pid: child.pid!,
    ports: { command, query, store },
    output,
    processes: () => childrenOf(child.pid!),
    stopReading: () => {
      child.stdout!.destroy();
      child.stderr!.destroy();
    },
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

/** Null for a command that ended with 0, which may have told its progress; else its code and what it said. */
export function failureOf({ code, stderr }: Finished): string | null {
  return code === 0 ? null : `${code}: ${stderr}`;
}

function launch(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  root = repositoryRoot,
): ChildProcess {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('ORDERLOG_'));
  const env = { ...Object.fromEntries(others), ...settings };
  return spawn(process.execPath, [join(root, ORDERCTL_FILE), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
}

function finished(child: ChildProcess): Promise<Finished> {
  const out = collect(child);
  return new Promise((done) => {
    child.once('close', (code) => done({ code, stdout: out.stdout, stderr: out.stderr }));
  });
}

function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' };
  child.stdout!.on('data', (chunk: Buffer) => (output.stdout += chunk.toString('utf8')));
  child.stderr!.on('data', (chunk: Buffer) => (output.stderr += chunk.toString('utf8')));
  return output;
}

/** Pids of `event-store`, `projector`, `command-api`, `query-api` and `postgres`, as far as they run. */
function childrenOf(parent: number): Map<string, number> {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ');
  const named = children.filter(Boolean).map((pid): [string, number] => {
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    const name =
      /dist\/apps\/([a-z-]+)\//.exec(commandLine)?.[1] ?? (/postgres/.test(commandLine) ? 'postgres' : '');
    return [name, Number(pid)];
  });
  return new Map(named);
}
