import type { CommandRequest, CommandResult } from '../handling/command-request.js';

/** What stands behind the HTTP side: decides on an order and appends. Its errors are in handling/errors.ts. */
export abstract class CommandHandling {
  abstract handle(request: CommandRequest): Promise<CommandResult>;
}
