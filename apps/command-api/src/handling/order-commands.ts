import { instantAt, type Instant } from '#domain/instant.js';
import { evolve, type EvolveOrder } from '#domain/order/order.js';
import type { HandledCommand, Order } from '#domain/order/state.js';
import { CertainAppend } from '#event-store/certain-append.js';
import { eventCodec, type EventCodec } from '#event-store/codec.js';
import { AppendOutcomeUnknown, AppendTooLarge, StoreUnavailable } from '#event-store/errors.js';
import { OrderLoader } from '#event-store/order-loader.js';
import type { LoadedOrder } from '#event-store/order-streams.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import type { EventStore } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';
import { answerOn, foldedWith } from './answer.js';
import { Answering } from './answering.js';
import { decideTogether, type Batch } from './batch.js';
import type { CommandRequest, CommandResult } from './command-request.js';
import { repetitionOf, replayOf, resultOf } from './command-result.js';
import { ConflictRetriesExhausted, OrderTooLarge } from './errors.js';
import { GivenAnswers } from './given-answers.js';
import { OrderQueues, WaitingCommand, type OrderQueue } from './order-queues.js';
import { Turns } from './turns.js';

/** Told of what commands that want the same order at the same time do to each other. */
export interface AppendObserver {
  /** The events of so many commands went in with one append. */
  appended(commands: number): void;
  /** Another process was faster: what was decided has to be decided anew. */
  conflicted(): void;
}

export interface OrderCommandsOptions {
  readonly codec?: EventCodec;
  /** With the same codec and fold; without snapshots unless given. */
  readonly loader?: OrderLoader;
  /** Waits before events of unknown outcome are sent again. */
  readonly resendAfterMs?: readonly number[];
  readonly now?: () => Instant;
  readonly observer?: AppendObserver;
  /** For tests: of orders that remember fewer commands. */
  readonly evolve?: EvolveOrder;
  /** A clock that only goes forward. */
  readonly elapsedMs?: () => number;
  /** By that clock, for the turns of others. */
  readonly wait?: (ms: number) => Promise<unknown>;
  /** From 0 up to, but not, 1: spreads what was in each other's way. */
  readonly random?: () => number;
}

/** Losing against others for so long, a client is told so and may try later. */
const PATIENCE_MS = 5_000;

/** The one handler of every command: load, fold, decide, append at exactly the revision decided on. */
export class OrderCommands {
  readonly #codec: EventCodec;
  readonly #loader: OrderLoader;
  readonly #certain: CertainAppend;
  readonly #now: () => Instant;
  readonly #elapsedMs: () => number;
  readonly #evolve: EvolveOrder;
  readonly #turns: Turns;
  readonly #observer: AppendObserver | undefined;
  readonly #queues = new OrderQueues((queue) => this.#takeTurn(queue));
  readonly #given = new GivenAnswers();

