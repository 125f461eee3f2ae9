/** The content of an `Order-Position`. */
export interface OrderPosition {
  /** The event store that the position is of; null in a token of an early release. */
  readonly store: string | null;
  readonly position: bigint;
  /** In the answer to a change: the order, and its revision after the change. */
  readonly about: { readonly orderId: string; readonly revision: number } | null;
}

/** The token's content; null when it is no token of the APIs. */
export function readPosition(token: string): OrderPosition | null {
  const content = parsed(token);
  if (typeof content !== 'object' || content === null) return null;
  const { p, s = null, o, r } = content as Record<string, unknown>;
  if (typeof p !== 'string' || !/^\d{1,19}$/.test(p)) return null;
  if (s !== null && typeof s !== 'string') return null;
  const about = typeof o === 'string' && typeof r === 'number' ? { orderId: o, revision: r } : null;
  return { store: s, position: BigInt(p), about };
}

/** base64url of `{"p":"<position>","s":"<store>","o":"<orderId>","r":<revision>}`; the last three where there are any. */
export function writePosition({ store, position, about }: OrderPosition): string {
  const content = {
    p: position.toString(),
    ...(store === null ? {} : { s: store }),
    ...(about === null ? {} : { o: about.orderId, r: about.revision }),
  };
  return btoa(JSON.stringify(content)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function parsed(token: string): unknown {
  try {
    return JSON.parse(atob(token.replaceAll('-', '+').replaceAll('_', '/')));
  } catch {
    return null; // the caller says what that means
  }
}
