import type { HandledCommand, Order } from '#domain/order/state.js';
import type { LoadedOrder } from '#event-store/order-streams.js';
import type { Batch, Verdict } from './batch.js';
import type { CommandResult } from './command-request.js';
import { replayOfAnswer, resultOf } from './command-result.js';
import type { WaitingCommand } from './order-queues.js';

type Replay = (handled: HandledCommand, order: Order) => Promise<CommandResult>;

/** Answers the commands of a batch, each as soon as its verdict is certain to hold. */
export class Answering {
  /** Commands without an answer yet. A command without a verdict did not fit into the batch. */
  readonly #open: Map<WaitingCommand, Verdict | undefined>;
  readonly #known: LoadedOrder;

  constructor(commands: readonly WaitingCommand[], { verdicts }: Batch, known: LoadedOrder) {
    this.#open = new Map(commands.map((command, index) => [command, verdicts[index]]));
    this.#known = known;
  }

  /** The commands without an answer yet, in order of arrival. */
  get unanswered(): readonly WaitingCommand[] {
    return [...this.#open.keys()];
  }

  /** Answers the commands whose verdict does not depend on this append. */
  answerCertain(replay: Replay): void {
    for (const [command, verdict] of this.#open) {
      if (verdict?.kind === 'failed' || (verdict?.kind === 'refused' && verdict.isFinal)) {
        this.#refuse(command, verdict.error);
      } else if (verdict?.kind === 'replay_of_stored') {
        this.#open.delete(command);
        command.answerWith(replay(verdict.handled, verdict.order));
      }
    }
  }

  /**
   * Answers every command that has a verdict: the order was as it was known.
   * @param position of the last event appended; null: there were none
   */
  answerAsDecided(position: bigint | null): void {
    for (const [command, verdict] of this.#open) {
      if (verdict?.kind === 'refused') this.#refuse(command, verdict.error);
      else if (verdict) this.#answer(command, this.#resultOf(verdict, position));
    }
  }

  /** Refuses the commands that have waited for `patienceMs`. */
  refuseImpatient(nowMs: number, patienceMs: number, why: (waitedMs: number) => unknown): void {
    for (const command of this.#open.keys()) {
      const waitedMs = nowMs - command.sinceMs;
      if (waitedMs >= patienceMs) this.#refuse(command, why(waitedMs));
    }
  }

  /** Refuses every command that has a verdict: what became of the append is not known, or it failed. */
  refuseDecided(error: unknown): void {
    for (const [command, verdict] of this.#open) if (verdict) this.#refuse(command, error);
  }

  /** Refuses the command whose events could not be appended. The commands decided after it stay open. */
  refuseStoring(error: Error): void {
    for (const [command, verdict] of this.#open) {
      if (verdict?.kind === 'storing') this.#refuse(command, error);
    }
  }

  #resultOf(verdict: Verdict, position: bigint | null): CommandResult {
    switch (verdict.kind) {
      case 'storing':
        return resultOf(verdict.order, position, verdict.events);
      case 'replay_of_batch': {
        const { first, order } = verdict;
        return replayOfAnswer(resultOf(first.order, position, first.events), order);
      }
      case 'nothing':
        return resultOf(verdict.order, verdict.of === 'stored' ? this.#known.position : position, []);
      case 'replay_of_stored':
      case 'refused':
      case 'failed':
        throw new Error(`${verdict.kind} has been answered`);
    }
  }

  #answer(command: WaitingCommand, result: CommandResult): void {
    this.#open.delete(command);
    command.answerWith(result);
  }

  #refuse(command: WaitingCommand, error: unknown): void {
    this.#open.delete(command);
    command.refuse(error);
  }
}
