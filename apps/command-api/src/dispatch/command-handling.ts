import type { CommandRequest, CommandResult } from '../handling/command-request.js';

/** Decides commands and appends their events, behind the HTTP API. Its errors are in handling/errors.ts. */
export abstract class CommandHandling {
  abstract handle(request: CommandRequest): Promise<CommandResult>;
}
