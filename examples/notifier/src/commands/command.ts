import type { Settings } from '../settings.js';

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Command {
  /** As `parseArgs` of node:util takes them. */
  readonly options: Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>;
  /** How many positional arguments it takes. */
  readonly parameters: number;
  execute(
    settings: Settings,
    options: Readonly<Record<string, string | boolean>>,
    parameters: readonly string[],
  ): Promise<void>;
}
