const PREFIX = 'order-';
const NAME = /^order-([a-z0-9_]{1,32})\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** The prefix of every order stream, and of no other stream. */
export const ORDER_STREAM_PREFIX = PREFIX;

export function orderStream(tenantId: string, orderId: string): string {
  return `${PREFIX}${tenantId}.${orderId}`;
}

const SNAPSHOT_PREFIX = 'order_snapshot-';

/**
 * The prefix of every stream of snapshots. These are no order streams: no projection reads them, no export copies
 * them.
 */
export const SNAPSHOT_STREAM_PREFIX = SNAPSHOT_PREFIX;

/**
 * The stream of an order's snapshots, by the stream of its events.
 * @throws Error when that is no stream of an order
 */
export function snapshotStream(orderStreamName: string): string {
  if (parseOrderStream(orderStreamName) === null)
    throw new Error(`${orderStreamName} is not the stream of an order`);
  return SNAPSHOT_PREFIX + orderStreamName.slice(PREFIX.length);
}

/** The stream of the order whose snapshots these are; null when it is no stream of snapshots. */
export function orderStreamOfSnapshots(stream: string): string | null {
  if (!stream.startsWith(SNAPSHOT_PREFIX)) return null;
  const name = PREFIX + stream.slice(SNAPSHOT_PREFIX.length);
  return parseOrderStream(name) === null ? null : name;
}

/** The tenant and order of a stream; null when it is no order stream. */
export function parseOrderStream(stream: string): { tenantId: string; orderId: string } | null {
  const match = NAME.exec(stream);
  return match ? { tenantId: match[1]!, orderId: match[2]! } : null;
}
