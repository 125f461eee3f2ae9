import { readFile } from 'node:fs/promises';
import { createClient, NoAnswer, Problem, type OrderlogClient, type Output } from 'orderlog-client';
import { causeOf } from './log.js';
import { NotSent } from './not-sent.js';

/** An order as query-api shows it (docs/openapi/query-api.json). */
export type OrderView = Output<'getOrder'>;
export type Contact = NonNullable<Exclude<OrderView['personal'], 'erased'>['contact']>;

export interface OrdersOptions {
  readonly queryUrl: string;
  /** The file is read again when its token has expired or is refused. */
  readonly tokenFile: string;
}

/** query-api makes the read wait up to 3 seconds for the revision asked for. The inbox makes the longer pauses. */
const DEADLINE_MS = 5_000;
/** Problems of query-api which say that only this order is not up to date yet. */
const BEHIND = ['not_caught_up', 'order_parked'];

export function openOrders({ queryUrl, tokenFile }: OrdersOptions): OrderlogClient {
  return createClient({ queryUrl, token: () => tokenIn(tokenFile), deadlineMs: DEADLINE_MS });
}

/**
 * The order, at the revision given or a later one.
 *
 * @throws NotSent when query-api does not give that answer now
 */
export async function readOrder(
  orders: OrderlogClient,
  orderId: string,
  minRevision: number,
): Promise<OrderView> {
  try {
    // In a session of its own: `minRevision` says how new the order must be. The position of an earlier answer would
    // be refused, each time, once the orders have moved to another event store.
    return await orders.withSession().getOrder({ orderId, minRevision });
  } catch (error) {
    if (error instanceof NoAnswer) throw new NotSent('away', `query-api: ${causeOf(error)}`, error);
    if (!(error instanceof Problem)) throw error;
    const { status, code } = error;
    // The problem's own words are left out: they may repeat what was sent.
    const reason = `query-api: ${status} ${code}`;
    if (status === 503 && BEHIND.includes(code)) throw new NotSent('behind', reason);
    // 401 and 403: the token is wrong or too old, for every order.
    if ([401, 403, 429, 502, 503, 504].includes(status)) throw new NotSent('away', reason);
    throw new NotSent('failed', reason);
  }
}

async function tokenIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new NotSent('away', `NOTIFIER_TOKEN_FILE: ${causeOf(error)}`, error);
  }
}
