import { readPosition, writePosition, type OrderPosition } from './order-position.js';

/** Orders of which a session remembers its own last change. */
const MAX_ORDERS = 1_000;

/**
 * What one reader has seen and written: its next read, wherever that is answered, shows no less. It holds the furthest
 * `Order-Position` of both APIs. A token can be kept, in a cookie say, and a session begun from it elsewhere.
 *
 * Positions of different event stores can't be compared: after orders were moved to another one, the first change that
 * is answered there takes the session over. Until then its reads are refused with `position_of_another_store`; who only
 * reads calls `forget()`.
 */
export class Session {
  #furthest: OrderPosition | null = null;
  /** As text, once somebody has asked for it. */
  #token: string | null = null;
  /** Revision by order, of the session's own changes; the latest stand last. */
  readonly #changed = new Map<string, number>();

  /** @param token of an earlier session */
  constructor(token: string | null = null) {
    if (token !== null && !this.saw(token)) throw new Error(`${token.slice(0, 40)} is no Order-Position`);
  }

  /** To be sent as `Consistent-With`, or kept; null: nothing was seen yet. Names no order. */
  get token(): string | null {
    if (this.#furthest === null) return null;
    this.#token ??= writePosition(this.#furthest);
    return this.#token;
  }

  /**
   * Goes on to what an answer showed, never back.
   *
   * @returns false when it is no Order-Position: then nothing has changed
   */
  saw(token: string): boolean {
    const seen = readPosition(token);
    if (seen === null) return false;
    if (seen.about !== null) this.#remember(seen.about);
    const furthest = this.#furthest;
    if (furthest !== null && furthest.store === seen.store && furthest.position >= seen.position) return true;
    if (furthest !== null && furthest.store !== seen.store && seen.about === null) return true; // an old instance's
    this.#furthest = { ...seen, about: null };
    this.#token = null;
    return true;
  }

  /**
   * For a read of one order. It names the session's own change of it, so that a change that could not be applied to
   * the read models is told (503 `order_parked`); a list is not held up by one such order.
   */
  tokenFor(orderId: string): string | null {
    const revision = this.#changed.get(orderId);
    if (this.#furthest === null || revision === undefined) return this.token;
    return writePosition({ ...this.#furthest, about: { orderId, revision } });
  }

  /** Begins anew: the next read shows whatever there is. */
  forget(): void {
    this.#furthest = null;
    this.#token = null;
    this.#changed.clear();
  }

  #remember({ orderId, revision }: { orderId: string; revision: number }): void {
    const known = this.#changed.get(orderId) ?? -1;
    this.#changed.delete(orderId);
    this.#changed.set(orderId, Math.max(known, revision));
    if (this.#changed.size <= MAX_ORDERS) return;
    const [oldest] = this.#changed.keys();
    this.#changed.delete(oldest!);
  }
}
