import { mayCustomer } from './expected-rows.js';
import type { CommandAttempt, CustomerAnswer, Facts, ReadAttempt } from './facts.js';
import { customerOf, keyOf, type Story } from './story.js';
import type { Report } from './violations.js';

type Stories = ReadonlyMap<string, Story>;

/**
 * I11: a customer is shown nothing of an order that is not its own, no note, and no figure of the whole shop. Of its own
 * orders, it cancels those that are placed, and asks for returns; nothing else that customers ask for has an effect.
 * (That customers are shown their own orders rightly is seen in reads.check.ts.)
 */
export function checkCustomers(
  { commands, reads, customerAnswers }: Pick<Facts, 'commands' | 'reads' | 'customerAnswers'>,
  stories: Stories,
  report: Report,
): void {
  const owners = ownersOf(stories);
  for (const answer of customerAnswers) checkAnswer(answer, owners, stories, report);
  for (const read of reads) if (read.customerId !== null) checkRead(read, report);
  for (const attempt of commands)
    if (attempt.actor.type === 'customer') checkCommand(attempt, stories, report);
  checkEvents(commands, stories, report);
}

const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g;
const REFERENCE = /\bref-[\w-]+/g;
const ORDER_PATH = /^(\S+) \/v1\/orders\/([0-9a-f-]{36})/;

/** What tells of an order: the order by each of its ids, of whatever kind, and by its reference. */
interface Owners {
  readonly orders: ReadonlyMap<string, Story>;
  /** Ids and texts of notes. */
  readonly notes: ReadonlySet<string>;
}

function ownersOf(stories: Stories): Owners {
  const orders = new Map<string, Story>();
  const notes = new Set<string>();
  for (const story of stories.values()) {
    for (const { raw, event, order } of story.chapters) {
      for (const [id] of JSON.stringify([raw.eventId, raw.data, raw.metadata, story.orderId]).matchAll(UUID))
        orders.set(id, story);
      if (order?.reference) orders.set(order.reference, story);
      if (event?.type === 'NoteAdded') {
        notes.add(event.data.noteId);
        if (typeof event.personal === 'object') notes.add(event.personal.text);
      }
    }
  }
  return { orders, notes };
}

function isOwn(story: Story | undefined, { tenantId, customerId }: Whose): boolean {
  return story !== undefined && story.tenantId === tenantId && customerOf(story) === customerId;
}

type Whose = Pick<CustomerAnswer, 'tenantId' | 'customerId'>;

function checkAnswer(answer: CustomerAnswer, { orders, notes }: Owners, stories: Stories, report: Report) {
  const { client, asks, status, body, tenantId } = answer;
  const about = `${client}: ${asks}`;
  const [, method, asked] = ORDER_PATH.exec(asks) ?? [];
  const text = JSON.stringify(body);
  const names = new Set([...text.matchAll(UUID), ...text.matchAll(REFERENCE)].map(([name]) => name));
  for (const name of names) {
    const story = orders.get(name);
    if (story && name !== asked && !isOwn(story, answer))
      report(about, `is told of ${name}, which belongs to ${keyOf(story)}, and that is another's`);
  }
  for (const note of notes) if (text.includes(note)) report(about, `is told of a note: ${note}`);
  for (const type of (body['allowedCommands'] ?? []) as Parameters<typeof mayCustomer>[0][])
    if (!mayCustomer(type, { status: 'placed' })) report(about, `is told of ${type}, which is for staff`);
  if (asked !== undefined && !isOwn(stories.get(keyOf({ tenantId, orderId: asked })), answer))
    checkForeign(about, method === 'GET', answer, report);
  if (asks.endsWith('/v1/orders/search') && status === 200) checkCounts(about, answer, stories, report);
}

/** These say nothing about the order: the request itself is not allowed or wrong, or too many others wait. */
const BEFORE_THE_ORDER: ReadonlySet<unknown> = new Set([
  'forbidden',
  'validation_failed',
  'conflict_retry_exhausted',
]);

/** An order of another customer is answered like one that does not exist. */
function checkForeign(about: string, isRead: boolean, { status, body }: CustomerAnswer, report: Report) {
  const isTold = status < 500 && body['code'] !== 'order_not_found';
  if (isTold && (isRead || !BEFORE_THE_ORDER.has(body['code'])))
    report(about, `is answered with ${status} ${String(body['code'])}, and it is another's order`);
}

/** A search counts no more orders than the customer has. */
function checkCounts(about: string, answer: CustomerAnswer, stories: Stories, report: Report) {
  const { total, facets } = answer.body as { total: number; facets: Record<string, { orders: number }[]> };
  const own = [...stories.values()].filter((story) => isOwn(story, answer)).length;
  const counts = [total, ...Object.values(facets).flatMap((values) => values.map(({ orders }) => orders))];
  const most = Math.max(...counts);
  if (most > own) report(about, `counts ${most} orders, and the customer has ${own}`);
}

const FORBIDDEN = 403;

/** Questions about the whole shop are for staff. */
function checkRead({ client, asks, status, inquiry }: ReadAttempt, report: Report): void {
  const isForStaff = inquiry?.question.kind === 'totals' || inquiry?.question.kind === 'export';
  if (isForStaff && status !== null && status < 500 && status !== FORBIDDEN)
    report(`${client}: ${asks}`, `is answered with ${status}, and it is for staff`);
}

function checkCommand(attempt: CommandAttempt, stories: Stories, report: Report): void {
  const { client, command, actor, tenantId, orderId, occurredAt, outcome } = attempt;
  const about = `${client}: ${command.type} on ${keyOf(attempt)}`;
  const isForStaff = !mayCustomer(command.type, { status: 'placed' });
  if (outcome.kind === 'refused' && isForStaff && outcome.status !== FORBIDDEN)
    report(about, `is answered with ${outcome.status}, and it is for staff`);
  if (outcome.kind !== 'done') return;
  if (isForStaff) report(about, 'is done, and it is for staff');
  if (occurredAt !== null) report(about, 'is done, and customers may not say when it happened');
  if (!isOwn(stories.get(keyOf({ tenantId, orderId })), { tenantId, customerId: actor.id }))
    report(about, "is done on another's order");
}

/** What customers caused, whatever they were told. */
function checkEvents(commands: readonly CommandAttempt[], stories: Stories, report: Report): void {
  const asked = new Map(commands.map(({ commandId, command }) => [commandId, command]));
  for (const story of stories.values()) {
    story.chapters.forEach(({ raw, event }, index) => {
      const { actor, commandId } = event?.metadata ?? {};
      if (event === null || actor?.type !== 'customer') return;
      const where = `event ${raw.revision} (${event.type})`;
      if (actor.id !== customerOf(story))
        report(
          story.stream,
          `${where} is ${actor.id}'s, and the order is ${customerOf(story) ?? "a guest's"}`,
        );
      const before = story.chapters[index - 1]?.order ?? null;
      const type = asked.get(commandId!)?.type;
      if (type !== undefined && (before === null || !mayCustomer(type, before)))
        report(story.stream, `${where}: a customer asked for ${type} when customers may not`);
    });
  }
}
