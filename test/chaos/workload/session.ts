import { decodeOrderPosition } from '#platform/order-position.js';

/** What one client has seen, and the token that makes others show it that much. */
export class Session {
  #token: string | null = null;
  #position = -1n;
  /** The latest revision of each order that the token covers. */
  readonly #seen = new Map<string, number>();

  get token(): string | null {
    return this.#token;
  }

  /** That the token stands for; null: there is no token. */
  get position(): bigint | null {
    return this.#token === null ? null : this.#position;
  }

  /** The revision that an answer with the token has to show of an order; null: none that is known of. */
  covered(orderId: string): number | null {
    return this.#token === null ? null : (this.#seen.get(orderId) ?? null);
  }

  /** An answer that shows some orders, and came with a token. */
  saw(token: string | null, orders: readonly { orderId: string; revision: number }[]): void {
    if (token === null) return;
    const { position } = decodeOrderPosition(token)!;
    // A repeated answer has its first position, which may be older than what was seen since.
    if (position >= this.#position) {
      this.#position = position;
      this.#token = token;
    }
    for (const { orderId, revision } of orders) {
      this.#seen.set(orderId, Math.max(revision, this.#seen.get(orderId) ?? -1));
    }
  }
}
