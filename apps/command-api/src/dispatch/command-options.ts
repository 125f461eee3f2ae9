/** How this deployment takes commands. */
export abstract class CommandOptions {
  /** Where clients reach query-api, without a slash at the end. */
  abstract readonly queryBaseUrl: string;
  /** Whether a change of an existing order must say which revision it was decided on. */
  abstract readonly requireIfMatch: boolean;
  /** The event store's mark. It is asked for before a command is handled, since every position carries it. */
  abstract readonly storeMark: () => Promise<string>;
}
