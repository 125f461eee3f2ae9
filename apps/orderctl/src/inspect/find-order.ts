import type { Item, OrderlogClient } from '#client/orderlog-client.js';
import { CliError } from '../support/cli-error.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const SHOWN = 10;

/**
 * The id of the order that a person named by its id, its number or its reference.
 *
 * @throws CliError when there is none, or when several orders have the reference
 */
export async function findOrder(client: OrderlogClient, named: string): Promise<string> {
  if (UUID.test(named)) return named;
  for (const filter of ['number', 'reference'] as const) {
    const { items } = await client.listOrders({ [filter]: named, limit: SHOWN });
    const [first, second] = items;
    if (first !== undefined && second === undefined) return first.orderId;
    if (first !== undefined) throw new CliError(severalFound(named, items));
  }
  throw new CliError(
    `no order has the id, number or reference ${named}: is it in another tenant (--tenant)?`,
  );
}

function severalFound(named: string, items: readonly Item<'listOrders'>[]): string {
  const listed = items
    .map(({ orderId, placedAt }) => `${orderId} (placed ${placedAt.slice(0, 16)})`)
    .join(', ');
  const many = items.length === SHOWN ? `${SHOWN} or more` : String(items.length);
  return `${many} orders have the reference ${named}: give an id: ${listed}`;
}
