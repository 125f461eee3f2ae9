import { differences, textOf } from './equal.js';
import { expectedChanges, expectedView } from './expected-rows.js';
import type { ColumnValues, Inquiry, InquiryFact, Place } from './facts.js';
import { isSteady, type Chapter, type Story } from './story.js';
import type { Report } from './violations.js';

interface Reports {
  readonly I4: Report;
  readonly I9: Report;
}

type About<Kind extends Inquiry['kind']> = InquiryFact & {
  readonly question: Extract<Inquiry, { kind: Kind }>;
  /** Whether the order's customer asks, to whom no notes are shown. */
  readonly forCustomer: boolean;
};

interface HistoryPage {
  readonly items: readonly ColumnValues[];
  readonly nextCursor: string | null;
}

/**
 * Checks that a page of an order's history is the next part of its stream, each event as stored.
 *
 * @param wanted the revision that the token obliges the history to reach; null: none
 */
export function checkHistory(
  about: string,
  story: Story | undefined,
  { question: { orderId, after, limit }, forCustomer, most, answer }: About<'history'>,
  wanted: number | null,
  { I4, I9 }: Reports,
): void {
  if (answer === null) return; // refused, or no answer
  if (story === undefined) return I4(about, `tells of ${orderId}, which has no stream`);
  const { items, nextCursor } = answer as unknown as HistoryPage;
  const told = story.chapters.filter(
    ({ event, order }) => event !== null && order !== null && !(forCustomer && isOfNote(event.type)),
  );
  const first = told.findIndex(({ raw }) => raw.revision > (after ?? -1));
  items.forEach((item, index) => {
    const at = first + index;
    const chapter = first === -1 ? undefined : told[at];
    if (!chapter) return I4(about, `tells of event ${String(item['revision'])}, which is not in the stream`);
    for (const what of differences(expectedEntry(chapter, told[at - 1]), item))
      I4(about, `event ${chapter.raw.revision}: ${what}`);
    // An event applied after a skip was in no row yet when the checkpoint passed it.
    if (most !== null && isSteady(story) && chapter.raw.position > most)
      I9(about, `tells of event ${chapter.raw.revision}, which is behind the position ${most} that it names`);
  });
  if (items.length > limit) I4(about, `tells of ${items.length} events, and ${limit} were asked for`);
  // No event of a run is so large that a page ends before its limit.
  if (nextCursor !== null && items.length < limit)
    I4(about, `says that there are more events than the ${items.length} that it tells of`);
  const last = (items.at(-1)?.['revision'] ?? after ?? -1) as number;
  const least = told.findLast(({ raw }) => raw.revision <= (wanted ?? -1))?.raw.revision ?? -1;
  if (nextCursor === null && last < least)
    I9(about, `ends with event ${last}, and revision ${wanted} was asked for`);
}

function expectedEntry(chapter: Chapter, before: Chapter | undefined): ColumnValues {
  const { metadata, data } = chapter.event!;
  const { correlationId, causationId } = metadata;
  const changes = expectedChanges(before?.order ?? null, chapter.order!);
  return { ...expectedCause(chapter), data, correlationId, causationId, changes };
}

function expectedCause({ raw, event }: Chapter): ColumnValues {
  const { recording, metadata, occurredAt } = event!;
  return {
    ...{ revision: raw.revision, eventId: raw.eventId, type: raw.type, commandId: recording.commandId },
    ...{ actor: metadata.actor, occurredAt, recordedAt: recording.recordedAt },
  };
}

function isOfNote(type: string): boolean {
  return type === 'NoteAdded' || type === 'NoteRedacted';
}

interface Difference {
  readonly from: { readonly revision: number } | null;
  readonly to: { readonly revision: number };
  readonly changes: readonly Change[];
}

interface Change {
  readonly pointer: string;
  readonly op: 'add' | 'remove' | 'replace';
  readonly from?: unknown;
  readonly to?: unknown;
  readonly by: readonly ColumnValues[];
}

/**
 * Checks that the changes between two places lead from the earlier state to the later one, each with its events.
 * The answer is read from the stream itself, so that it includes everything acknowledged before.
 */
export function checkDiff(
  about: string,
  story: Story | undefined,
  { question, forCustomer, seen, answer }: About<'diff'>,
  status: number | null,
  { I4, I9 }: Reports,
): void {
  const least = story !== undefined && isSteady(story) ? placeOf(story, question.to, seen ?? -1) : null;
  if (status === 404 && least !== null)
    return I9(about, `says that it was not there then, and event ${least} was`);
  if (answer === null) return; // refused, or no answer
  if (story === undefined) return I4(about, `tells of ${question.orderId}, which has no stream`);
  const { from, to, changes } = answer as unknown as Difference;
  checkPlace(about, story, { asked: question.from, told: from?.revision ?? null, seen }, { I4, I9 });
  checkPlace(about, story, { asked: question.to, told: to.revision, seen }, { I4, I9 });
  const before = from && viewAt(story, from.revision, forCustomer);
  const after = viewAt(story, to.revision, forCustomer);
  if ((from !== null && before === null) || after === null)
    return I4(about, `is between ${from?.revision ?? 'nothing'} and ${to.revision}, which never were`);
  for (const what of wrongChanges(before ?? {}, after, changes)) I4(about, what);
  for (const { pointer, by } of changes) checkCauses(about, story, { from, to, pointer, by }, I4);
}

