/** A route without query parameters. Any is refused: a client would believe that it narrowed the answer. */
export class NoQuery {}
