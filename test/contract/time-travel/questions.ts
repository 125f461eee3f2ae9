import fc from 'fast-check';
import type { Instant } from '#domain/instant.js';
import { clocks, type Clock } from '#read-models/readers/as-of.js';
import { filterOf } from '#read-models/readers/order-filter.js';
import { listSorts, searchSorts } from '#read-models/readers/order-sort.js';
import { totalsGroups } from '#read-models/readers/order-totals.reader.js';
import { atHour, hour } from './histories.js';

const instant: fc.Arbitrary<Instant> = hour.map(atHour);

/** One of eight times: all that is asked at once finds nothing. */
const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 7, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

/** Every way to narrow a list; of numbers there is one that no order has, the test puts in ones that some have. */
const filter = fc
  .record({
    customerId: rarely(fc.constantFrom('c-1', 'c-2')),
    status: rarely(fc.constantFrom(['placed'], ['confirmed', 'completed'], ['cancelled', 'rejected'])),
    paymentStatus: rarely(fc.constantFrom(['none'], ['paid', 'partially_paid', 'overpaid'])),
    fulfilmentStatus: rarely(fc.constantFrom(['unfulfilled'], ['shipped', 'delivered'])),
    returnStatus: rarely(fc.constantFrom(['none'], ['requested', 'closed'])),
    onHold: rarely(fc.boolean()),
    country: rarely(fc.constantFrom(['GB'], ['FR', 'GB'], ['FR'])),
    number: rarely(fc.constant('00000-00000')),
    reference: rarely(fc.constantFrom('PO-1', 'PO-2')),
    tag: rarely(fc.constantFrom('gift', 'late', 'tag-1')),
    from: rarely(instant),
    to: rarely(instant),
    total: rarely(fc.tuple(fc.constantFrom('GBP', 'JPY'), fc.nat(5_000), fc.nat(5_000))),
  })
  .map(({ total, ...fields }) => {
    if (total === null) return filterOf(fields);
    const [currency, minTotalMinor, more] = total;
    return filterOf({ ...fields, currency, minTotalMinor, maxTotalMinor: minTotalMinor + more });
  });

/** A question to every reader that looks back. */
export const question = fc.record({
  /** A customer who sees its own orders; null: staff. */
  customer: rarely(fc.constantFrom('c-1', 'c-2')),
  filter,
  /** Index of an order whose number is asked for. */
  numberOf: rarely(fc.nat()),
  asOf: fc.record({ clock: fc.constantFrom<Clock>(...clocks), at: instant }),
  other: instant,
  sort: fc.constantFrom(...listSorts),
  searchSort: fc.constantFrom(...searchSorts),
  by: fc.constantFrom(null, ...totalsGroups),
  timeZone: fc.constantFrom('UTC', 'Pacific/Kiritimati', 'America/New_York'),
  limit: fc.constantFrom(1, 3, 100),
});
export type Question = typeof question extends fc.Arbitrary<infer T> ? T : never;
