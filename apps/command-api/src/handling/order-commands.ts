import { instantAt, type Instant } from '#domain/instant.js';
import { evolve, type EvolveOrder } from '#domain/order/order.js';
import { CertainAppend } from '#event-store/certain-append.js';
import { eventCodec, type EventCodec } from '#event-store/codec.js';
import { AppendOutcomeUnknown, AppendTooLarge, StoreUnavailable } from '#event-store/errors.js';
import { OrderLoader } from '#event-store/order-loader.js';
import type { LoadedOrder } from '#event-store/order-streams.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import type { EventStore } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';
import { Answering } from './answering.js';
import { decideTogether, type Batch, type BatchContext } from './batch.js';
import type { CommandRequest, CommandResult } from './command-request.js';
import { dryRun } from './dry-run.js';
import { ConflictRetriesExhausted, OrderTooLarge } from './errors.js';
import { OrderQueues, WaitingCommand, type OrderQueue } from './order-queues.js';
import { EventsGone, Replays } from './replays.js';
import { Turns } from './turns.js';

/** Observes how commands for the same order meet. */
export interface AppendObserver {
  /** One append stored the events of this many commands. */
  appended(commands: number): void;
  /** Another process appended first, so the batch has to be decided again. */
  conflicted(): void;
}

export interface OrderCommandsOptions {
  readonly codec?: EventCodec;
  /** Must have the same codec and fold. The default loader has no snapshots. */
  readonly loader?: OrderLoader;
  /** How long to wait before each time that events of unknown outcome are sent again. */
  readonly resendAfterMs?: readonly number[];
  readonly now?: () => Instant;
  readonly observer?: AppendObserver;
  /** For tests: a fold that remembers fewer commands. */
  readonly evolve?: EvolveOrder;
  /** A clock that only goes forward. */
  readonly elapsedMs?: () => number;
  /** Waits by that clock while other processes take their turns. */
  readonly wait?: (ms: number) => Promise<unknown>;
  /** From 0 up to, but not including, 1: spreads the waits of processes that compete. */
  readonly random?: () => number;
}

