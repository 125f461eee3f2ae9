import { changesSearch } from '#read-models/orders.projection.js';
import { searchRowOf } from '#read-models/search-row.js';
import { differences } from './equal.js';
import { MONEY_COLUMNS, expectedColumns, expectedDocument, expectedToldName } from './expected-rows.js';
import type { ColumnValues, ParkedFact, RowFacts } from './facts.js';
import { keyOf, keyOfRow, type Chapter, type Story } from './story.js';
import type { Report } from './violations.js';

/**
 * I4 in PostgreSQL: every order has its row, its history rows and its search row as folded, and there are no other
 * rows.
 */
export function checkRows(
  rows: RowFacts,
  stories: ReadonlyMap<string, Story>,
  parked: readonly ParkedFact[],
  report: Report,
): void {
  const parkedFrom = firstParked(parked, 'orders');
  const orders = byOrder(rows.orders);
  const history = byOrder(rows.history);
  const search = rows.search === null ? null : byOrder(rows.search);
  for (const [key, story] of stories) {
    const chapters = story.chapters.slice(0, parkedFrom.get(key));
    const parkedAt = story.chapters[chapters.length];
    if (parkedAt?.order) report(key, `event ${parkedAt.raw.revision} is parked, and can be applied`);
    checkOrderRow(key, chapters, orders.get(key) ?? [], report);
    checkHistory(key, chapters, history.get(key) ?? [], report);
    if (search !== null) checkSearchRow(key, chapters, search.get(key) ?? [], rows.words!, report);
  }
  for (const [table, found] of Object.entries({ orders, order_history: history, order_search: search })) {
    for (const key of found?.keys() ?? []) {
      if (!stories.has(key)) report(key, `has a row in ${table}, but no stream`);
    }
  }
}

/** The revision from which on an order is not projected, or not sent. */
export function firstParked(
  parked: readonly ParkedFact[],
  projection: 'orders' | 'search' | 'relay',
): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const fact of parked) {
    if (fact.projection.split(':')[0] !== projection) continue;
    const key = keyOf(fact);
    first.set(key, Math.min(fact.revision, first.get(key) ?? fact.revision));
  }
  return first;
}

function byOrder(rows: readonly ColumnValues[]): Map<string, ColumnValues[]> {
  const found = new Map<string, ColumnValues[]>();
  for (const row of rows) {
    const key = keyOfRow(row);
    const known = found.get(key);
    if (known) known.push(row);
    else found.set(key, [row]);
  }
  return found;
}

function checkOrderRow(
  key: string,
  chapters: readonly Chapter[],
  rows: readonly ColumnValues[],
  report: Report,
): void {
  const [row] = rows;
  const last = chapters.at(-1);
  if (!last) {
    if (row) report(key, 'has a row, though its first event is parked');
    return;
  }
  if (!row) return report(key, `has ${chapters.length} events, but no row`);
  if (!last.order) return report(key, `event ${last.raw.revision} cannot be folded, and is not parked`);
  const { write_seq: _writeSeq, ...actual } = row;
  const expected = { ...expectedColumns(last.order), document: expectedDocument(last.order) };
  compare(key, { ...expected, personal: last.order.personal }, actual, 'row: ', report);
}

function checkHistory(
  key: string,
  chapters: readonly Chapter[],
  rows: readonly ColumnValues[],
  report: Report,
): void {
  const byRevision = new Map(rows.map((row) => [row['revision'], row]));
  if (byRevision.size !== rows.length) report(key, 'has two history rows of one revision');
  chapters.forEach((chapter, index) => {
    const { revision } = chapter.raw;
    const row = byRevision.get(revision);
    byRevision.delete(revision);
    if (chapter.event === null || chapter.order === null) return;
    if (!row) return report(key, `event ${revision} (${chapter.raw.type}) has no history row`);
    // A skipped event in between ends no period.
    const next = chapters.slice(index + 1).find(({ event, order }) => event !== null && order !== null);
    compare(key, expectedHistory(chapter, next), row, `history ${revision}: `, report);
  });
  for (const revision of byRevision.keys())
    report(key, `has a history row ${String(revision)}, but no such event`);
}

function expectedHistory({ raw, event, order }: Chapter, next: Chapter | undefined): ColumnValues {
  const { metadata, recording } = event!;
  return {
    ...expectedColumns(order!),
    position: raw.position.toString(),
    event_id: raw.eventId,
    type: raw.type,
    data: event!.data,
    command_id: recording.commandId,
    correlation_id: metadata.correlationId,
    causation_id: metadata.causationId,
    actor_type: metadata.actor.type,
    actor_id: metadata.actor.id,
    occurred_at: event!.occurredAt,
    recorded_at: recording.recordedAt,
    occurred_until: next?.event?.occurredAt ?? null,
    recorded_until: next?.event?.recording.recordedAt ?? null,
    told_name: expectedToldName(event!.data),
  };
}

function checkSearchRow(
  key: string,
  chapters: readonly Chapter[],
  [row]: readonly ColumnValues[],
  words: ReadonlyMap<string, ReadonlySet<string>>,
  report: Report,
): void {
  const last = chapters.at(-1);
  if (!last?.order) return;
  if (!row) return report(key, 'has no search row');
  const expected = searchRowOf(last.order);
  const sorted = (list: unknown) => [...(list as string[])].sort();
  compare(
    key,
    {
      words: sorted([...expected.vocabulary, ...expected.ownWords]),
      skus: sorted(expected.skus),
      phrases: sorted(expected.phrases),
      personal: expected.personal,
    },
    {
      words: sorted(row['words']),
      skus: sorted(row['skus']),
      phrases: sorted(row['phrases']),
      personal: row['personal'],
    },
    'search row: ',
    report,
  );
  const seen =
    chapters.findLast(({ event }) => event !== null && changesSearch(event.type))?.raw.revision ?? 0;
  const at = row['revision'] as number;
  if (at < seen || at > last.raw.revision)
    report(key, `search row is of revision ${at}, not of ${seen} or later`);
  for (const word of expected.vocabulary) {
    if (!words.get(last.order.tenantId)?.has(word)) report(key, `its word ${word} is not among the tenant's`);
  }
}

function compare(
  key: string,
  expected: ColumnValues,
  actual: ColumnValues,
  where: string,
  report: Report,
): void {
  for (const what of differences(plain(expected), plain(actual))) report(key, where + what);
}

function plain(values: ColumnValues): ColumnValues {
  const named = Object.entries(values).map(([name, value]) => [
    name,
    MONEY_COLUMNS.has(name) ? String(value) : value,
  ]);
  return Object.fromEntries(named) as ColumnValues;
}
