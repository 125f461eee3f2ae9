/** What went wrong and what to do about it, in one line; orderctl prints it and ends with 1. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
}

/** The command itself makes no sense; orderctl prints the line and ends with 2. */
export class UsageError extends CliError {
  override readonly name = 'UsageError';
}

export function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim();
}