/** After waiting this long, a command that cannot go on is refused. Its client may try again later. */
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
  readonly #replays: Replays;

  constructor(eventStore: EventStore, options: OrderCommandsOptions = {}) {
    this.#codec = options.codec ?? eventCodec(plainPersonal);
    this.#evolve = options.evolve ?? evolve;
    const folding = { eventStore, codec: this.#codec, evolve: this.#evolve };
    this.#loader = options.loader ?? new OrderLoader(folding);
    this.#replays = new Replays(this.#loader);
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
    if (request.mode === 'dry_run') {
      return dryRun(await this.#loader.load(stream), request, this.#context());
    }
    const sinceMs = this.#elapsedMs();
    const result = await this.#loader.holding(stream, () =>
      this.#queued(stream, request, sinceMs).catch((error: unknown) => {
        if (!(error instanceof EventsGone)) throw error;
        this.#loader.drop(stream);
        return this.#queued(stream, request, sinceMs);
      }),
    );
    this.#replays.remember(request, result);
    return result;
  }

  #queued(stream: string, request: CommandRequest, sinceMs: number): Promise<CommandResult> {
    const command = new WaitingCommand(request, sinceMs);
    this.#queues.join(stream, command);
    return command.result;
  }

  /**
   * Drops all cached state: the connection to the store was lost, and the store may come back with fewer events.
   */
  forget(): void {
    this.#loader.forget();
    this.#replays.forget();
  }

  async #takeTurn(queue: OrderQueue): Promise<void> {
    await this.#turns.ours(queue);
    const commands = queue.take();
    const startedMs = this.#elapsedMs();
    try {
      queue.putBack(await this.#decideAndAppend(queue, commands));
      this.#refuseFarBehind(queue);
    } catch (error) {
      // The store is away, or the order cannot be read: every command of the turn fails.
      queue.isStale = true;
      for (const command of commands) command.refuse(error);
      this.#refuseImpatient(queue, error);
    }
    this.#turns.took(this.#elapsedMs() - startedMs);
  }

  /**
   * Refuses commands that have waited too long, except those of the next turn. Either the store is too slow for
   * the queue, or other processes came first all the time.
   */
  #refuseFarBehind(queue: OrderQueue): void {
    const nowMs = this.#elapsedMs();
    for (const command of queue.takeLaterOlderThan(nowMs - PATIENCE_MS)) {
      const why = 'the event store takes too long for the commands that wait for this order';
      const isOthers = this.#turns.hasOnlyLostSince(queue, command.sinceMs);
      command.refuse(
        isOthers ? new ConflictRetriesExhausted(nowMs - command.sinceMs) : new StoreUnavailable(why),
      );
    }
  }

  /**
   * Refuses commands that have waited too long when a turn fails. Their turns would fail one after the other, each
   * after as long as the store takes not to answer.
   */
  #refuseImpatient(queue: OrderQueue, error: unknown): void {
    for (const command of queue.takeOlderThan(this.#elapsedMs() - PATIENCE_MS))
      command.refuse(ofUndecided(error));
  }

  /** @returns the commands that have no answer yet */
  async #decideAndAppend(
    queue: OrderQueue,
    commands: readonly WaitingCommand[],
  ): Promise<readonly WaitingCommand[]> {
    const assumed = queue.isStale ? null : this.#assumed(queue.stream, commands[0]!.request);
    const isFresh = assumed === null;
    const known = assumed ?? (await this.#refreshed(queue));
    const requests = commands.map(({ request }) => request);
    const batch = await decideTogether(known, requests, this.#context());
    const answering = new Answering(commands, batch, known);
    answering.answerCertain((handled, order) => this.#replays.replay(queue.stream, handled, order));
    if (batch.events.length > 0) await this.#append({ queue, batch, known, isFresh }, answering);
    // A refusal or a no-op counts only if it was decided on what the store holds now.
    else if (isFresh) answering.answerAsDecided(null);
    else queue.isStale = true;
    return answering.unanswered;
  }

  #context(): BatchContext {
    return { now: this.#now(), codec: this.#codec, evolve: this.#evolve };
  }

  /**
   * What to decide on without asking the store: the order as cached, or no order where one is to be placed.
   * null: the store has to be asked.
   */
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
        // The order was at the revision that the whole batch was decided on, so its refusals hold too.
        const { order, events } = batch;
        const after = { order: order!, position: appended.position };
        this.#loader.remember(stream, known, after, events.length);
        this.#turns.won(queue);
        this.#observer?.appended(countStoring(batch));
        queue.growBatch();
        answering.answerAsDecided(appended.position);
        return;
      }
      queue.isStale = true;
      this.#observer?.conflicted();
      if (!isFresh) return;
      this.#turns.lost(queue);
      const outrun = (waitedMs: number) => new ConflictRetriesExhausted(waitedMs);
      answering.refuseImpatient(this.#elapsedMs(), PATIENCE_MS, outrun);
    } catch (error) {
      if (!(error instanceof AppendTooLarge)) return this.#appendFailed(queue, answering, error);
      if (countStoring(batch) > 1) queue.shrinkBatch(batch.verdicts.length);
      else if (!isFresh) queue.isStale = true;
      else answering.refuseStoring(new OrderTooLarge(error.sizeBytes, error.limitBytes));
    }
  }

  /** Nothing was sent of the commands that did not fit into the batch: they have another turn. */
  #appendFailed(queue: OrderQueue, answering: Answering, error: unknown): void {
    queue.isStale = true;
    answering.refuseDecided(error);
    answering.refuseImpatient(this.#elapsedMs(), PATIENCE_MS, () => ofUndecided(error));
    this.#refuseImpatient(queue, error);
  }
}

/** What an append of others that failed is to a command of which nothing was sent. */
function ofUndecided(error: unknown): unknown {
  const isUnknown = error instanceof AppendOutcomeUnknown;
  return isUnknown ? new StoreUnavailable('the event store does not answer') : error;
}

/** How many commands of a batch have events in it. */
function countStoring({ verdicts }: Batch): number {
  return verdicts.reduce((count, { kind }) => (kind === 'storing' ? count + 1 : count), 0);
}

/** A batch on its way into the store. */
interface Appending {
  readonly queue: OrderQueue;
  readonly batch: Batch;
  readonly known: LoadedOrder;
  /** Whether the order was read from the store after the commands had arrived. */
  readonly isFresh: boolean;
}
