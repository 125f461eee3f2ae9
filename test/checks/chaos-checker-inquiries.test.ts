import { describe, expect, it } from '@jest/globals';
import { instantAt } from '#domain/instant.js';
import { evolve } from '#domain/order/order.js';
import type { Order } from '#domain/order/state.js';
import { decode } from '#event-store/codec.js';
import type { StoredOrderEvent } from '#event-store/port.js';
import { summaryOf } from '#read-models/order-summary.js';
import { changesOf } from '#read-models/readers/order-history.reader.js';
import type { SummaryItem } from '#read-models/readers/summary-item.js';
import { diffOrder } from '../../apps/query-api/src/time-travel/order-diff.js';
import { OrderStory } from '../../apps/query-api/src/time-travel/order-story.js';
import { addNote, changeTags, confirmOrder, placeOrder } from '../support/requests.js';
import { check } from '../chaos/checker/check.js';
import type { Facts, Inquiry, ReadAttempt } from '../chaos/checker/facts.js';
import { someFacts, type Changeable } from '../chaos/checker/some-facts.js';
import type { Invariant, Violation } from '../chaos/checker/violations.js';

const CUSTOMER = 'customer-1';
const TENANT = 'default';

type Answer = Record<string, unknown>;
type Asked = Changeable<Omit<ReadAttempt, 'inquiry'>> & {
  inquiry: {
    question: Inquiry;
    least: bigint | null;
    most: bigint | null;
    seen: number | null;
    answer: Answer | null;
  };
};
type Kind = Inquiry['kind'];

interface Told {
  readonly facts: Changeable<Facts>;
  readonly asked: Readonly<Record<Kind | 'past', Asked>>;
}

/** What nothing is wrong with: three orders of four events, and an answer to each kind of question about them. */
async function sound(): Promise<Told> {
  const facts = structuredClone(
    await someFacts(3, (orderId) => [
      placeOrder(orderId, { customerId: CUSTOMER }),
      confirmOrder,
      changeTags('gift'),
      addNote('ring twice'),
    ]),
  ) as Changeable<Facts>;
  const stories = await Promise.all([0, 4, 8].map((first) => storyOf(facts, first)));
  const { events } = stories[0]!;
  const story = new OrderStory(new Set(), () => {
    throw new Error('so few events are held');
  });
  story.add(events, 0);
  const { orderId } = events[0]!;
  const last = stories.map(({ orders }) => itemOf(orders.at(-1)!));
  const first = facts.log[0]!.metadata as { recordedAt: string };
  const before = instantAt(Date.parse(first.recordedAt) - 1);
  const after = instantAt(Date.now() + 60_000);
  const asked = {
    history: read({ kind: 'history', orderId, after: null, limit: 50 }, historyOf(stories[0]!)),
    diff: read(
      { kind: 'diff', orderId, from: { revision: 0 }, to: { revision: 3 } },
      { ...(await diffOrder(story, 0, 3, { hidesNotes: false })) },
    ),
    // As when the first event of the third order was not applied yet: it had to have those of two.
    totals: read({ kind: 'totals', by: 'status', customerId: null, asOf: null }, { items: [totalsOf(2)] }),
    export: read({ kind: 'export', asOf: null }, { items: last }),
    past: read({ kind: 'export', asOf: { clock: 'recorded', at: before } }, { items: [] }),
    changed: read(
      { kind: 'changed', clock: 'occurred', from: before, to: after },
      {
        items: last.map((to) => ({ orderId: to.orderId, from: null, to, changes: changesOf(null, to) })),
        nextCursor: null,
      },
    ),
    customer: read({ kind: 'customer', customerId: CUSTOMER }, customerOf(last)),
  };
  facts.reads.push(...(Object.values(asked) as typeof facts.reads));
  return { facts, asked };
}

async function storyOf(facts: Changeable<Facts>, first: number) {
  const events = await decode(facts.log.slice(first, first + 4));
  const orders: Order[] = [];
  for (const event of events) orders.push(evolve(orders.at(-1) ?? null, event));
  return { events, orders };
}

function itemOf(order: Order): SummaryItem {
  const { tenantId: _tenantId, ...item } = summaryOf(order);
  return item;
}

function historyOf({ events, orders }: { events: readonly StoredOrderEvent[]; orders: readonly Order[] }) {
  const items = events.map(({ recording, eventId, type, data, occurredAt, metadata }, index) => {
    const { correlationId, causationId, actor } = metadata;
    const [was, is] = [orders[index - 1], orders[index]!];
    const { revision, recordedAt, commandId } = recording;
    return {
      ...{
        revision,
        eventId,
        type,
        data,
        occurredAt,
        recordedAt,
        commandId,
        correlationId,
        causationId,
        actor,
      },
      changes: changesOf(was ? itemOf(was) : null, itemOf(is)),
    };
  });
  return { items, nextCursor: null };
}

