/** How this deployment takes commands. */
export abstract class CommandOptions {
  /** Where clients read what they wrote, without a slash at the end. */
  abstract readonly queryBaseUrl: string;
  /** Whether a change of an existing order must say which revision it was decided on. */
  abstract readonly requireIfMatch: boolean;
  /** Of the event store; asked for before anything is done, since every position carries it. */
  abstract readonly storeMark: () => Promise<string>;
}
