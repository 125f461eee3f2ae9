import { ownProcesses, textOf } from './own-processes.js';

/** Bytes that a process keeps in memory, those it shares counted in parts (`Pss` of proc_pid_smaps_rollup(5)). */
export type MemoryBytes = ReadonlyMap<string, number>;

const APPS = ['event-store', 'projector', 'command-api', 'query-api'] as const;

/** Of each app that this process, or one that it started, runs, and of all of PostgreSQL; empty off Linux. */
export function processMemory(): MemoryBytes {
  const bytes = new Map<string, number>();
  for (const { pid } of ownProcesses() ?? []) {
    const name = nameOf(textOf(`/proc/${pid}/cmdline`));
    const kilobytes = /^Pss:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/smaps_rollup`))?.[1];
    if (name === null || kilobytes === undefined) continue;
    bytes.set(name, (bytes.get(name) ?? 0) + Number(kilobytes) * 1_024);
  }
  return bytes;
}

function nameOf(commandLine: string): string | null {
  if (/(^|\/)postgres[\0:]/.test(commandLine)) return 'postgres';
  return APPS.find((app) => commandLine.includes(`/apps/${app}/src/main.js`)) ?? null;
}
