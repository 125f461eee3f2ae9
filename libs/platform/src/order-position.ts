/** The content of the header `Order-Position`. Read models that have reached this position show the change. */
export interface OrderPosition {
  /** Mark of the event store that the position is of; null in a token of an earlier release. */
  readonly store: string | null;
  /** Commit position in the event store. */
  readonly position: bigint;
  /** Set in the answer to a command: the order, and its revision after the command. */
  readonly orderId: string | null;
  readonly revision: number | null;
}

const MAX_TOKEN_CHARACTERS = 300;
const MARK = /^[0-9a-f]{12}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** An opaque token: base64url of `{"p":"<position>","s":"<store>","o":"<orderId>","r":<revision>}`. */
export function encodeOrderPosition({ position, store, orderId, revision }: OrderPosition): string {
  const token = {
    p: position.toString(),
    s: store ?? undefined,
    o: orderId ?? undefined,
    r: orderId === null ? undefined : revision,
  };
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

/** The token's content; null: the token is not one of ours. */
export function decodeOrderPosition(token: string): OrderPosition | null {
  if (token.length > MAX_TOKEN_CHARACTERS || !/^[\w-]+$/.test(token)) return null;
  const content = parsed(Buffer.from(token, 'base64url').toString('utf8'));
  if (typeof content !== 'object' || content === null) return null;
  const { p, s = null, o, r } = content as Record<string, unknown>;
  if (typeof p !== 'string' || !/^\d{1,19}$/.test(p)) return null;
  if (s !== null && (typeof s !== 'string' || !MARK.test(s))) return null;
  const at = { position: BigInt(p), store: s };
  if (o === undefined && r === undefined) return { ...at, orderId: null, revision: null };
  if (typeof o !== 'string' || !UUID.test(o)) return null;
  if (typeof r !== 'number' || !Number.isSafeInteger(r) || r < 0) return null;
  return { ...at, orderId: o, revision: r };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null; // made up: the caller says so
  }
}
