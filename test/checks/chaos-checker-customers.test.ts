import { describe, expect, it } from '@jest/globals';
import { evolve } from '#domain/order/order.js';
import type { Order, OrderState } from '#domain/order/state.js';
import { decode } from '#event-store/codec.js';
import { viewForCustomer, viewOf, type OrderView } from '../../apps/query-api/src/time-travel/order-view.js';
import { addNote, cancelOrder, changeTags, placeOrder } from '../support/requests.js';
import { check } from '../chaos/checker/check.js';
import type { CommandAttempt, CommandOutcome, CustomerAnswer, Facts } from '../chaos/checker/facts.js';
import { someFacts, type Changeable } from '../chaos/checker/some-facts.js';

const TENANT = 'default';
const [ADA, BOB] = ['ada', 'bob'];

interface Asked {
  readonly facts: Changeable<Facts>;
  /** Ada's order, and Bob's, which she asks for as well. */
  readonly own: Order;
  readonly others: Order;
}

const NOT_FOUND = { kind: 'refused', status: 404, code: 'order_not_found' } as const;
const FORBIDDEN = { kind: 'refused', status: 403, code: 'forbidden' } as const;

/** What nothing is wrong with: Ada and Bob have an order of four events each, and Ada looks at both and changes hers. */
async function sound(): Promise<Asked> {
  const customers = [ADA, BOB];
  const facts = structuredClone(
    await someFacts(2, (orderId) => [
      placeOrder(orderId, { customerId: customers.shift()!, reference: `ref-${customers.length}` }),
      changeTags('gift'),
      addNote('ring twice'),
      cancelOrder(),
    ]),
  ) as Changeable<Facts>;
  const [own, others] = await Promise.all([0, 4].map((first) => foldedFrom(facts, first)));
  const asked = { facts, own: own!, others: others! };
  // The service's cancellation of Ada's order is made Ada's.
  asCustomer(facts, 3);
  read(asked, own!, viewForCustomer(viewOf(own!, new Set())));
  answer(facts, `GET /v1/orders/${others!.orderId}`, 404, { code: 'order_not_found' });
  answer(facts, 'POST /v1/orders/search', 200, { items: [], total: 1, facets: { status: [{ orders: 1 }] } });
  attempt(facts, others!, cancelOrder(), NOT_FOUND);
  attempt(facts, own!, addNote('mine'), FORBIDDEN);
  return asked;
}

async function foldedFrom({ log }: Changeable<Facts>, first: number): Promise<Order> {
  const events = await decode(log.slice(first, first + 4));
  return events.reduce<OrderState>((order, event) => evolve(order, event), null)!;
}

/** The command behind an event is Ada's. */
function asCustomer({ commands, log, rows }: Changeable<Facts>, index: number): void {
  const actor = { type: 'customer', id: ADA } as const;
  Object.assign(log[index]!.metadata as object, { actor });
  Object.assign(commands[index]!, { actor });
  Object.assign(rows.history[index]!, { actor_type: actor.type, actor_id: actor.id });
}

function read({ facts }: Pick<Asked, 'facts'>, { orderId, revision }: Order, view: OrderView): void {
  const content = JSON.parse(JSON.stringify(view)) as Record<string, unknown>;
  answer(facts, `GET /v1/orders/${orderId}`, 200, content);
  facts.reads.push({
    ...{ client: 'ada', atMs: 0, tenantId: TENANT, customerId: ADA, asks: 'an order', orderId },
    ...{ mustShow: null, shown: [{ orderId, revision, as: 'view', content }] },
    ...{ status: 200, retryAfter: null, inquiry: null },
  });
}

function answer({ customerAnswers }: Changeable<Facts>, asks: string, status: number, body: object): void {
  const customer = { client: 'ada', tenantId: TENANT, customerId: ADA };
  customerAnswers.push({ ...customer, asks, status, body } as Changeable<CustomerAnswer>);
}

