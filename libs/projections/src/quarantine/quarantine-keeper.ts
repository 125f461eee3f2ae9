import type pg from 'pg';
import type { Logger } from '#platform/logging.js';
import { orderStream } from '#event-store/streams.js';
import { count, counted } from '#platform/counted.js';
import type { Generation } from '#read-models/generations/generation.js';
import { ORDERS_PROJECTION, SEARCH_PROJECTION } from '#read-models/orders.projection.js';
import { streamsFoldedWithSkipped } from '#read-models/stores/folded-skips.js';
import { finishAction, takeAction, type Action } from '#read-models/stores/quarantine-actions.store.js';
import { addSkip, skippedEvents } from '#read-models/stores/skips.store.js';
import type { OwnedOrders } from '../orders/owned-orders.js';
import { isAway, messageOf, pause } from '../engine/interruptions.js';
import { backoffMs } from './faults.js';
import { offerDocuments } from './offer-documents.js';
import type { ParkedOrderRetrier, Retried } from './parked-order-retrier.js';
import { QuarantineNews } from './quarantine-news.js';

export interface QuarantineKeeperOptions {
  /** The owner's own connection. */
  readonly db: pg.Client;
  readonly generation: Generation;
  readonly orders: OwnedOrders;
  readonly retrier: ParkedOrderRetrier;
  readonly logger: Logger;
}

interface Outcome {
  readonly succeeded: boolean;
  readonly outcome: string;
}

/** Requests are announced by NOTIFY; looking finds those announced while nobody listened, and another owner's skips. */
const LOOK_AGAIN_MS = 2_000;
/** N: 1/N of the owner's time goes into tries that nobody asked for. */
const RETRY_SHARE = 10;

/**
 * Looks after what the owner of `orders` has parked, beside the batches: it tries orders again when they are due, and
 * does what people ask for. A new owner tries everything parked once: its release may know more than the one before.
 */
export class QuarantineKeeper {
  readonly #options: QuarantineKeeperOptions;
  /** Streams of which it was logged already that they could not be taken further with what is skipped. */
  readonly #toldOfSkips = new Set<string>();
  #news: QuarantineNews | null = null;

  constructor(options: QuarantineKeeperOptions) {
    this.#options = options;
  }

