import { constants, getPriority, setPriority } from 'node:os';

/**
 * Lowers the priority of this process: apps on the same machine that answer requests come first. Never raises it,
 * since the process may have been started with a still lower one.
 */
export function comeAfterOthers(): void {
  try {
    const below = constants.priority.PRIORITY_BELOW_NORMAL;
    if (getPriority() < below) setPriority(below);
  } catch {
    // Where the system does not allow it, the work is done at the usual priority.
  }
}
