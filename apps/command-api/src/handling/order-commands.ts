import { setTimeout } from 'node:timers/promises';
import { instantAt, type Instant } from '#domain/instant.js';
import { evolve, type EvolveOrder } from '#domain/order/order.js';
import type { HandledCommand } from '#domain/order/state.js';
import { eventCodec, type EventCodec } from '#event-store/codec.js';
import { AppendTooLarge } from '#event-store/errors.js';
import { OrderLoader } from '#event-store/order-loader.js';
import type { LoadedOrder } from '#event-store/order-streams.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import type { EventStore } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';
import { answerOn, foldedWith, metadataOf, type Accepted } from './answer.js';
import { CertainAppend } from '#event-store/certain-append.js';
import type { CommandRequest, CommandResult } from './command-request.js';
import { replayOf, resultOf } from './command-result.js';
import { ConflictRetriesExhausted, OrderTooLarge } from './errors.js';
import { OrderQueue } from './order-queue.js';

export interface OrderCommandsOptions {
  readonly codec?: EventCodec;
  /** With the same codec and fold; without snapshots unless given. */
  readonly loader?: OrderLoader;
  /** Waits before events of unknown outcome are sent again. */
  readonly resendAfterMs?: readonly number[];
  readonly now?: () => Instant;
  /** For tests: of orders that remember fewer commands. */
  readonly evolve?: EvolveOrder;
  /** From 0 up to, but not, 1: spreads what was in each other's way. */
  readonly random?: () => number;
}

/** Losing against others again and again, a client is told so and may try later. */
const MAX_ATTEMPTS = 16;
const FIRST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 60;

/** The one handler of every command: load, fold, decide, append at exactly the revision decided on. */
export class OrderCommands {
  readonly #codec: EventCodec;
  readonly #loader: OrderLoader;
  readonly #certain: CertainAppend;
  readonly #now: () => Instant;
  readonly #random: () => number;
  readonly #evolve: EvolveOrder;
  readonly #queue = new OrderQueue();

  constructor(eventStore: EventStore, options: OrderCommandsOptions = {}) {
    this.#codec = options.codec ?? eventCodec(plainPersonal);
    this.#evolve = options.evolve ?? evolve;
    const folding = { eventStore, codec: this.#codec, evolve: this.#evolve };
    this.#loader = options.loader ?? new OrderLoader(folding);
    this.#certain = new CertainAppend(eventStore, options.resendAfterMs);
    this.#now = options.now ?? (() => instantAt(Date.now()));
    this.#random = options.random ?? Math.random;
  }

  /**
   * @throws OrderRejected, IdempotencyKeyReused, PreconditionFailed, PreconditionMissing,
   * ConflictRetriesExhausted, OrderTooLarge
   * @throws StoreUnavailable when the event store cannot be asked: nothing is stored
   * @throws AppendOutcomeUnknown when it does not say whether it stored the events: the same request, sent
   * again, finds out
   */
  async handle(request: CommandRequest): Promise<CommandResult> {
    const stream = orderStream(request.tenantId, request.orderId);
    if (request.dryRun) return this.#tryOut(stream, request);
    return this.#queue.inTurn(stream, () => this.#handle(stream, request));
  }

  async #handle(stream: string, request: CommandRequest): Promise<CommandResult> {
    let known = this.#assumed(stream, request);
    let fresh = known === null;
    known ??= await this.#loader.refresh(stream);
    for (let attempt = 1; attempt <= MAX_ATTEMPTS;) {
      const answer = answerOn(known.order, request, this.#now());
      if (answer.kind === 'replay') return this.#replay(stream, request, answer.handled, known);
      if (answer.kind === 'final') throw answer.error;
      if (answer.kind === 'accepted') {
        const result = await this.#append(stream, request, known, answer, fresh);
        if (result) return result;
      } else if (fresh) {
        // A no or a nothing-to-do counts only when it was decided on what the store holds now.
        if (answer.kind === 'refused') throw answer.error;
        return resultOf(answer.order, known.position, []);
      }
      if (fresh) await this.#pause(attempt++);
      known = await this.#loader.refresh(stream, known);
      fresh = true;
    }
    throw new ConflictRetriesExhausted(MAX_ATTEMPTS);
  }

  /** What to decide on before the store was asked: the order as cached, or, to place it, that there is none. */
  #assumed(stream: string, { command }: CommandRequest): LoadedOrder | null {
    const cached = this.#loader.cached(stream);
    if (cached) return cached;
    return command.type === 'PlaceOrder' ? { order: null, position: null } : null;
  }

  /** null: the order is not as known any more. */
  async #append(
    stream: string,
    request: CommandRequest,
    known: LoadedOrder,
    { events, recordedAt }: Accepted,
    fresh: boolean,
  ): Promise<CommandResult | null> {
    // Folded first: what could not be folded must not be stored.
    const order = foldedWith(known.order, events, request, recordedAt, this.#evolve);
    const encoded = await this.#codec.encode(request.orderId, events, metadataOf(request, recordedAt));
    try {
      const appended = await this.#certain.append(stream, encoded, known.order?.revision ?? 'no_stream');
      if (!appended) return null;
      this.#loader.remember(stream, { order, position: appended.position }, events.length);
      return resultOf(order, appended.position, events);
    } catch (error) {
      if (!(error instanceof AppendTooLarge)) throw error;
      if (!fresh) return null;
      throw new OrderTooLarge(error.sizeBytes, error.limitBytes);
    }
  }

  /** The first answer again, from the events of that command. */
  async #replay(
    stream: string,
    { commandId }: CommandRequest,
    { firstRevision, revision }: HandledCommand,
    { order }: LoadedOrder,
  ): Promise<CommandResult> {
    const events = await this.#loader.events(stream, firstRevision, revision - firstRevision + 1);
    const last = events.at(-1);
    if (!order || last?.recording.revision !== revision || last.metadata.commandId !== commandId) {
      throw new Error(`${stream} does not have the events of command ${commandId} that its state tells of`);
    }
    return replayOf(order, last.position, events);
  }

  async #tryOut(stream: string, request: CommandRequest): Promise<CommandResult> {
    const known = await this.#loader.refresh(stream);
    const answer = answerOn(known.order, { ...request, remembered: false }, this.#now());
    if (answer.kind === 'refused' || answer.kind === 'final') throw answer.error;
    if (answer.kind === 'replay') throw new Error('a dry run is never remembered');
    if (answer.kind === 'nothing') return resultOf(answer.order, null, []);
    const { events, recordedAt } = answer;
    const order = foldedWith(known.order, events, request, recordedAt, this.#evolve);
    return resultOf(order, null, events);
  }

  /** Writers that met once would meet again if all of them came back at once. */
  async #pause(attempt: number): Promise<void> {
    const longestMs = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS);
    await setTimeout(this.#random() * longestMs);
  }
}
