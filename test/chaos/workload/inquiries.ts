import { instantAt } from '#domain/instant.js';
import type { Inquiry, PastMoment, Place } from '../checker/facts.js';
import type { Random } from '../random.js';
import { anyCustomer } from './any-order.js';
import type { KnownOrder } from './orders.js';

/** Most of a round. */
const PAST_MS = 45_000;
const MOST_EVENTS = 40;

/** Any question other than one for orders as they are or were. */
export function anyInquiry(known: KnownOrder, random: Random): Inquiry {
  const { orderId, seen } = known;
  const customerId = seen?.customerId ?? anyCustomer(random);
  const asOf = random.chance(50) ? anyMoment(random) : null;
  const [from, to] = [anyMoment(random).at, anyMoment(random).at].sort() as [string, string];
  const { clock } = anyMoment(random);
  return random.one<Inquiry>([
    { kind: 'history', orderId, after: null, limit: random.between(1, MOST_EVENTS) },
    { kind: 'diff', orderId, ...anyPlaces(seen?.revision ?? 0, random) },
    {
      kind: 'totals',
      by: random.one(['day', 'month', 'status', 'country', null] as const)!,
      customerId: random.chance(30) ? customerId : null,
      asOf,
    },
    { kind: 'export', asOf },
    { kind: 'changed', clock, from, to },
    { kind: 'customer', customerId },
  ])!;
}

/** @param cursor from the page before; null: the first page */
export function pathOf(inquiry: Inquiry, cursor: string | null): string {
  switch (inquiry.kind) {
    case 'history':
      return path(`/v1/orders/${inquiry.orderId}/history`, { limit: String(inquiry.limit), cursor });
    case 'diff': {
      const { orderId, from, to } = inquiry;
      const clock = 'clock' in from ? from.clock : null;
      return path(`/v1/orders/${orderId}/diff`, { from: textOf(from), to: textOf(to), clock });
    }
    case 'totals': {
      const { by, customerId, asOf } = inquiry;
      return path('/v1/orders/totals', { by, customerId, ...parameterOf(asOf) });
    }
    case 'export':
      return path('/v1/exports/orders', parameterOf(inquiry.asOf));
    case 'changed': {
      const { clock, from, to } = inquiry;
      const moments =
        clock === 'occurred'
          ? { fromAsOf: from, toAsOf: to }
          : { fromRecordedAsOf: from, toRecordedAsOf: to };
      return path('/v1/orders/diff', { ...moments, limit: '100' });
    }
    case 'customer':
      return `/v1/customers/${inquiry.customerId}/summary`;
  }
}

function anyMoment(random: Random): PastMoment {
  const clock = random.chance(50) ? 'occurred' : 'recorded';
  return { clock, at: instantAt(Date.now() - random.below(PAST_MS)) };
}

/** Two places of one kind, the earlier one first: existing revisions, or moments of one clock. */
function anyPlaces(revision: number, random: Random): { from: Place; to: Place } {
  if (random.chance(60)) {
    const to = random.below(revision + 1);
    return { from: { revision: random.below(to + 1) }, to: { revision: to } };
  }
  const { clock, at } = anyMoment(random);
  const [from, to] = [at, anyMoment(random).at].sort() as [string, string];
  return { from: { clock, at: from }, to: { clock, at: to } };
}

function textOf(place: Place): string {
  return 'revision' in place ? String(place.revision) : place.at;
}

function parameterOf(asOf: PastMoment | null): Record<string, string> {
  if (asOf === null) return {};
  return asOf.clock === 'occurred' ? { asOf: asOf.at } : { recordedAsOf: asOf.at };
}

function path(route: string, parameters: Readonly<Record<string, string | null>>): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== null);
  return given.length === 0 ? route : `${route}?${new URLSearchParams(given).toString()}`;
}
