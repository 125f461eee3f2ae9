import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { repositoryRoot } from './seeded-tree.js';

export const NOTIFIER = join(repositoryRoot, 'dist/examples/notifier/src/main.js');

export interface RunningNotifier {
  /** The lines that it has logged. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** @returns the exit code; null after SIGKILL */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

/** Starts the built `notifier run`. It need not be ready when this returns. */
export function runNotifier(environment: Readonly<Record<string, string>>): RunningNotifier {
  const child = spawn(process.execPath, [NOTIFIER, 'run'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment,
  });
  const lines: Record<string, unknown>[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  return {
    lines,
    async end(signal) {
      child.kill(signal);
      return (await ended)[0];
    },
  };
}
