import type { CommandRequest, CommandResult } from './command-request.js';

/**
 * How many commands share an append at most. More rarely wait, and deciding a batch must not hold up other orders.
 */
const MOST_COMMANDS = 64;

/** A command that has no answer yet. */
export class WaitingCommand {
  readonly result: Promise<CommandResult>;
  #settle!: {
    resolve: (result: CommandResult | Promise<CommandResult>) => void;
    reject: (error: unknown) => void;
  };

  constructor(
    readonly request: CommandRequest,
    /** When the command arrived, by a clock that only goes forward. */
    readonly sinceMs: number,
  ) {
    this.result = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
  }

  answerWith(result: CommandResult | Promise<CommandResult>): void {
    this.#settle.resolve(result);
  }

  refuse(error: unknown): void {
    this.#settle.reject(error);
  }
}

/** The commands that wait for one order, in order of arrival. */
export class OrderQueue {
  readonly #waiting: WaitingCommand[] = [];
  #mostCommands = MOST_COMMANDS;
  /** Whether the order has to be read from the store before the next decision. */
  isStale = false;

  constructor(readonly stream: string) {}

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  join(command: WaitingCommand): void {
    this.#waiting.push(command);
  }

  /** Takes out the commands that may share the next append. */
  take(): readonly WaitingCommand[] {
    return this.#waiting.splice(0, this.#mostCommands);
  }

  /** Takes out the commands that arrived before `sinceMs`. */
  takeOlderThan(sinceMs: number): readonly WaitingCommand[] {
    return this.#waiting.splice(0, this.#olderThan(sinceMs));
  }

  /** As `takeOlderThan`, but leaves the commands of the next turn. */
  takeLaterOlderThan(sinceMs: number): readonly WaitingCommand[] {
    const later = this.#olderThan(sinceMs) - this.#mostCommands;
    return later > 0 ? this.#waiting.splice(this.#mostCommands, later) : [];
  }

  /** Puts commands without an answer back to the front: they are older than all that arrived since. */
  putBack(commands: readonly WaitingCommand[]): void {
    this.#waiting.unshift(...commands);
  }

  /** Halves the size of a batch: the events of this many commands were too large for one append. */
  shrinkBatch(commands: number): void {
    this.#mostCommands = Math.max(1, Math.floor(commands / 2));
  }

  /** Doubles the size of a batch again, up to the most that one may have. */
  growBatch(): void {
    this.#mostCommands = Math.min(MOST_COMMANDS, this.#mostCommands * 2);
  }

  #olderThan(sinceMs: number): number {
    const younger = this.#waiting.findIndex((command) => command.sinceMs >= sinceMs);
    return younger < 0 ? this.#waiting.length : younger;
  }
}

/** Takes turns at each order, one after another. Different orders do not wait for each other. */
export class OrderQueues {
  readonly #queues = new Map<string, OrderQueue>();
  readonly #takeTurn: (queue: OrderQueue) => Promise<void>;

  /** @param takeTurn answers some of the commands in the queue, or brings their answers nearer; never rejects */
  constructor(takeTurn: (queue: OrderQueue) => Promise<void>) {
    this.#takeTurn = takeTurn;
  }

  join(stream: string, command: WaitingCommand): void {
    const queue = this.#queues.get(stream);
    if (queue) queue.join(command);
    else void this.#serve(stream, command);
  }

  async #serve(stream: string, first: WaitingCommand): Promise<void> {
    const queue = new OrderQueue(stream);
    this.#queues.set(stream, queue);
    queue.join(first);
    while (!queue.isEmpty) await this.#takeTurn(queue);
    this.#queues.delete(stream);
  }
}
