import type pg from 'pg';
import type { Generation } from '#read-models/generations.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import { OrdersShownOlder } from '#read-models/orders-shown-older.js';
import { askOwners } from './ask-owners.js';

/**
 * Flips. Where that would show orders older, what the generation has parked is tried again there before the second
 * and last attempt: a person may have mended the cause, and had it tried again in the active one alone.
 *
 * @throws OrdersShownOlder
 */
export async function flipWithParkedTriedAgain<T>(
  pool: pg.Pool,
  { rowsOf }: Generation,
  flip: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await flip();
  } catch (error) {
    if (!(error instanceof OrdersShownOlder)) throw error;
    const tryAgain = {
      ...({ projection: ORDERS_PROJECTION, generation: rowsOf, action: 'retry_all' } as const),
      ...{ tenantId: null, orderId: null, revision: null },
      ...{ who: 'orderlog', reason: 'a flip to this generation would show orders older' },
    };
    await askOwners(pool, [tryAgain], signal ? { signal } : {});
    return flip();
  }
}