/** Ten mugs at 4.50 each. */
function sumsOf(orders: number) {
  return {
    ...{ currency: 'GBP', orders, guestOrders: 0, lines: orders, units: 10 * orders },
    ...{ orderedTotalMinor: 4_500 * orders, totalMinor: 4_500 * orders, capturedMinor: 0, refundedMinor: 0 },
    ...{ balanceDueMinor: 4_500 * orders, returnsClosed: 0, ordersWithReturns: 0, unitsReturned: 0 },
  };
}

const totalsOf = (orders: number) => ({ key: 'confirmed', ...sumsOf(orders) });

function customerOf(items: readonly SummaryItem[]) {
  return {
    ...{ customerId: CUSTOMER, orders: 3, byStatus: { confirmed: 3 }, totals: [sumsOf(3)] },
    ...{ firstOrderAt: items[0]!.placedAt, lastOrderAt: items[2]!.placedAt },
  };
}

/** Asked by who had seen two orders, and all of the one that it is about. */
function read(question: Inquiry, answer: Answer): Asked {
  const orderId = 'orderId' in question ? question.orderId : null;
  return {
    ...{ client: 'client', atMs: 0, tenantId: TENANT, customerId: null, asks: question.kind, orderId },
    shown: null,
    ...{ status: 200, retryAfter: null, mustShow: orderId === null ? null : { orderId, revision: 3 } },
    inquiry: {
      question,
      least: 7n,
      most: 11n,
      seen: 3,
      answer: JSON.parse(JSON.stringify(answer)) as Answer,
    },
  };
}

const itemsOf = ({ inquiry }: Asked) => inquiry.answer!['items'] as Answer[];

function refuse(asked: Asked, status: number): void {
  Object.assign(asked, { status });
  asked.inquiry.answer = null;
}

type Alteration = [what: string, invariant: Invariant, says: RegExp, alter: (asked: Told['asked']) => void];

