import type { Item, OrderlogClient } from '#client/orderlog-client.js';
import { sum, type PlannedOrder } from './import-plan.js';

/**
 * Identities of the orders that the read models show as complete. A planned order with the same identity is there
 * with everything that the plan says of it. The commands of all other orders are sent again. A command that was
 * sent before then changes nothing, so read models that lag behind do no harm.
 *
 * @throws Problem and NoAnswer as the client does
 */
export async function listImported(
  client: OrderlogClient,
  planned: readonly PlannedOrder[],
): Promise<ReadonlySet<string>> {
  const imported = new Set<string>();
  const range = placingTimes(planned);
  if (range === null) return imported;
  const completed = client.items('listOrders', { status: ['completed'], limit: 100, ...range });
  for await (const order of completed) imported.add(identityOfListed(order));
  return imported;
}

export function identityOfPlanned(order: PlannedOrder): string {
  return identity([
    order.invoice,
    order.customerId,
    Date.parse(order.at),
    'GBP',
    order.lines.length,
    sum(order.lines, (line) => line.quantity),
    order.totalMinor,
    sum(order.returns, (one) => one.amountMinor),
    order.returns.length,
    sum(order.returns, (one) => sum(one.lines, (line) => line.quantity)),
  ]);
}

function identityOfListed(order: Item<'listOrders'>): string {
  return identity([
    order.reference,
    order.customerId,
    Date.parse(order.placedAt),
    order.currency,
    order.lineCount,
    order.unitCount,
    order.orderedTotalMinor,
    order.refundedMinor,
    order.returnsClosed,
    order.unitsReturned,
  ]);
}

function identity(parts: readonly (string | number | null)[]): string {
  return JSON.stringify(parts);
}

function placingTimes(orders: readonly PlannedOrder[]): { from: string; to: string } | null {
  const times = orders.map((order) => Date.parse(order.at));
  if (times.length === 0) return null;
  const first = times.reduce((a, b) => Math.min(a, b));
  const last = times.reduce((a, b) => Math.max(a, b));
  return { from: new Date(first).toISOString(), to: new Date(last + 1).toISOString() }; // half open
}
