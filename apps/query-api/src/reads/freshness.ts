import type { CheckpointWatcher } from '#read-models/checkpoint-watcher.js';
import { storeMarkOf } from '#event-store/store-identity.js';
import { encodeOrderPosition, type OrderPosition } from '#platform/order-position.js';
import { ProblemError } from '#platform/problems/problems.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import type { Lag } from './lag.js';

/** How long a read waits for the change that it must show. */
const WAIT_LIMIT_MS = 3_000;
/**
 * Retry-After is a tenth of the time that the projection is behind, within these bounds: one that is a minute
 * behind does not catch up in a second.
 */
const RETRY_AFTER_SECONDS = { least: 1, most: 30 };
const RETRY_AFTER_SHARE = 0.1;

type Watched = Pick<CheckpointWatcher, 'position' | 'reached' | 'storeId'>;

/** Makes reads wait for the writes that they must show. */
export class Freshness {
  readonly #watcher: Watched;
  readonly #lag: Pick<Lag, 'behind'>;
  readonly #waitLimitMs: number;
  #told: { position: bigint; store: string; token: string } | null = null;

  constructor(watcher: Watched, lag: Pick<Lag, 'behind'>, waitLimitMs = WAIT_LIMIT_MS) {
    this.#watcher = watcher;
    this.#lag = lag;
    this.#waitLimitMs = waitLimitMs;
  }

  /**
   * @param projection whose rows or documents are going to be read
   * @throws ProblemError not_caught_up when the projection does not get there in time
   * @throws ProblemError position_of_another_store when the read models are made from another event store,
   * where the position would mean something else
   */
  async reached(position: OrderPosition | null, projection = ORDERS_PROJECTION): Promise<void> {
    if (position === null) return;
    this.#refuseOtherStore(position.store);
    const reached = await this.#watcher.reached(projection, position.position, this.#waitLimitMs);
    if (!reached || this.storeMark === null) throw await this.notCaughtUp(projection, position.position);
    this.#refuseOtherStore(position.store); // the store may have become known, or have changed, meanwhile
  }

  /**
   * For a read of the event store itself, which has all that it acknowledged: there is nothing to wait for.
   *
   * @throws ProblemError position_of_another_store
   * @throws ProblemError not_caught_up while it is not known which event store this is
   */
  async ofThisStore(position: OrderPosition | null): Promise<void> {
    if (position === null) return;
    this.#refuseOtherStore(position.store);
    if (this.storeMark === null) throw await this.notCaughtUp(ORDERS_PROJECTION, position.position);
  }

  /**
   * Reads again with every step of the projection until the answer is fresh enough.
   *
   * @throws ProblemError not_caught_up when it is not in time
   */
  async until<T>(read: () => Promise<T>, isFresh: (answer: T) => boolean): Promise<T> {
    const deadlineMs = performance.now() + this.#waitLimitMs;
    for (;;) {
      // Taken before the read, so that no step of the projection during the read is missed.
      const seen = this.#watcher.position(ORDERS_PROJECTION) ?? -1n;
      const answer = await read();
      if (isFresh(answer)) return answer;
      const leftMs = deadlineMs - performance.now();
      // A busy projection has moved with every read, so that no wait would ever find the time over.
      const goesOn = leftMs > 0 && (await this.#watcher.reached(ORDERS_PROJECTION, seen + 1n, leftMs));
      if (!goesOn) throw await this.notCaughtUp(ORDERS_PROJECTION, null);
    }
  }

  /** The problem to be thrown. @param wanted null: all that is in the event store */
  async notCaughtUp(
    projection: string,
    wanted: bigint | null,
    reached = this.#watcher.position(projection),
  ): Promise<ProblemError> {
    const behind = await this.#lag.behind({ projection, reached, wanted });
    const { least, most } = RETRY_AFTER_SECONDS;
    const retryAfterSeconds = Math.min(most, Math.max(least, (behind.seconds ?? 0) * RETRY_AFTER_SHARE));
    return new ProblemError('not_caught_up', { retryAfterSeconds, extras: { behind } });
  }

  /**
   * The `Order-Position` that the next read has to send to show no less, whichever process and generation answer
   * it; null: nothing was read yet, or the event store is not known.
   *
   * @param known a position that the rows had reached at the read or soon after it, not before; for a read of a
   * stream, the position of its last event
   * @param asked the position that the read waited for: the answer covers it too
   */
  tokenOf(known: bigint | null, asked: OrderPosition | null): string | null {
    // While the store is not known, take the one that was asked for: a read of another store is refused.
    const store = this.storeMark ?? asked?.store ?? null;
    const position = asked !== null && (known === null || known < asked.position) ? asked.position : known;
    if (position === null || store === null) return null;
    // Many reads see the same position, so the last token is kept.
    if (this.#told?.position !== position || this.#told.store !== store) {
      const token = encodeOrderPosition({ position, store, orderId: null, revision: null });
      this.#told = { position, store, token };
    }
    return this.#told.token;
  }

  /**
   * @param store its mark, in a place of the feed; null: the place does not say, as those of earlier releases
   * @throws ProblemError position_of_another_store
   */
  refusePlaceOf(store: string | null): void {
    if (store !== null) this.#refuseOtherStore(store);
  }

  #refuseOtherStore(store: string | null): void {
    const own = this.storeMark;
    if (own !== null && store !== own) throw new ProblemError('position_of_another_store');
  }

  /** Whether the rows are of any event, as far as this process was told. */
  get hasRows(): boolean {
    return this.#watcher.position(ORDERS_PROJECTION) !== null;
  }

  /** Mark of the event store that the read models are made from; null: not known yet. */
  get storeMark(): string | null {
    const { storeId } = this.#watcher;
    return storeId === null ? null : storeMarkOf(storeId);
  }
}
