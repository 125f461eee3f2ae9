import { differences } from './equal.js';
import { expectedSummary, expectedView } from './expected-rows.js';
import type { ColumnValues, ReadAttempt, ShownOrder } from './facts.js';
import { checkDiff, checkHistory } from './order-past.check.js';
import { checkOverview, Shops, type Shop } from './overviews.check.js';
import { keyOf, type Story } from './story.js';
import type { Report } from './violations.js';

const NOT_FOUND = 404;
const UNAVAILABLE = 503;

/**
 * I9: an answer to a question with a token shows what the token demands, and a refusal that is not the client's
 * fault says when to come again. I4, during the run: an order in an answer is the order as it was at the revision
 * that the answer names; a history is what its stream tells; and figures of many orders are what their streams add
 * up to. For a customer, there are no orders but its own.
 */
export function checkReads(
  reads: readonly ReadAttempt[],
  stories: ReadonlyMap<string, Story>,
  report: { readonly I4: Report; readonly I9: Report },
): void {
  const shops = new Shops(stories);
  for (const read of reads) {
    const about = `${read.client}: ${read.asks}`;
    checkRefusal(about, read, report.I9);
    checkToken(about, read, report.I9);
    const shop = shops.of(read);
    checkInquiry(about, read, shop, report);
    for (const shown of read.shown ?? []) checkShown(about, read, shown, shop, report.I4);
  }
}

function checkRefusal(about: string, { status, retryAfter }: ReadAttempt, report: Report): void {
  if (status === null || status < 500) return;
  if (status !== UNAVAILABLE) report(about, `is answered with ${status}`);
  else if (retryAfter === null) report(about, `is answered with ${status}, and not told when to come again`);
}

function checkInquiry(
  about: string,
  { tenantId, customerId, status, inquiry, mustShow }: ReadAttempt,
  shop: Shop,
  { I4, I9 }: { readonly I4: Report; readonly I9: Report },
): void {
  if (inquiry === null) return;
  const { question } = inquiry;
  if (question.kind !== 'history' && question.kind !== 'diff')
    return checkOverview(about, shop, { ...inquiry, question }, status, I4);
  const story = shop.byKey.get(keyOf({ tenantId, orderId: question.orderId }));
  const forCustomer = customerId !== null;
  if (question.kind === 'diff')
    return checkDiff(about, story, { ...inquiry, question, forCustomer }, status, { I4, I9 });
  const wanted = mustShow?.revision ?? null;
  checkHistory(about, story, { ...inquiry, question, forCustomer }, wanted, { I4, I9 });
}

function checkToken(about: string, { mustShow, status, shown }: ReadAttempt, report: Report): void {
  if (mustShow === null) return;
  const { orderId, revision } = mustShow;
  if (status === NOT_FOUND)
    return report(about, `says that ${orderId} is not there, whose revision ${revision} was asked for`);
  if (shown === null) return; // refused, or no answer
  const found = shown.find((order) => order.orderId === orderId);
  if (!found) report(about, `does not show ${orderId}, whose revision ${revision} was asked for`);
  else if (found.revision < revision) {
    report(about, `shows ${orderId} at revision ${found.revision}, and ${revision} was asked for`);
  }
}

function checkShown(
  about: string,
  { tenantId, customerId }: ReadAttempt,
  { orderId, revision, as, content }: ShownOrder,
  shop: Shop,
  report: Report,
): void {
  const order = shop.byKey.get(keyOf({ tenantId, orderId }))?.chapters[revision]?.order;
  if (!order) return report(about, `shows ${orderId} at revision ${revision}, which it never had`);
  const whole = expectedView(order, { forCustomer: customerId !== null });
  const expected = {
    summary: () => expectedSummary(order),
    view: () => whole,
    past: () => withoutNotes(whole),
  }[as]();
  const actual = as === 'past' ? withoutNotes(content) : content;
  for (const what of differences(expected, actual))
    report(about, `${orderId} at revision ${revision}: ${what}`);
}

/** The text of a redacted note is not shown any more, whichever moment is asked for. */
function withoutNotes({ notes: _notes, personal, ...view }: ColumnValues): ColumnValues {
  const { notes: _texts, ...rest } = personal as { notes?: unknown };
  return { ...view, personal: rest };
}
