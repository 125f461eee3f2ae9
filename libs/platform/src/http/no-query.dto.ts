/**
 * A route without query parameters. Unknown ones are refused: a client would believe that they narrowed the
 * answer, or that a command with `dryRun=true` changed nothing.
 */
export class NoQuery {}
