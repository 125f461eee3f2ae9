import type pg from 'pg';
import { orderNumber, typedOrderNumber } from '#domain/order/order-number.js';
import type { ProjectionKey } from '#read-models/projection-key.js';
import { parkedOrders, type ParkedOrder } from '#read-models/stores/quarantine.store.js';
import { CliError } from '../support/cli-error.js';

/** The projections that a command may name. `relay` stands for the relays to all topics. */
export const projectionNames = ['orders', 'search', 'relay'] as const;
export type ProjectionName = (typeof projectionNames)[number];

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Orders parked by the active generation and by the relay. @param projection null: by all projections */
export async function parkedNow(pool: pg.Pool, projection: ProjectionName | null): Promise<ParkedOrder[]> {
  const orders = await parkedOrders(pool);
  return orders.filter((order) => projection === null || isOf(order, projection));
}

/**
 * The id of the order that a person named by its id or, when it is parked, by its number.
 * @throws CliError when no parked order has that number
 */
export async function orderIdOf(pool: pg.Pool, named: string): Promise<string> {
  if (UUID.test(named)) return named.toLowerCase();
  const number = typedOrderNumber(named);
  const found = (await parkedOrders(pool)).find(({ orderId }) => orderNumber(orderId) === number);
  if (found) return found.orderId;
  throw new CliError(
    `no parked order has the number ${named}: give the order's id, or see \`orderctl quarantine list\``,
  );
}

function isOf(scope: ProjectionKey, projection: ProjectionName): boolean {
  return scope.projection === projection || scope.projection.startsWith(`${projection}:`);
}
