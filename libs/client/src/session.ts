import { readPosition, writePosition, type OrderPosition } from './order-position.js';

/** For how many orders a session remembers its own last change. */
const MAX_ORDERS = 1_000;

/**
 * What one reader has seen and written: its next read shows no less, whichever instance answers. The session holds
 * the furthest `Order-Position` of both APIs. Its token can be kept, in a cookie for instance, and begin a session
 * somewhere else.
 *
 * Positions of different event stores can't be compared. After orders were moved to another store, the first
 * change that is answered there moves the session to that store. Until then its reads are refused with
 * `position_of_another_store`. A client that only reads calls `forget()`.
 */
export class Session {
  #furthest: OrderPosition | null = null;
  /** The session as text, made when it is first asked for. */
  #token: string | null = null;
  /** The revision of each order after the session's own changes; the order changed last is last. */
  readonly #changed = new Map<string, number>();

  /** @param token of an earlier session */
  constructor(token: string | null = null) {
    if (token !== null && !this.saw(token)) throw new Error(`${token.slice(0, 40)} is not an Order-Position`);
  }

  /** The token to send as `Consistent-With`, or to keep; null: nothing was seen yet. It names no order. */
  get token(): string | null {
    if (this.#furthest === null) return null;
    this.#token ??= writePosition(this.#furthest);
    return this.#token;
  }

  /**
   * Moves the session forward to the position of an answer, never back.
   *
   * @returns false when `token` is no Order-Position: the session is unchanged
   */
  saw(token: string): boolean {
    const seen = readPosition(token);
    if (seen === null) return false;
    if (seen.about !== null) this.#remember(seen.about);
    const furthest = this.#furthest;
    if (furthest !== null && furthest.store === seen.store && furthest.position >= seen.position) return true;
    if (furthest !== null && furthest.store !== seen.store && seen.about === null) return true; // only changes move it
    this.#furthest = { ...seen, about: null };
    this.#token = null;
    return true;
  }

  /**
   * The token for a read of one order. It names the session's own change of that order, so that a change that
   * could not be applied to the read models is reported (503 `order_parked`). The token of a list names none, so
   * that one such order does not hold up the list.
   */
  tokenFor(orderId: string): string | null {
    const revision = this.#changed.get(orderId);
    if (this.#furthest === null || revision === undefined) return this.token;
    return writePosition({ ...this.#furthest, about: { orderId, revision } });
  }

  /** Starts the session anew: the next read shows whatever the read models hold. */
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
