/**
 * A route without query parameters. Unknown ones are refused: a client would believe that they narrowed the
 * answer.
 */
export class NoQuery {}
