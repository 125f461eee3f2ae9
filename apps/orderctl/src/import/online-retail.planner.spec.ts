import { describe, expect, it } from '@jest/globals';
import type { Instant } from '#domain/instant.js';
import { countRejects, figuresOf } from './import-plan.js';
import { OnlineRetailPlanner } from './online-retail.planner.js';
import type { InvoiceRow } from './online-retail.rows.js';

let line = 1;

function row(invoice: string, sku: string, quantity: number, given: Partial<InvoiceRow> = {}): InvoiceRow {
  return {
    file: 0,
    line: ++line,
    invoice,
    sku,
    name: `name of ${sku}`,
    quantity,
    unitPriceMinor: 100,
    priceIsPositive: true,
    at: '2011-01-01T10:00:00.000Z' as Instant,
    customerId: 'ada',
    countryName: 'United Kingdom',
    ...given,
  };
}

const on = (day: string): { at: Instant } => ({ at: `2011-01-${day}T10:00:00.000Z` as Instant });

function plan(...rows: InvoiceRow[]) {
  const planner = new OnlineRetailPlanner();
  for (const one of rows) planner.add(one);
  return planner.finish();
}

describe('the lines of a shop become orders', () => {
  it('gathers an invoice whose lines do not stand together, at its earliest time', () => {
    const { orders } = plan(
      row('1', 'A', 2, on('03')),
      row('2', 'B', 1),
      row('1', 'C', 3, { ...on('02'), unitPriceMinor: 250 }),
    );
    expect(orders).toMatchObject([
      { invoice: '1', at: '2011-01-02T10:00:00.000Z', totalMinor: 950, lines: [{ sku: 'A' }, { sku: 'C' }] },
      { invoice: '2' },
    ]);
  });

  it('rejects a line for the first reason that holds', () => {
    const { orders, rejects } = plan(
      row('1', 'A', 0, { priceIsPositive: false, unitPriceMinor: 0 }),
      row('1', 'B', 1, { priceIsPositive: false, unitPriceMinor: null }),
      row('1', 'C', 1, { unitPriceMinor: null }),
      row('A77', 'D', 1),
      row('C5', 'E', -1, { customerId: null }),
      row('C6', 'F', -1),
      row('C7', 'G', 1),
    );
    expect(orders).toEqual([]);
    expect(rejects.map(({ reason }) => reason)).toEqual([
      'quantity_not_positive',
      'price_not_positive',
      'price_precision',
      'not_an_order',
      'no_customer',
      'no_matching_order',
      'quantity_not_positive',
    ]);
    expect(countRejects(rejects)).toMatchObject({ quantity_not_positive: 2, no_customer: 1 });
  });

  it('rejects a line of another customer than the invoice has, which also does not change its time', () => {
    const { orders, rejects } = plan(
      row('1', 'A', 1, on('03')),
      row('1', 'B', 1, { ...on('01'), customerId: 'grace' }),
      row('1', 'C', 1, { ...on('01'), customerId: null }),
      row('1', 'D', 1, on('02')),
      row('C2', 'A', -1, on('04')),
      row('C2', 'D', -1, { ...on('01'), customerId: 'grace' }),
    );
    expect(orders).toMatchObject([
      { customerId: 'ada', at: on('02').at, lines: [{ sku: 'A' }, { sku: 'D' }], returns: [on('04')] },
    ]);
    expect(rejects.map(({ reason }) => reason)).toEqual([
      'other_customer',
      'other_customer',
      'other_customer',
    ]);
  });

  it('takes customer and country from the first line that is not rejected', () => {
    const grace = { customerId: 'grace', countryName: 'France' };
    const { orders, rejects } = plan(
      row('1', 'A', 0, { ...on('01'), customerId: null }),
      row('1', 'B', 1, { ...grace, ...on('02') }),
      row('1', 'C', 0, { ...on('01'), customerId: null }),
    );
    expect(orders).toMatchObject([{ ...grace, ...on('02'), lines: [{ sku: 'B' }] }]);
    expect(rejects.map(({ reason }) => reason)).toEqual(['quantity_not_positive', 'quantity_not_positive']);
  });

  it('counts a rejected line of the same customer for the time, as releases before did', () => {
    const { orders } = plan(row('1', 'A', 1, on('03')), row('1', 'B', 0, on('02')));
    expect(orders).toMatchObject([{ ...on('02'), lines: [{ sku: 'A' }] }]);
  });

  it('lists rejects in the order of the input, also those found when returns are matched', () => {
    const { rejects } = plan(row('C1', 'A', -1), row('2', 'B', 0), row('3', 'B', 0));
    expect(rejects.map(({ reason }) => reason)).toEqual([
      'no_matching_order',
      'quantity_not_positive',
      'quantity_not_positive',
    ]);
  });
});