const alterations: readonly Alteration[] = [
  [
    'a history leaves out an event',
    'I4',
    /event 1: revision is 2, not 1/,
    ({ history }) => void itemsOf(history).splice(1, 1),
  ],
  [
    'a history says that somebody else did it',
    'I4',
    /event 2: actor is/,
    ({ history }) => void Object.assign(itemsOf(history)[2]!, { actor: { type: 'user', id: 'ann' } }),
  ],
  [
    'a history says that an event changed what it did not',
    'I4',
    /event 1: changes is/,
    ({ history }) => void Object.assign(itemsOf(history)[1]!, { changes: {} }),
  ],
  [
    'a history tells of an event that never was',
    'I4',
    /tells of event 4, which is not in the stream/,
    ({ history }) => void itemsOf(history).push({ ...itemsOf(history)[3]!, revision: 4 }),
  ],
  [
    'a history is shorter than its token obliges',
    'I9',
    /ends with event 2, and revision 3 was asked for/,
    ({ history }) => void itemsOf(history).pop(),
  ],
  [
    'a history is further than it says',
    'I9',
    /tells of event 3, which is behind the position 2/,
    ({ history }) => (history.inquiry.most = 2n),
  ],
  [
    'a page of a history ends too early',
    'I4',
    /says that there are more events than the 4/,
    ({ history }) => (history.inquiry.answer!['nextCursor'] = 'more'),
  ],
  [
    'a page of a history has more than was asked for',
    'I4',
    /tells of 4 events, and 3 were asked for/,
    ({ history }) => void Object.assign(history.inquiry.question, { limit: 3 }),
  ],
  ['a history denies an order', 'I9', /is not there/, ({ history }) => refuse(history, 404)],
  [
    'a difference leaves out a change',
    'I4',
    /leads to another state: tags is \[\], not \["gift"\]/,
    ({ diff }) => removeChange(diff, '/tags'),
  ],
  [
    'a difference says that something was what it was not',
    'I4',
    /says that \/tags was \["rush"\], not \[\]/,
    ({ diff }) => (changeOf(diff, '/tags')['from'] = ['rush']),
  ],
  [
    'a difference names an event that is not between the two',
    'I4',
    /names event 0 behind the change of \/tags/,
    ({ diff }) => void Object.assign((changeOf(diff, '/tags')['by'] as Answer[])[0]!, { revision: 0 }),
  ],
  [
    'a difference says that somebody else did it',
    'I4',
    /event 2 behind \/tags: actor is/,
    ({ diff }) => void Object.assign((changeOf(diff, '/tags')['by'] as Answer[])[0]!, { actor: null }),
  ],
  [
    'a difference names nobody',
    'I4',
    /names no event behind the change of \/tags/,
    ({ diff }) => (changeOf(diff, '/tags')['by'] = []),
  ],
  [
    'a difference is of another revision',
    'I4',
    /is of 3, and revision 2 was asked for/,
    ({ diff }) => void Object.assign(diff.inquiry.question, { to: { revision: 2 } }),
  ],
  [
    'a difference takes a later event for one of a moment',
    'I4',
    /takes event 3 for one of 2000/,
    ({ diff }) =>
      void Object.assign(diff.inquiry.question, {
        to: { clock: 'occurred', at: '2000-01-01T00:00:00.000Z' },
      }),
  ],
  [
    'a difference lacks what was known of a moment',
    'I9',
    /takes event 0 for the last at 9000.*, and 3 was known/,
    ({ diff }) =>
      void Object.assign(diff.inquiry.question, {
        from: { clock: 'recorded', at: '9000-01-01T00:00:00.000Z' },
      }),
  ],
  [
    'a difference denies what was there',
    'I9',
    /says that it was not there then, and event 3 was/,
    ({ diff }) => refuse(diff, 404),
  ],
  [
    'totals count an order twice',
    'I4',
    /is true at no position from 7 to 11; at the last, GBP confirmed is/,
    ({ totals }) => (totals.inquiry.answer = { items: [totalsOf(4)] }),
  ],
  [
    'totals give a group twice',
    'I4',
    /given twice is 2/,
    ({ totals }) => (totals.inquiry.answer = { items: [totalsOf(2), totalsOf(2)] }),
  ],
  [
    'totals are those of before their token',
    'I4',
    /is true at no position from 9 to 11/,
    ({ totals }) => (totals.inquiry.least = 9n),
  ],
  [
    'totals are those of after the position that they name',
    'I4',
    /is true at no position from 7 to 8/,
    ({ export: all }) => (all.inquiry.most = 8n),
  ],
  ['an export lacks an order', 'I4', /is nothing, not/, ({ export: all }) => void itemsOf(all).shift()],
  [
    'an export shows what was not there at its moment',
    'I4',
    /is true at no position/,
    ({ past, export: all }) => void itemsOf(past).push(itemsOf(all)[0]!),
  ],
  [
    'what changed lacks an order',
    'I4',
    /is true at no position/,
    ({ changed }) => void itemsOf(changed).shift(),
  ],
  [
    'what changed names another change',
    'I4',
    /is true at no position/,
    ({ changed }) => void Object.assign(itemsOf(changed)[0]!, { changes: {} }),
  ],
  [
    'a customer has an order less',
    'I4',
    /byStatus is \{"confirmed":2\}, not \{"confirmed":3\}/,
    ({ customer }) => (customer.inquiry.answer!['byStatus'] = { confirmed: 2 }),
  ],
  [
    'a customer is said to have none',
    'I4',
    /says that there are no orders, and there were/,
    ({ customer }) => refuse(customer, 404),
  ],
  ['a read is answered with a 500', 'I9', /is answered with 500/, ({ totals }) => refuse(totals, 500)],
  [
    'a read is refused without a word of when to come again',
    'I9',
    /is answered with 503, and not told when to come again/,
    ({ totals }) => refuse(totals, 503),
  ],
];

const changesIn = ({ inquiry }: Asked) => inquiry.answer!['changes'] as Answer[];
const changeOf = (asked: Asked, pointer: string) =>
  changesIn(asked).find((change) => change['pointer'] === pointer)!;

function removeChange(asked: Asked, pointer: string): void {
  asked.inquiry.answer!['changes'] = changesIn(asked).filter((change) => change['pointer'] !== pointer);
}

const checked = ({ facts }: Told): Promise<readonly Violation[]> => check(facts);

describe('the checker of the chaos run, of histories, differences, sums and exports', () => {
  it('finds nothing where nothing is wrong', async () => {
    expect(await checked(await sound())).toEqual([]);
  });

  it('says nothing against a refusal that tells when to come again', async () => {
    const told = await sound();
    refuse(told.asked.totals, 503);
    told.asked.totals.retryAfter = '1';
    expect(await checked(told)).toEqual([]);
  });

  it('says nothing of sums with an order that is stuck, and something of others', async () => {
    const told = await sound();
    const { totals, export: all } = told.asked;
    Object.assign(told.facts.log[11]!, { type: 'Unheard', data: {} });
    totals.inquiry.answer = { items: [totalsOf(4)] };
    Object.assign(itemsOf(all)[2]!, { revision: 2 });
    const about = async () => (await checked(told)).filter(({ about: whose }) => /totals|export/.test(whose));
    expect(await about()).toEqual([]);
    Object.assign(itemsOf(all)[0]!, { revision: 2 });
    expect(await about()).toHaveLength(1);
  });

  it.each(alterations)('sees that %s (%s)', async (_, invariant, says, alter) => {
    const told = await sound();
    alter(told.asked);
    const found = (await checked(told)).filter((violation) => violation.invariant === invariant);
    expect(found.map(({ what }) => what)).toEqual(expect.arrayContaining([expect.stringMatching(says)]));
  });
});
