import { readdirSync, readFileSync } from 'node:fs';

/** Bytes that a process keeps in memory, those it shares counted in parts (`Pss` of proc_pid_smaps_rollup(5)). */
export type MemoryBytes = ReadonlyMap<string, number>;

const APPS = ['event-store', 'projector', 'command-api', 'query-api'] as const;

/** Of each app that this process, or one that it started, runs, and of all of PostgreSQL; empty off Linux. */
export function processMemory(): MemoryBytes {
  const bytes = new Map<string, number>();
  const parents = parentsOf();
  for (const pid of parents.keys()) {
    if (!isOurs(pid, parents)) continue;
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

function parentsOf(): Map<number, number> {
  const parents = new Map<number, number>();
  for (const name of pids()) {
    const parent = /^.*\) \S+ (\d+)/s.exec(textOf(`/proc/${name}/stat`))?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  return parents;
}

function isOurs(pid: number, parents: ReadonlyMap<number, number>): boolean {
  for (let one: number | undefined = pid; one !== undefined && one !== 0; one = parents.get(one)) {
    if (one === process.pid) return true;
  }
  return false;
}

function pids(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return []; // not Linux
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // ended since it was listed
  }
}
