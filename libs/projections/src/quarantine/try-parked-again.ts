import type pg from 'pg';
import type { Generation } from '#read-models/generations/generation.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import { OrdersShownOlder } from '#read-models/generations/orders-shown-older.js';
import { askOwners, type Waiting } from './ask-owners.js';

/**
 * Flips, or looks whether that could be done. Where a flip would show orders older, what the generation has parked
 * is tried again there before the second and last attempt: a person may have mended the cause, and tried again
 * only in the active generation.
 *
 * @throws OrdersShownOlder
 */
export async function withParkedTriedAgain<T>(
  pool: pg.Pool,
  { rowsOf }: Generation,
  flip: () => Promise<T>,
  waiting: Waiting = {},
): Promise<T> {
  try {
    return await flip();
  } catch (error) {
    if (!(error instanceof OrdersShownOlder)) throw error;
    const tryAgain = {
      ...({ projection: ORDERS_PROJECTION, generation: rowsOf, action: 'retry_all' } as const),
      ...{ tenantId: null, orderId: null, revision: null },
      ...{ who: 'orderlog', reason: 'a flip to this generation would show an older state of orders' },
    };
    const [tried] = await askOwners(pool, [tryAgain], waiting);
    return flip().catch((stillOlder: unknown) => {
      if (stillOlder instanceof OrdersShownOlder) stillOlder.tried = tried!;
      throw stillOlder;
    });
  }
}

/** Why the flip was refused, and what came of trying again. */
export function whyNotFlipped({ message, tried }: OrdersShownOlder): string {
  return tried === null
    ? message
    : `${message}; the result of trying all that is parked there again: ${tried.outcome}`;
}
