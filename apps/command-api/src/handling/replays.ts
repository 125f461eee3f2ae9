import type { HandledCommand, Order } from '#domain/order/state.js';
import type { OrderLoader } from '#event-store/order-loader.js';
import type { CommandRequest, CommandResult } from './command-request.js';
import { replayOfAnswer, replayOfEvents } from './command-result.js';
import { GivenAnswers } from './given-answers.js';

/** The cached state does not belong to the stream: the store was restored, and this process has not noticed. */
export class EventsGone extends Error {}

/** Gives repeated commands their first answer again. */
export class Replays {
  readonly #loader: Pick<OrderLoader, 'events'>;
  readonly #given = new GivenAnswers();

  constructor(loader: Pick<OrderLoader, 'events'>) {
    this.#loader = loader;
  }

  /** Keeps the answer to a command that has a key and made events. Any other, repeated, is decided anew. */
  remember({ mode, commandId }: CommandRequest, result: CommandResult): void {
    if (mode === 'remembered' && result.events.length > 0) this.#given.remember(commandId, result);
  }

  forget(): void {
    this.#given.forget();
  }

  /**
   * The first answer again, from memory or rebuilt from the command's events.
   * @throws EventsGone where the stream does not have these events
   */
  async replay(
    stream: string,
    { commandId, firstRevision, revision }: HandledCommand,
    order: Order,
  ): Promise<CommandResult> {
    const given = this.#given.of(commandId);
    if (given?.revision === revision) return replayOfAnswer(given, order);
    const events = await this.#loader.events(stream, firstRevision, revision - firstRevision + 1);
    const last = events.at(-1);
    if (last?.recording.revision !== revision || last.metadata.commandId !== commandId) {
      throw new EventsGone(
        `${stream} does not have the events of command ${commandId} that its state tells of`,
      );
    }
    return replayOfEvents(order, last.position, events);
  }
}