/** Revision of the last event at a place in the history, among the events seen; null: there was none yet. */
function placeOf({ chapters }: Story, place: Place, seen: number): number | null {
  const isThere = ({ raw, event }: Chapter) =>
    raw.revision <= seen && ('revision' in place ? raw.revision <= place.revision : isBy(event!, place));
  if ('revision' in place && place.revision > seen) return null;
  return chapters.findLast(isThere)?.raw.revision ?? null;
}

function isBy(event: NonNullable<Chapter['event']>, place: Exclude<Place, { revision: number }>): boolean {
  return (place.clock === 'occurred' ? event.occurredAt : event.recording.recordedAt) <= place.at;
}

/**
 * Events appended later may belong to an earlier moment. So the place told is at least the last one seen, and at
 * most the one asked for.
 */
function checkPlace(
  about: string,
  story: Story,
  { asked, told, seen }: { asked: Place; told: number | null; seen: number | null },
  { I4, I9 }: Reports,
): void {
  if (!isSteady(story)) return;
  if ('revision' in asked) {
    if (told !== asked.revision)
      I4(about, `is of ${told ?? 'nothing'}, and revision ${asked.revision} was asked for`);
    return;
  }
  const event = told === null ? null : (story.chapters[told]?.event ?? null);
  if (event !== null && !isBy(event, asked))
    I4(about, `takes event ${told} for one of ${asked.at}, which is later`);
  const least = placeOf(story, asked, seen ?? -1);
  if (least !== null && (told ?? -1) < least)
    I9(about, `takes event ${told ?? 'none'} for the last at ${asked.at}, and ${least} was known`);
}

function viewAt({ chapters }: Story, revision: number, forCustomer: boolean): Json | null {
  const order = chapters[revision]?.order ?? null;
  return order && (JSON.parse(JSON.stringify(expectedView(order, { forCustomer }))) as Json);
}

type Json = Record<string, unknown>;

/** Every event changes these fields, and the changes do not list them. */
const ALWAYS_CHANGED = ['revision', 'lastOccurredAt', 'lastRecordedAt'];
/** The id field of the items of each list. */
const IDS: Readonly<Record<string, string>> = {
  lines: 'lineId',
  discounts: 'discountId',
  surcharges: 'surchargeId',
  authorizations: 'paymentId',
  captures: 'paymentId',
  failures: 'paymentId',
  voids: 'paymentId',
  reversals: 'paymentId',
  refunds: 'refundId',
  shipments: 'shipmentId',
  cancellations: 'cancellationId',
  returns: 'returnId',
  notes: 'noteId',
};

function wrongChanges(before: Json, after: Json, changes: readonly Change[]): readonly string[] {
  const wrong: string[] = [];
  const state = byIds('', before) as Json;
  for (const { pointer, op, from, to } of changes) {
    const place = placeIn(op === 'remove' ? before : after, pointer);
    // The text of a redacted note is shown at no place any more, so notes are not compared.
    if (place.includes('notes')) continue;
    const name = place.at(-1)!;
    const parent = place
      .slice(0, -1)
      .reduce<unknown>((value, key) => (value as Json | undefined)?.[key], state);
    if (typeof parent !== 'object' || parent === null) {
      wrong.push(`changes ${pointer}, which is in nothing`);
      continue;
    }
    const items = parent as Json;
    if (op !== 'add' && textOf(byIds(name, from)) !== textOf(items[name]))
      wrong.push(`says that ${pointer} was ${textOf(from)}, not ${textOf(items[name])}`);
    if (op === 'remove') delete items[name];
    else items[name] = byIds(name, to);
  }
  const expected = byIds('', after) as Json;
  const led = differences(comparable(expected), comparable(state));
  return [...wrong, ...led.map((what) => `leads to another state: ${what}`)];
}

/** Puts the items of lists under their ids, so that the removal of an item moves no other. */
function byIds(name: string, value: unknown): unknown {
  const id = IDS[name];
  if (Array.isArray(value)) {
    if (id === undefined) return value;
    return Object.fromEntries(value.map((item: Json) => [String(item[id]), byIds('', item)]));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, byIds(key, member)]));
}

/** A JSON pointer as a list of names and ids. */
function placeIn(document: Json, pointer: string): readonly string[] {
  const place: string[] = [];
  let value: unknown = document;
  for (const part of pointer.slice(1).split('/')) {
    const segment = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const id = Array.isArray(value) ? IDS[place.at(-1)!] : undefined;
    value = (value as Json | null | undefined)?.[segment];
    place.push(id === undefined ? segment : String((value as Json | undefined)?.[id]));
  }
  return place;
}

function comparable({ notes: _notes, personal, ...state }: Json): Json {
  const { notes: _texts, ...people } = (personal ?? {}) as Json;
  const changing = Object.entries(state).filter(([name]) => !ALWAYS_CHANGED.includes(name));
  return { ...Object.fromEntries(changing), personal: people };
}

function checkCauses(
  about: string,
  { chapters }: Story,
  { from, to, pointer, by }: Pick<Difference, 'from' | 'to'> & Pick<Change, 'pointer' | 'by'>,
  report: Report,
): void {
  if (by.length === 0) report(about, `names no event behind the change of ${pointer}`);
  for (const cause of by) {
    const revision = cause['revision'] as number;
    const chapter = chapters[revision];
    if (
      chapter === undefined ||
      chapter.event === null ||
      revision <= (from?.revision ?? -1) ||
      revision > to.revision
    ) {
      report(about, `names event ${revision} behind the change of ${pointer}, which is not between the two`);
      continue;
    }
    for (const what of differences(expectedCause(chapter), cause))
      report(about, `event ${revision} behind ${pointer}: ${what}`);
  }
}