function attempt(
  { commands }: Changeable<Facts>,
  { orderId }: Order,
  command: CommandAttempt['command'],
  outcome: CommandOutcome,
): void {
  commands.push({
    ...{ client: 'ada', atMs: 0, tenantId: TENANT, orderId, command, outcome },
    ...{ actor: { type: 'customer', id: ADA }, isDryRun: false, occurredAt: null, ifMatch: null },
    ...{ commandId: `command ${commands.length}`, correlationId: `attempt ${commands.length}` },
  } as Changeable<CommandAttempt>);
}

const done = (revision: number): CommandOutcome => ({
  ...{ kind: 'done', revision, replayed: false, position: null },
  events: [],
});

const alterations: readonly [what: string, says: RegExp, alter: (asked: Asked) => void][] = [
  [
    'is shown the order of another',
    /is told of ref-0, which belongs to default\..*, and that is another's/,
    (asked) => read(asked, asked.others, viewForCustomer(viewOf(asked.others, new Set()))),
  ],
  [
    'is told an id out of the order of another',
    /is told of .*-.*, which belongs to/,
    ({ facts, others }) => answer(facts, 'GET /v1/orders', 200, { items: [others.lines[0]!.lineId] }),
  ],
  [
    'is shown a note',
    /is told of a note: ring twice/,
    (asked) => read(asked, asked.own, viewOf(asked.own, new Set())),
  ],
  [
    'is told that an order of another is there',
    /is answered with 412 precondition_failed, and it is another's order/,
    ({ facts, others }) =>
      answer(facts, `POST /v1/orders/${others.orderId}/cancel`, 412, { code: 'precondition_failed' }),
  ],
  [
    'is told what staff may do',
    /is told of ConfirmOrder, which is for staff/,
    ({ facts, own }) =>
      answer(facts, `POST /v1/orders/${own.orderId}/cancel`, 409, { allowedCommands: ['ConfirmOrder'] }),
  ],
  [
    'is told how many orders there are',
    /counts 2 orders, and the customer has 1/,
    ({ facts }) => answer(facts, 'POST /v1/orders/search', 200, { items: [], total: 2, facets: {} }),
  ],
  [
    'is told the sums of the shop',
    /is answered with 200, and it is for staff/,
    ({ facts }) => {
      const question = { kind: 'totals', by: null, customerId: null, asOf: null } as const;
      const inquiry = { question, least: null, most: null, seen: null, answer: { items: [] } };
      facts.reads.push({ ...facts.reads.at(-1)!, orderId: null, shown: null, inquiry });
    },
  ],
  [
    'changes the order of another',
    /is done on another's order/,
    ({ facts, others }) => attempt(facts, others, cancelOrder(), done(3)),
  ],
  [
    'gives a command of staff',
    /is done, and it is for staff/,
    ({ facts, own }) => attempt(facts, own, changeTags('gift'), done(1)),
  ],
  [
    'gives a command of staff, which is looked at',
    /is answered with 409, and it is for staff/,
    ({ facts, own }) =>
      attempt(facts, own, changeTags('gift'), { kind: 'refused', status: 409, code: 'not_allowed_in_state' }),
  ],
  [
    'says when it happened',
    /is done, and customers may not say when it happened/,
    ({ facts }) => void Object.assign(facts.commands[3]!, { occurredAt: '2026-01-01T00:00:00.000Z' }),
  ],
  [
    'caused an event in the order of another',
    /event 3 \(OrderCancelled\) is ada's, and the order is bob/,
    ({ facts }) => asCustomer(facts, 7),
  ],
  [
    'caused an event that customers may not cause',
    /event 1 \(TagsChanged\): a customer asked for ChangeTags when customers may not/,
    ({ facts }) => asCustomer(facts, 1),
  ],
];

describe('the checker of the chaos run', () => {
  it('finds nothing where customers are shown and change what is theirs', async () => {
    const { facts } = await sound();
    expect(await check(facts as Facts)).toEqual([]);
  });

  it.each(alterations)('sees that a customer %s', async (_, says, alter) => {
    const asked = await sound();
    alter(asked);
    const found = (await check(asked.facts as Facts)).filter(({ invariant }) => invariant === 'I11');
    expect(found.map(({ what }) => what)).toEqual(expect.arrayContaining([expect.stringMatching(says)]));
  });
});
