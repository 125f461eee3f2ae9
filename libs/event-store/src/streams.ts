const PREFIX = 'order-';
const NAME = /^order-([a-z0-9_]{1,32})\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** Every order stream begins with it; nothing else does. */
export const ORDER_STREAM_PREFIX = PREFIX;

export function orderStream(tenantId: string, orderId: string): string {
  return `${PREFIX}${tenantId}.${orderId}`;
}

/** Whose stream this is; null when it is no order's. */
export function parseOrderStream(stream: string): { tenantId: string; orderId: string } | null {
  const match = NAME.exec(stream);
  return match ? { tenantId: match[1]!, orderId: match[2]! } : null;
}
