import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { causeOf } from './log.js';
import { NotSent } from './not-sent.js';

export interface Contact {
  readonly name: string | null;
  readonly email: string | null;
  readonly phone: string | null;
}

/** What the notifier reads of an order as query-api shows it (docs/openapi/query-api.json). */
export interface OrderView {
  readonly number: string;
  readonly currency: string;
  readonly lines: readonly { readonly name: string; readonly quantity: number }[];
  readonly totals: { readonly totalMinor: number };
  readonly refunds: readonly { readonly refundId: string; readonly amountMinor: number }[];
  readonly personal: { readonly contact: Contact | null } | 'erased';
}

export interface OrdersOptions {
  readonly queryUrl: string;
  /** Read for every request: a new token takes effect by itself. */
  readonly tokenFile: string;
}

/** query-api makes the read wait up to 3 seconds for the revision asked for. */
const ANSWER_LIMIT_MS = 10_000;
const TRIES = 3;
const PAUSE_MS = 100;
/** Problems of query-api that say that only this order is not up to date yet. */
const BEHIND = ['not_caught_up', 'order_parked'];

/**
 * The order, at the revision given or a later one.
 *
 * @throws NotSent when there is no such answer now
 */
export async function readOrder(
  { queryUrl, tokenFile }: OrdersOptions,
  orderId: string,
  minRevision: number,
): Promise<OrderView> {
  const url = new URL(`/v1/orders/${orderId}?minRevision=${minRevision}`, queryUrl);
  const { status, body } = await get(url, await tokenIn(tokenFile));
  if (status === 200 && isOrderView(body)) return body;
  const { code = 'no problem+json' } = (body ?? {}) as { code?: string };
  const reason = `query-api: ${status} ${code}`;
  if (status === 503 && BEHIND.includes(code)) throw new NotSent('behind', reason);
  // 401 and 403: the token is wrong or too old, for every order.
  if ([401, 403, 429, 502, 503, 504].includes(status)) throw new NotSent('away', reason);
  throw new NotSent('failed', reason);
}

/** Tries again at once where no answer came: a connection that was kept may have been closed at the other end. */
async function get(url: URL, token: string): Promise<{ status: number; body: unknown }> {
  for (let tried = 1; ; tried++) {
    try {
      const response = await fetch(url, {
        headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
        signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
      });
      const text = await response.text();
      return { status: response.status, body: parsed(text) };
    } catch (error) {
      const { cause = error } = error as { cause?: unknown };
      if (tried === TRIES) throw new NotSent('away', `query-api: ${causeOf(cause)}`, error);
      await setTimeout(PAUSE_MS * tried);
    }
  }
}

/** Null where it is no JSON. What the parser says of it is left out: it repeats the text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

async function tokenIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new NotSent('away', `NOTIFIER_TOKEN_FILE: ${causeOf(error)}`, error);
  }
}

function isOrderView(body: unknown): body is OrderView {
  const { number, currency, lines, totals, refunds, personal } = (body ?? {}) as Partial<OrderView>;
  const isPersonal = personal === 'erased' || (typeof personal === 'object' && 'contact' in personal);
  const areLists = Array.isArray(lines) && Array.isArray(refunds);
  return typeof number === 'string' && typeof currency === 'string' && areLists && !!totals && isPersonal;
}
