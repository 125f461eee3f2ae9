import type { CheckpointWatcher } from '#read-models/checkpoints.js';
import { storeMarkOf } from '#event-store/store-identity.js';
import { encodeOrderPosition, type OrderPosition } from '#platform/order-position.js';
import { ProblemError } from '#platform/problems/problems.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import type { Lag } from './lag.js';

/** How long a read waits for the change that it must show. */
const WAIT_LIMIT_MS = 3_000;
/** Who is a minute behind is not there in a second: a tenth of how far it is behind, within these bounds. */
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
    this.#refuseOtherStore(position);
    const reached = await this.#watcher.reached(projection, position.position, this.#waitLimitMs);
    if (!reached || this.#storeMark === null) throw await this.notCaughtUp(projection, position.position);
    this.#refuseOtherStore(position); // it may not have been known before, or another since
  }

  /**
   * For a read of the event store itself: it has what it acknowledged, so nothing is waited for.
   *
   * @throws ProblemError position_of_another_store
   * @throws ProblemError not_caught_up while it is not known which event store this is
   */
  async ofThisStore(position: OrderPosition | null): Promise<void> {
    if (position === null) return;
    this.#refuseOtherStore(position);
    if (this.#storeMark === null) throw await this.notCaughtUp(ORDERS_PROJECTION, position.position);
  }

  /**
   * Reads again with every step of the projection until the answer is fresh enough.
   *
   * @throws ProblemError not_caught_up when it is not in time
   */
  async until<T>(read: () => Promise<T>, isFresh: (answer: T) => boolean): Promise<T> {
    const deadlineMs = performance.now() + this.#waitLimitMs;
    for (;;) {
      // Known before the read, so that no step between the two is missed.
      const seen = this.#watcher.position(ORDERS_PROJECTION) ?? -1n;
      const answer = await read();
      if (isFresh(answer)) return answer;
      const leftMs = deadlineMs - performance.now();
      const moved = await this.#watcher.reached(ORDERS_PROJECTION, seen + 1n, leftMs);
      if (!moved) throw await this.notCaughtUp(ORDERS_PROJECTION, null);
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
   * What the next read has to ask for to show no less, whoever answers it, from whichever generation; null: nothing
   * was read yet.
   *
   * @param known a position that the rows had reached when they were read, or soon after, not before; of what was read
   * from a stream that of its last event
   * @param asked what the read waited for: as it was answered, it shows that too
   */
  tokenOf(known: bigint | null, asked: OrderPosition | null): string | null {
    // Until it is known, the one that is asked for: the answer comes only when that is the right one.
    const store = this.#storeMark ?? asked?.store ?? null;
    const position = asked !== null && (known === null || known < asked.position) ? asked.position : known;
    if (position === null || store === null) return null;
    // Many reads see the same position.
    if (this.#told?.position !== position || this.#told.store !== store) {
      const token = encodeOrderPosition({ position, store, orderId: null, revision: null });
      this.#told = { position, store, token };
    }
    return this.#told.token;
  }

  #refuseOtherStore({ store }: OrderPosition): void {
    const own = this.#storeMark;
    if (own !== null && store !== own) throw new ProblemError('position_of_another_store');
  }

  /** Of the event store that the read models are made from; null: not known yet. */
  get #storeMark(): string | null {
    const { storeId } = this.#watcher;
    return storeId === null ? null : storeMarkOf(storeId);
  }
}
