import type { Item, OrderlogClient } from '#client/orderlog-client.js';
import { CliError } from '../support/cli-error.js';
import { sum, type PlannedOrder } from './import-plan.js';
import { inFlight } from './in-flight.js';
import { cancellationOf } from './online-retail.script.js';

interface Reading {
  readonly client: OrderlogClient;
  /** How many orders are read at once. */
  readonly concurrency: number;
}

/** An order that an import may have made, and that has refunds. */
type Refunded = Pick<Item<'listOrders'>, 'orderId' | 'reference' | 'customerId'>;

/**
 * The planned orders that are left to import: all but those that the read models show as complete, with everything
 * that the plan says of them. The commands of an order that is left are sent from its first one on. A command that was
 * sent before then changes nothing, so read models that lag behind do no harm.
 *
 * @throws CliError when the plan gives a cancellation to another order than the one that it has refunded
 * @throws Problem and NoAnswer as the client does
 */
export async function ordersLeft(
  planned: readonly PlannedOrder[],
  reading: Reading,
): Promise<readonly PlannedOrder[]> {
  const range = placingTimes(planned);
  if (range === null) return [];
  const left = new Map(planned.map((order) => [identityOfPlanned(order), order]));
  const complete = new Set<string>();
  const completed = reading.client.items('listOrders', { ...COMPLETED, ...range });
  for await (const order of completed) {
    const listed = identityOfListed(order);
    if (left.delete(listed)) complete.add(listed);
  }
  const orders = [...left.values()];
  await refuseMovedReturns(planned, orders, complete, reading);
  return orders;
}

// An order stays completed whatever comes back of it.
const COMPLETED = { status: ['completed' as const], limit: 100 };

/** A refund that an import made for a cancellation. */
interface Refund {
  readonly cancellation: string;
  /** The invoice of the order. */
  readonly invoice: string;
  readonly customerId: string | null;
  readonly amountMinor: number;
}

/**
 * A cancellation names no order: the plan chooses one among the orders that stand before it in the input. With another
 * input (the files in another order, one invoice more or less), and in another release, it may choose another one than
 * the import before. The keys of its commands begin with the order's, so it would be refunded once more there.
 *
 * A refund tells by its provider reference which cancellation it was made for. So before goods are given back of orders
 * of a customer, the customer's orders are read that have other refunds than the plan expects. One that was made for a
 * cancellation which the plan gives to another order ends the import. A refund by itself is no reason: others may have
 * taken goods back since, or given money back, and that must not keep anybody from importing the same input again. What
 * an import did that was killed just now may be missing: the read models may not show it yet, and a refund that was asked
 * for and not yet recorded as paid tells of no cancellation.
 *
 * @param left what is left of `planned`
 * @param complete the orders that have what the plan expects
 */
async function refuseMovedReturns(
  planned: readonly PlannedOrder[],
  left: readonly PlannedOrder[],
  complete: ReadonlySet<string>,
  { client, concurrency }: Reading,
): Promise<void> {
  const customers = new Set(left.filter(({ returns }) => returns.length > 0).map((one) => one.customerId!));
  const concerned: Refunded[] = [];
  // Of any time: the order that was refunded need not be in this input.
  await inFlight(customers, concurrency, async (customerId) => {
    for await (const order of client.items('listOrders', { ...COMPLETED, customerId })) {
      if (order.refundedMinor > 0 && !complete.has(identityOfListed(order))) concerned.push(order);
    }
  });
  const made: Refund[] = [];
  await inFlight(concerned, concurrency, async ({ orderId, reference, customerId }) => {
    const { refunds } = await client.getOrder({ orderId });
    for (const { status, providerReference, amountMinor } of refunds) {
      const cancellation = status === 'succeeded' ? cancellationOf(providerReference) : null;
      if (cancellation === null) continue;
      made.push({ cancellation, invoice: String(reference), customerId, amountMinor });
    }
  });
  const done = new Set(made.map(({ cancellation, invoice }) => identity([cancellation, invoice])));
  const waiting = left.filter(({ invoice, returns }) =>
    returns.some((one) => !done.has(identity([one.invoice, invoice]))),
  );
  const expected = new Set(planned.flatMap(refundsOf).map(identityOfRefund));
  for (const refund of made) {
    if (expected.has(identityOfRefund(refund))) continue;
    if (waiting.some(({ customerId }) => customerId === refund.customerId)) refuseIfMoved(refund, planned);
  }
}

/** @throws CliError when the plan gives the cancellation of this refund to another order */
function refuseIfMoved({ cancellation, invoice }: Refund, planned: readonly PlannedOrder[]): void {
  const target = planned.find(
    (order) => order.invoice !== invoice && order.returns.some((one) => one.invoice === cancellation),
  );
  if (target === undefined) return;
  throw new CliError(
    `invoice ${cancellation} gave back goods of invoice ${invoice} in an import before, but by this input they would ` +
      `be goods of invoice ${target.invoice}: import the same files as before, in the same order, or leave out the ` +
      `lines of ${cancellation} (an earlier release may have planned the same files otherwise)`,
  );
}

function refundsOf({ invoice, customerId, returns }: PlannedOrder): Refund[] {
  return returns.map(({ invoice: cancellation, amountMinor }) => ({
    cancellation,
    invoice,
    customerId,
    amountMinor,
  }));
}

function identityOfRefund({ cancellation, invoice, amountMinor }: Refund): string {
  return identity([cancellation, invoice, amountMinor]);
}

function identityOfPlanned(order: PlannedOrder): string {
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
