/** Writes one JSON object a line to the standard output. A line must never hold an address or a name. */
export function log(level: 'info' | 'warn' | 'error', message: string, fields: object = {}): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
}

/** The first line of an error's message. */
export function causeOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const text = first instanceof Error ? first.message || first.name : String(first);
  return text.split('\n')[0]!.trim();
}
