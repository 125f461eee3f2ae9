import { describe, expect, it } from '@jest/globals';
import { instantOf } from '#domain/instant.js';
import { asOfConditions } from './as-of.js';
import { filterConditions, filterOf } from './order-filter.js';
import { OrderSort } from './order-sort.js';
import { Parameters } from './sql.js';

const staff = { tenantId: 'default', customerId: null };

describe('the conditions of a filter', () => {
  it('begin with the tenant, and with the customer for a customer', () => {
    const parameters = new Parameters();
    const customer = { tenantId: 'default', customerId: 'c-1' };
    expect(filterConditions(customer, filterOf({}), parameters, 'o')).toEqual([
      'o.tenant_id = $1',
      'o.customer_id = $2',
    ]);
    expect(parameters.values).toEqual(['default', 'c-1']);
  });

  it('hold no value in their text', () => {
    const parameters = new Parameters();
    const evil = "'; DROP TABLE orders; --";
    const filter = filterOf({
      customerId: evil,
      status: [evil, evil],
      tag: evil,
      reference: evil,
      country: [evil],
    });
    const text = filterConditions(staff, filter, parameters, 'o').join(' AND ');
    expect(text).not.toContain('DROP');
    expect(text.match(/\$\d+/g)).toHaveLength(parameters.values.length);
  });

  it('include the moment `from` and exclude the moment `to`', () => {
    const [from, to] = [instantOf('2026-01-01T00:00:00Z'), instantOf('2026-02-01T00:00:00Z')];
    const conditions = filterConditions(staff, filterOf({ from, to }), new Parameters(), 'o');
    expect(conditions.slice(1)).toEqual(['o.placed_at >= $2', 'o.placed_at < $3']);
  });

  it('of two equal questions make equal cursors, whatever order their names come in', () => {
    const one = filterOf({ status: ['placed'], country: ['GB'] });
    const two = filterOf({ country: ['GB'], status: ['placed'] });
    expect(JSON.stringify(one)).toBe(JSON.stringify(two));
  });
});

describe('as of a moment', () => {
  it('takes of each order the one period, not empty, that holds the moment', () => {
    const parameters = new Parameters();
    const at = instantOf('2026-01-01T00:00:00Z')!;
    expect(asOfConditions({ clock: 'recorded', at }, parameters, 'o')).toEqual([
      'o.recorded_at <= $1::timestamptz',
      "coalesce(o.recorded_until, 'infinity'::timestamptz) > $1::timestamptz",
      "coalesce(o.recorded_until, 'infinity'::timestamptz) > o.recorded_at",
      'o.placed_at <= $2::timestamptz',
    ]);
    // An order that is recorded at that moment may say that it was placed up to a minute later.
    expect(parameters.values).toEqual([at, '2026-01-01T00:01:00.000Z']);
  });

  it('goes no further than the end of the year 9999, as moments do', () => {
    const parameters = new Parameters();
    const at = instantOf('9999-12-31T23:59:59.999Z')!;
    asOfConditions({ clock: 'recorded', at }, parameters, 'o');
    expect(parameters.values).toEqual([at, at]);
  });
});

describe('a sort', () => {
  it('compares whole rows in one direction, the id last', () => {
    const sort = new OrderSort('orders', '-total', {});
    expect(sort.orderBy()).toBe('o.currency DESC, o.total_minor DESC, o.order_id DESC');
    expect(sort.after(null, new Parameters())).toEqual([]);
  });
});
