import { readdirSync, readFileSync } from 'node:fs';

/** What Linux tells about a running process. */
export interface OwnProcess {
  readonly pid: number;
  /** CPU ticks of the process and of the children that it has waited for. */
  readonly ticks: number;
}

/** This process and all that it started, directly or indirectly; null off Linux. */
export function ownProcesses(): readonly OwnProcess[] | null {
  const stats = processStats();
  if (stats === null) return null;
  const isOwn = (pid: number): boolean => {
    for (let one: number | undefined = pid; one !== undefined && one !== 0; one = stats.get(one)?.parent) {
      if (one === process.pid) return true;
    }
    return false;
  };
  return [...stats].flatMap(([pid, { ticks }]) => (isOwn(pid) ? [{ pid, ticks }] : []));
}

/** See proc_pid_stat(5): fields 4 (parent) and 14 to 17 (own and waited-for children's time). */
function processStats(): Map<number, { parent: number; ticks: number }> | null {
  const stats = new Map<number, { parent: number; ticks: number }>();
  let pids: string[];
  try {
    pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return null; // not Linux
  }
  for (const pid of pids) {
    const fields = textOf(`/proc/${pid}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ');
    if (fields.length < 15) continue; // the process has ended since it was listed
    const ticks = [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i]), 0);
    stats.set(Number(pid), { parent: Number(fields[1]), ticks });
  }
  return stats;
}

/** Content of a file in /proc; empty once the process has ended. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
