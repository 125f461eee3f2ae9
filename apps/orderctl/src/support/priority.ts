import { constants, getPriority, setPriority } from 'node:os';

/** Where this process shares a machine with those who answer, they come first. It may have been started as one of the last. */
export function comeAfterOthers(): void {
  try {
    const below = constants.priority.PRIORITY_BELOW_NORMAL;
    if (getPriority() < below) setPriority(below);
  } catch {
    // Where that is not allowed, it works all the same.
  }
}