  constructor(eventStore: EventStore, options: OrderCommandsOptions = {}) {
    this.#codec = options.codec ?? eventCodec(plainPersonal);
    this.#evolve = options.evolve ?? evolve;
    const folding = { eventStore, codec: this.#codec, evolve: this.#evolve };
    this.#loader = options.loader ?? new OrderLoader(folding);
    this.#certain = new CertainAppend(eventStore, options.resendAfterMs);
    this.#now = options.now ?? (() => instantAt(Date.now()));
    this.#elapsedMs = options.elapsedMs ?? (() => performance.now());
    this.#observer = options.observer;
    const { random = Math.random, wait } = options;
    this.#turns = new Turns({ elapsedMs: this.#elapsedMs, random, ...(wait ? { wait } : {}) });
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
    const sinceMs = this.#elapsedMs();
    const result = await this.#loader.holding(stream, () =>
      this.#queued(stream, request, sinceMs).catch((error: unknown) => {
        if (!(error instanceof EventsGone)) throw error;
        this.#loader.drop(stream);
        return this.#queued(stream, request, sinceMs);
      }),
    );
    if (request.remembered && result.events.length > 0) this.#given.remember(request.commandId, result);
    return result;
  }

  #queued(stream: string, request: CommandRequest, sinceMs: number): Promise<CommandResult> {
    const command = new WaitingCommand(request, sinceMs);
    this.#queues.join(stream, command);
    return command.result;
  }

  /** Nothing is known any more: the store was lost sight of, and may come back with less than it had. */
  forget(): void {
    this.#loader.forget();
    this.#given.forget();
  }

  async #takeTurn(queue: OrderQueue): Promise<void> {
    await this.#turns.ours(queue);
    const commands = queue.take();
    const startedMs = this.#elapsedMs();
    try {
      queue.putBack(await this.#decideAndAppend(queue, commands));
      this.#refuseFarBehind(queue);
    } catch (error) {
      // The store is away, or the order cannot be read: that concerns all of them.
      queue.isStale = true;
      for (const command of commands) command.refuse(error);
      this.#refuseImpatient(queue, error);
    }
    this.#turns.took(this.#elapsedMs() - startedMs);
  }

  /**
   * The queue is longer than the store is fast, or others are faster: who has the next turn still gets it, whoever comes
   * later waits too long.
   */
  #refuseFarBehind(queue: OrderQueue): void {
    const nowMs = this.#elapsedMs();
    for (const command of queue.takeLaterOlderThan(nowMs - PATIENCE_MS)) {
      const why = 'the event store takes too long for the commands that wait for this order';
      const isOthers = queue.hasOnlyLostSince(command);
      command.refuse(
        isOthers ? new ConflictRetriesExhausted(nowMs - command.sinceMs) : new StoreUnavailable(why),
      );
    }
  }

  /** Their turns would come one after the other, each as long as the store takes to say nothing. */
  #refuseImpatient(queue: OrderQueue, error: unknown): void {
    const isUnknown = error instanceof AppendOutcomeUnknown;
    const theirs = isUnknown ? new StoreUnavailable('the event store does not answer') : error;
    for (const command of queue.takeOlderThan(this.#elapsedMs() - PATIENCE_MS)) command.refuse(theirs);
  }

  /** @returns those that have no answer yet */
  async #decideAndAppend(
    queue: OrderQueue,
    commands: readonly WaitingCommand[],
  ): Promise<readonly WaitingCommand[]> {
    const assumed = queue.isStale ? null : this.#assumed(queue.stream, commands[0]!.request);
    const isFresh = assumed === null;
    const known = assumed ?? (await this.#refreshed(queue));
    const requests = commands.map(({ request }) => request);
    const batch = await decideTogether(known, requests, {
      now: this.#now(),
      codec: this.#codec,
      evolve: this.#evolve,
    });
    const answering = new Answering(commands, batch, known);
    answering.certainAlready((handled, order) => this.#replay(queue.stream, handled, order));
    if (batch.events.length > 0) await this.#append({ queue, batch, known, isFresh }, answering);
    // A no or a nothing-to-do counts only when it was decided on what the store holds now.
    else if (isFresh) answering.asDecided(null);
    else queue.isStale = true;
    return answering.unanswered;
  }

  /** What to decide on before the store was asked: the order as cached, or, to place it, that there is none. */
  #assumed(stream: string, { command }: CommandRequest): LoadedOrder | null {
    const cached = this.#loader.cached(stream);
    if (cached) return cached;
    return command.type === 'PlaceOrder' ? { order: null, position: null } : null;
  }

  async #refreshed(queue: OrderQueue): Promise<LoadedOrder> {
    const before = this.#loader.cached(queue.stream);
    const known = await this.#loader.refresh(queue.stream);
    queue.isStale = false;
    if (before && before.order?.revision !== known.order?.revision) this.#turns.met(queue);
    return known;
  }

  async #append({ queue, batch, known, isFresh }: Appending, answering: Answering): Promise<void> {
    const { stream } = queue;
    try {
      const appended = await this.#certain.append(stream, batch.events, known.order?.revision ?? 'no_stream');
      if (appended) {
        // It was at the revision that all of them were decided on: so the refusals among them hold, too.
        const { order, events } = batch;
        this.#loader.remember(stream, { order: order!, position: appended.position }, events.length);
        this.#turns.won(queue);
        queue.wonAtMs = this.#elapsedMs();
        this.#observer?.appended(storing(batch));
        queue.takeMore();
        answering.asDecided(appended.position);
        return;
      }
      queue.isStale = true;
      this.#observer?.conflicted();
      if (!isFresh) return;
      this.#turns.lost(queue);
      queue.lostAtMs = this.#elapsedMs();
      answering.impatient(queue.lostAtMs, PATIENCE_MS);
    } catch (error) {
      if (!(error instanceof AppendTooLarge)) throw error;
      if (storing(batch) > 1) queue.takeFewerThan(batch.verdicts.length);
      else if (!isFresh) queue.isStale = true;
      else answering.storing(new OrderTooLarge(error.sizeBytes, error.limitBytes));
    }
  }

  /** The first answer again, as it was given here, or from the events of that command. */
  async #replay(
    stream: string,
    { commandId, firstRevision, revision }: HandledCommand,
    order: Order,
  ): Promise<CommandResult> {
    const given = this.#given.of(commandId);
    if (given?.revision === revision) return repetitionOf(given, order);
    const events = await this.#loader.events(stream, firstRevision, revision - firstRevision + 1);
    const last = events.at(-1);
    if (last?.recording.revision !== revision || last.metadata.commandId !== commandId) {
      throw new EventsGone(
        `${stream} does not have the events of command ${commandId} that its state tells of`,
      );
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
}

/** The state that was known is of no stream that there is: the store was restored, and this process not told. */
class EventsGone extends Error {}

/** How many commands of a batch have events in it. */
function storing({ verdicts }: Batch): number {
  return verdicts.reduce((count, { kind }) => (kind === 'storing' ? count + 1 : count), 0);
}

/** A batch on its way into the store. */
interface Appending {
  readonly queue: OrderQueue;
  readonly batch: Batch;
  readonly known: LoadedOrder;
  /** Whether the order was asked for after the commands had come. */
  readonly isFresh: boolean;
}
