import type { CommandRequest, CommandResult } from './command-request.js';

/** More share an append only if somebody waits for that many; what is decided at once is not to hold up other orders. */
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
    /** By a clock that only goes forward. */
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

/** The commands that wait for one order, first come first. */
export class OrderQueue {
  readonly #waiting: WaitingCommand[] = [];
  #mostCommands = MOST_COMMANDS;
  /** Whether the store has to be asked before anything more is decided. */
  isStale = false;
  /** When its last append went in, and when others last were faster; by the clock of the commands. */
  wonAtMs = -Infinity;
  lostAtMs = -Infinity;

  constructor(readonly stream: string) {}

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Whether it is others who have kept a command waiting since it came: nothing went in, and races were lost. */
  hasOnlyLostSince({ sinceMs }: WaitingCommand): boolean {
    return this.wonAtMs < sinceMs && this.lostAtMs >= sinceMs;
  }

  join(command: WaitingCommand): void {
    this.#waiting.push(command);
  }

  /** Those that may share the next append. */
  take(): readonly WaitingCommand[] {
    return this.#waiting.splice(0, this.#mostCommands);
  }

  /** Those that have waited longest, since before a time. */
  takeOlderThan(sinceMs: number): readonly WaitingCommand[] {
    return this.#waiting.splice(0, this.#olderThan(sinceMs));
  }

  /** The same, but for those whose turn is the next. */
  takeLaterOlderThan(sinceMs: number): readonly WaitingCommand[] {
    const later = this.#olderThan(sinceMs) - this.#mostCommands;
    return later > 0 ? this.#waiting.splice(this.#mostCommands, later) : [];
  }

  /** They have no answer yet, and are older than all that came since. */
  putBack(commands: readonly WaitingCommand[]): void {
    this.#waiting.unshift(...commands);
  }

  /** What so many wanted to append together was too large. */
  takeFewerThan(commands: number): void {
    this.#mostCommands = Math.max(1, Math.floor(commands / 2));
  }

  takeMore(): void {
    this.#mostCommands = Math.min(MOST_COMMANDS, this.#mostCommands * 2);
  }

  #olderThan(sinceMs: number): number {
    const younger = this.#waiting.findIndex((command) => command.sinceMs >= sinceMs);
    return younger < 0 ? this.#waiting.length : younger;
  }
}

/** Lets one turn after another be taken for an order; different orders do not wait for each other. */
export class OrderQueues {
  readonly #queues = new Map<string, OrderQueue>();
  readonly #takeTurn: (queue: OrderQueue) => Promise<void>;

  /** @param takeTurn answers some of the commands in the queue, or brings them nearer to it; never rejects */
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
