import { readFile } from 'node:fs/promises';
import { ownProcesses } from './own-processes.js';

/**
 * Memory of each process in bytes; shared pages are divided among their processes (`Pss` of
 * proc_pid_smaps_rollup(5)).
 */
export type MemoryBytes = ReadonlyMap<string, number>;

const APPS = ['event-store', 'projector', 'command-api', 'query-api'] as const;

/**
 * Memory of each app that this process started, directly or indirectly, and of PostgreSQL as a whole; empty off
 * Linux. The kernel walks all pages of the processes, which takes some tens of milliseconds in all. So it must not
 * be called on a thread whose latencies are measured.
 */
export async function processMemory(): Promise<MemoryBytes> {
  const bytes = new Map<string, number>();
  for (const { pid } of ownProcesses() ?? []) {
    const name = nameOf(await textOf(`/proc/${pid}/cmdline`));
    if (name === null) continue;
    const kilobytes = /^Pss:\s+(\d+) kB/m.exec(await textOf(`/proc/${pid}/smaps_rollup`))?.[1];
    if (kilobytes === undefined) continue;
    bytes.set(name, (bytes.get(name) ?? 0) + Number(kilobytes) * 1_024);
  }
  return bytes;
}

/** Content of a file; empty once the process has ended. */
async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

function nameOf(commandLine: string): string | null {
  if (/(^|\/)postgres[\0:]/.test(commandLine)) return 'postgres';
  return APPS.find((app) => commandLine.includes(`/apps/${app}/src/main.js`)) ?? null;
}
