import { describe, expect, it } from '@jest/globals';
import { createClient, type Transport } from '#client/orderlog-client.js';
import type { Instant } from '#domain/instant.js';
import type { PlannedOrder } from './import-plan.js';
import { ordersLeft } from './imported-orders.js';

const UNITS = 5;
const PRICE_MINOR = 100;

/** An order of five units, of which each of the cancellations gives one back. */
function planned(invoice: string, ...cancellations: readonly string[]): PlannedOrder {
  return {
    ...{ invoice, customerId: 'ada', countryName: 'France', at: '2011-01-01T10:00:00.000Z' as Instant },
    lines: [{ sku: 'A', name: 'a', quantity: UNITS, unitPriceMinor: PRICE_MINOR }],
    totalMinor: UNITS * PRICE_MINOR,
    returns: cancellations.map((cancellation) => ({
      ...{ invoice: cancellation, at: '2011-01-02T10:00:00.000Z' as Instant },
      ...{ lines: [{ index: 0, quantity: 1 }], amountMinor: PRICE_MINOR },
    })),
  };
}

/** An order as query-api shows it, one unit of which came back for each of the refunds. */
interface Shown {
  readonly invoice: string;
  readonly refunds: readonly string[];
  readonly customerId?: string;
  readonly placedAt?: string;
}

/** Which of the planned orders are left, and which of the shown ones were read to know it. */
async function look(plan: readonly PlannedOrder[], ...shown: readonly Shown[]) {
  const read: string[] = [];
  const transport: Transport = async ({ url }) => {
    const { pathname, searchParams: asked } = new URL(url);
    const [, invoice] = /^\/v1\/orders\/(\w+)$/.exec(pathname) ?? [];
    if (invoice !== undefined) read.push(invoice);
    const [customer, from, to] = ['customerId', 'from', 'to'].map((name) => asked.get(name));
    const items = shown.map(listed).filter(({ customerId, placedAt }) => {
      const isOf = !customer || customer === customerId;
      return isOf && (!from || placedAt >= from) && (!to || placedAt < to);
    });
    const page = { items, nextCursor: null };
    const body = invoice === undefined ? page : detail(invoice, shown);
    const stream = () => {
      throw new Error('nothing is streamed here');
    };
    return { status: 200, header: () => null, text: async () => JSON.stringify(body), stream };
  };
  const client = createClient({ queryUrl: 'http://query', token: 'any', transport });
  const left = await ordersLeft(plan, { client, concurrency: 2 });
  return { left: left.map(({ invoice }) => invoice), read };
}

function listed({ invoice, refunds, customerId = 'ada', placedAt = '2011-01-01T10:00:00.000Z' }: Shown) {
  return {
    ...{ orderId: invoice, reference: invoice, customerId, placedAt },
    ...{ currency: 'GBP', lineCount: 1, unitCount: UNITS, orderedTotalMinor: UNITS * PRICE_MINOR },
    ...{ refundedMinor: refunds.length * PRICE_MINOR, returnsClosed: refunds.length },
    unitsReturned: refunds.length,
  };
}

function detail(invoice: string, shown: readonly Shown[]): object {
  const { refunds } = shown.find((one) => one.invoice === invoice)!;
  return {
    refunds: refunds.map((providerReference) => ({
      ...{ status: 'succeeded', providerReference, amountMinor: PRICE_MINOR },
    })),
  };
}

describe('what is left to import', () => {
  it('is what the read models do not show complete', async () => {
    const plan = [planned('1', 'C4'), planned('2'), planned('3', 'C5')];
    const shown = [
      { invoice: '1', refunds: ['REF-C4'] },
      { invoice: '3', refunds: [] },
    ];
    expect(await look(plan, ...shown)).toEqual({ left: ['2', '3'], read: [] });
  });

  it('is nothing of a plan without orders', async () => {
    expect(await look([])).toEqual({ left: [], read: [] });
  });

  it.each([
    ['the plan expects no return of that order now', [planned('1'), planned('2', 'C4')]],
    ['that order is not in the plan any more', [planned('2', 'C4')]],
  ])('is refused where a cancellation refunded another order before: %s', async (_why, plan) => {
    await expect(
      look(plan, { invoice: '1', refunds: ['REF-C4'] }, { invoice: '2', refunds: [] }),
    ).rejects.toThrow(
      'invoice C4 gave back goods of invoice 1 in an import before, but by this input they would be goods of invoice 2: ' +
        'import the same files as before, in the same order, or leave out the lines of C4 (an earlier release may have planned the same files otherwise)',
    );
  });

  it('is refused where that order is of a time of which the plan has none', async () => {
    const earlier = { invoice: '1', refunds: ['REF-C4'], placedAt: '2010-06-01T10:00:00.000Z' };
    await expect(look([planned('2', 'C4')], earlier)).rejects.toThrow(
      'invoice C4 gave back goods of invoice 1',
    );
  });

  it('is refused also where an order looks complete by another cancellation than the one it had', async () => {
    const plan = [planned('1', 'C5'), planned('2'), planned('3', 'C4')];
    const shown = [
      { invoice: '1', refunds: ['REF-C4'] },
      { invoice: '2', refunds: ['REF-C5'] },
    ];
    await expect(look(plan, ...shown)).rejects.toThrow('invoice C5 gave back goods of invoice 2');
  });

  it('is not refused where others gave money back for an order since', async () => {
    const plan = [planned('1', 'C4'), planned('2', 'C5')];
    const shown = { invoice: '1', refunds: ['REF-C4', 'by hand'] };
    expect(await look(plan, shown)).toEqual({ left: ['1', '2'], read: ['1'] });
  });

  it('is what an interrupted import left of a cancellation of several orders', async () => {
    const plan = [planned('1', 'C4'), planned('2', 'C4')];
    const shown = { invoice: '2', refunds: ['REF-C4', 'by hand'] };
    expect(await look(plan, shown)).toEqual({ left: ['1', '2'], read: ['2'] });
  });

  it('is not refused where the order to which the cancellation belongs has its refund already', async () => {
    const plan = [planned('1'), planned('2', 'C4')];
    const shown = [
      { invoice: '1', refunds: ['REF-C4'] },
      { invoice: '2', refunds: ['REF-C4', 'by hand'] },
    ];
    expect((await look(plan, ...shown)).left).toEqual(['1', '2']);
  });

  it('is known without reading orders of customers who give nothing back', async () => {
    const shown = { invoice: '9', refunds: ['REF-C4'], customerId: 'grace' };
    expect(await look([planned('1', 'C4')], shown)).toEqual({ left: ['1'], read: [] });
  });
});