  /** Returns when the signal aborts. What fails is logged and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await this.#keep(signal, () => (attempt = 0));
      } catch (error) {
        if (signal.aborted) return;
        if (!isAway(error))
          this.#options.logger.error({ err: error }, 'looking after the quarantine failed; trying again');
        await pause(attempt, signal);
      }
    }
  }

  async #keep(signal: AbortSignal, onProgress: () => void): Promise<void> {
    const { db, generation, orders } = this.#options;
    const { quarantine } = orders;
    const news = (this.#news ??= await QuarantineNews.listen(db, signal));
    while (!signal.aborted) {
      await this.#takeSkips();
      for (;;) {
        const action = await takeAction(db, generation.id, [ORDERS_PROJECTION, SEARCH_PROJECTION]);
        if (action === null || signal.aborted) break;
        await finishAction(db, action, await this.#do(action, signal));
        onProgress();
      }
      const isAsked = await this.#tryDue(news, signal);
      onProgress();
      if (isAsked) continue;
      const dueInMs = (quarantine.nextDueMs() ?? Infinity) - performance.now();
      await news.heard(Math.max(0, Math.min(LOOK_AGAIN_MS, dueInMs)));
    }
  }

  /** Skips apply to all generations: they may have been made through the owner of another one. */
  async #takeSkips(): Promise<void> {
    const { db, generation, orders, retrier } = this.#options;
    const { quarantine } = orders;
    const skipped = await skippedEvents(db);
    quarantine.skipped = skipped;
    if (skipped.orders === 0) return;
    for (const stream of await streamsFoldedWithSkipped(db, generation)) await this.#refold(stream);
    for (const stream of quarantine.streams) {
      if (!skipped.of(stream).has(quarantine.get(stream)!.revision)) continue;
      await retrier.retry(stream).catch((error: unknown) => {
        this.#tell(stream, reasonOf(error), 'an order is still parked at a skipped event');
      });
    }
  }

  /** If that fails for one order, its rows stay as they are, and nothing else waits for them. */
  async #refold(stream: string): Promise<void> {
    const reason = await this.#options.retrier.refold(stream).then((fault) => fault?.reason, reasonOf);
    if (reason === undefined) return;
    this.#tell(
      stream,
      reason,
      'the rows of an order still contain a skipped event: they could not be made anew',
    );
  }

  /** Once for each order, however often it is tried again. */
  #tell(stream: string, reason: string, what: string): void {
    if (this.#toldOfSkips.has(stream)) return;
    this.#toldOfSkips.add(stream);
    this.#options.logger.error({ stream, reason }, what);
  }

  /** @returns whether it ended early because somebody asked for something */
  async #tryDue(news: QuarantineNews, signal: AbortSignal): Promise<boolean> {
    const { orders, retrier, logger } = this.#options;
    const startedMs = performance.now();
    for (const stream of orders.quarantine.due(startedMs)) {
      if (signal.aborted || performance.now() - startedMs > LOOK_AGAIN_MS) return false;
      const beganMs = performance.now();
      const tries = orders.quarantine.get(stream)?.tries ?? 1;
      try {
        const retried = await retrier.retry(stream);
        if (retried?.stillParked === null)
          logger.info({ stream }, 'the parked events of an order are applied');
      } catch (error) {
        orders.quarantine.postpone(stream, performance.now() + backoffMs(tries)); // the others get their turn
        if (!isAway(error)) throw error;
      }
      const tookMs = performance.now() - beganMs;
      if (await news.heard(tookMs * (RETRY_SHARE - 1))) return true;
    }
    return false;
  }

  async #do(action: Action, signal: AbortSignal): Promise<Outcome> {
    const { db, orders } = this.#options;
    try {
      if (action.projection === SEARCH_PROJECTION)
        return await offerDocuments(action, { db, orders }, signal);
      if (action.action === 'retry_all') return await this.#retryAll(signal);
      const stream = orderStream(action.tenantId!, action.orderId!);
      if (action.action === 'skip') return await this.#skip(stream, action);
      return outcomeOf(await this.#options.retrier.retry(stream));
    } catch (error) {
      // The action stays open: it is done once the store is back, or by the next owner.
      if (isAway(error) || signal.aborted) throw error;
      return { succeeded: false, outcome: messageOf(error) };
    }
  }

  async #skip(stream: string, { tenantId, orderId, revision, reason, who }: Action): Promise<Outcome> {
    const { db, orders, retrier } = this.#options;
    const known = orders.quarantine.get(stream);
    if (orders.quarantine.skipped.of(stream).has(revision!)) {
      return { succeeded: true, outcome: `event ${revision} is skipped already` };
    }
    if (known?.revision !== revision) {
      const where = known ? `the order is parked at event ${known.revision}` : 'the order is not parked';
      return { succeeded: false, outcome: `event ${revision} cannot be skipped: ${where}` };
    }
    const key = { tenantId: tenantId!, orderId: orderId!, revision: revision };
    await addSkip(db, { projection: ORDERS_PROJECTION, ...key, reason: reason!, who });
    orders.quarantine.skipped = await skippedEvents(db);
    const retried = await retrier.retry(stream);
    const { succeeded, outcome } = outcomeOf(retried);
    // A skipped event takes its revision: a row at that revision does not say that the event is applied.
    if (succeeded && retried?.revision === revision)
      return {
        succeeded: true,
        outcome: `event ${revision} is skipped, and no event of the order comes after it`,
      };
    return { succeeded: true, outcome: succeeded ? outcome : `event ${revision} is skipped; ${outcome}` };
  }

  async #retryAll(signal: AbortSignal): Promise<Outcome> {
    const { orders, retrier } = this.#options;
    const { streams } = orders.quarantine;
    let applied = 0;
    for (const stream of streams) {
      signal.throwIfAborted();
      const retried = await retrier.retry(stream);
      if (retried === null || retried.stillParked === null) applied += 1;
    }
    const outcome = `${count(applied)} of ${counted(streams.length, 'parked order is', 'parked orders are')} applied, ${count(streams.length - applied)} still parked`;
    return { succeeded: applied === streams.length, outcome };
  }
}

/** Why the work on one order failed. @throws the error where a store is away: all work waits for that */
function reasonOf(error: unknown): string {
  if (isAway(error)) throw error;
  return messageOf(error);
}

function outcomeOf(retried: Retried | null): Outcome {
  if (retried === null) return { succeeded: true, outcome: 'the order is not parked' };
  const { revision, stillParked } = retried;
  if (stillParked === null) {
    const row =
      revision === null
        ? 'the order has no row: none of its events could be folded'
        : `applied up to event ${revision}`;
    return { succeeded: true, outcome: row };
  }
  return {
    succeeded: false,
    outcome: `still parked at event ${stillParked.revision}: ${stillParked.reason}`,
  };
}
