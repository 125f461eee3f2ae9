import { decodeOrderPosition } from '#platform/order-position.js';

/** What one client has seen, and the token that makes other answers show at least that much. */
export class Session {
  #token: string | null = null;
  #position = -1n;
  /** The latest revision of each order that the token covers. */
  readonly #seen = new Map<string, number>();

  get token(): string | null {
    return this.#token;
  }

  /** Position of the token; null: there is no token. */
  get position(): bigint | null {
    return this.#token === null ? null : this.#position;
  }

  /** The revision of an order that an answer to the token has to show; null: none is known. */
  covered(orderId: string): number | null {
    return this.#token === null ? null : (this.#seen.get(orderId) ?? null);
  }

  /** Takes in an answer that shows some orders and has a token. */
  saw(token: string | null, orders: readonly { orderId: string; revision: number }[]): void {
    if (token === null) return;
    const { position } = decodeOrderPosition(token)!;
    // A replayed answer has its first position, which may be older than what was seen since.
    if (position >= this.#position) {
      this.#position = position;
      this.#token = token;
    }
    for (const { orderId, revision } of orders) {
      this.#seen.set(orderId, Math.max(revision, this.#seen.get(orderId) ?? -1));
    }
  }
}
