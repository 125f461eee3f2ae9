import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { CommandRequest, CommandResult } from '../handling/command-request.js';
import { CommandHandling } from './command-handling.js';

/** Any command to any order. All are executed alike, so one class replaces thirty. */
export class ExecuteOrderCommand extends Command<CommandResult> {
  constructor(readonly request: CommandRequest) {
    super();
  }
}

@CommandHandler(ExecuteOrderCommand)
export class ExecuteOrderCommandHandler implements ICommandHandler<ExecuteOrderCommand> {
  readonly #orders: CommandHandling;

  constructor(orders: CommandHandling) {
    this.#orders = orders;
  }

  execute({ request }: ExecuteOrderCommand): Promise<CommandResult> {
    return this.#orders.handle(request);
  }
}
