import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** When the process started, as the system writes it; null when it has ended, also while it is a zombie. */
export function startOf(pid) {
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
    }
    // proc(5): the fields after the command's name in brackets begin with the state; the 20th of them is the start
    // time.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : fields[19];
  } catch {
    return null;
  }
}