describe('a cancellation gives goods back', () => {
  it('to the latest order first, to later lines and earlier orders as far as needed', () => {
    const { orders, rejects } = plan(
      row('1', 'A', 5, on('01')),
      row('2', 'A', 2, { ...on('02'), unitPriceMinor: 300 }),
      row('2', 'A', 1, { ...on('02'), unitPriceMinor: 400 }),
      row('C3', 'A', -6, on('04')),
    );
    expect(rejects).toEqual([]);
    expect(orders[0]!.returns).toEqual([
      { invoice: 'C3', at: '2011-01-04T10:00:00.000Z', lines: [{ index: 0, quantity: 3 }], amountMinor: 300 },
    ]);
    expect(orders[1]!.returns).toEqual([
      {
        invoice: 'C3',
        at: '2011-01-04T10:00:00.000Z',
        lines: [
          { index: 0, quantity: 2 },
          { index: 1, quantity: 1 },
        ],
        amountMinor: 1_000,
      },
    ]);
  });

  it('among orders of the same time to the one later in the input', () => {
    const { orders } = plan(row('1', 'A', 1), row('2', 'A', 1), row('C3', 'A', -1, on('02')));
    expect(orders.map(({ returns }) => returns.length)).toEqual([0, 1]);
  });

  it('never to later orders, other customers, or units that came back already', () => {
    const { orders, rejects } = plan(
      row('1', 'A', 2),
      row('2', 'A', 9, { customerId: 'grace' }),
      row('C3', 'A', -1, on('02')),
      row('C4', 'A', -2, on('03')),
      row('5', 'A', 9, on('01')),
    );
    expect(orders.map(({ returns }) => returns.length)).toEqual([2, 0, 0]);
    expect(rejects).toMatchObject([{ reason: 'partly_matched' }]);
    expect(figuresOf(orders)).toMatchObject({ returnsClosed: 2, ordersWithReturns: 1, unitsReturned: 2 });
  });

  it('never to an order of a later time, wherever that stands in the input', () => {
    const { orders, rejects } = plan(
      row('105', 'A', 1, on('05')),
      row('101', 'A', 1, on('01')),
      row('C103', 'A', -1, on('03')),
    );
    expect(rejects).toEqual([]);
    expect(orders.map(({ invoice, returns }) => [invoice, returns.length])).toEqual([
      ['105', 0],
      ['101', 1],
    ]);
  });

  it('as far as there are any, and its line is rejected as one that was matched in part', () => {
    const { orders, rejects } = plan(
      row('1', 'A', 2),
      row('C2', 'A', -3, on('02')),
      row('C3', 'A', -1, on('03')),
    );
    expect(figuresOf(orders)).toMatchObject({ unitsReturned: 2, refundedMinor: 200 });
    expect(rejects.map(({ reason }) => reason)).toEqual(['partly_matched', 'no_matching_order']);
    expect(countRejects(rejects)).toEqual({ partly_matched: 1, no_matching_order: 1 });
  });

  it('in one return of an order, whose time never goes back', () => {
    const { orders } = plan(
      row('1', 'A', 9, on('05')),
      row('1', 'B', 9, on('05')),
      row('C2', 'B', -1, on('07')),
      row('C2', 'A', -1, on('07')),
      row('C2', 'B', -2, on('07')),
      row('C3', 'A', -1, on('06')),
    );
    expect(orders[0]!.returns).toMatchObject([
      {
        at: '2011-01-07T10:00:00.000Z',
        lines: [
          { index: 0, quantity: 1 },
          { index: 1, quantity: 3 },
        ],
      },
      { at: '2011-01-07T10:00:00.000Z' },
    ]);
  });
});

it('tells the figures of the whole input', () => {
  const { orders } = plan(
    row('1', 'A', 2, { customerId: null }),
    row('2', 'A', 3, { unitPriceMinor: 250 }),
    row('2', 'B', 1),
    row('C3', 'A', -1, on('02')),
  );
  expect(figuresOf(orders)).toEqual({
    ordersPlaced: 2,
    linesImported: 3,
    totalMinor: 200 + 750 + 100,
    guestOrders: 1,
    returnsClosed: 1,
    ordersWithReturns: 1,
    unitsReturned: 1,
    refundedMinor: 250,
  });
});
