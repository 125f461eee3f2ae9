import { Flag } from '#platform/http/fields.js';

/** The query of every command. Another parameter is refused: a client would believe that it had an effect. */
export class CommandQuery {
  @Flag({
    otherwise: false,
    description: 'If true, nothing is stored, and the answer shows what the command would do.',
  })
  dryRun!: boolean;
}
