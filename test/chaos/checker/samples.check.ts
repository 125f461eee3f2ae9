import type { RawEvent } from '#event-store/port.js';
import { parseOrderStream } from '#event-store/streams.js';
import type { IndexSample, Sample } from './facts.js';
import { firstParked } from './rows.check.js';
import { eventNames, keyOf } from './story.js';
import type { Report } from './violations.js';

/**
 * I8, on samples taken during the run: each event up to the checkpoint is in its row or parked, no row has an
 * event beyond the checkpoint, and the history has one row for each event in the rows. Then the index is checked
 * against its own checkpoint.
 */
export function checkSamples(
  samples: readonly Sample[],
  log: readonly RawEvent[],
  { I8: report, I9 }: { readonly I8: Report; readonly I9: Report },
): void {
  const events = log.flatMap((event) => {
    const key = parseOrderStream(event.stream);
    return key === null ? [] : [{ ...event, key: keyOf(key) }];
  });
  const positions = new Map(events.map(({ key, revision, position }) => [`${key}@${revision}`, position]));
  samples.forEach((sample, number) => {
    const where = `snapshot ${number} at ${Math.round(sample.atMs)} ms`;
    checkFlip(where, samples[number - 1], sample, I9);
    checkRevisions(where, sample, events, positions, report);
    if (sample.index !== null) checkIndex(where, sample, sample.index, events, report);
  });
}

/** I9 without a token: queries are never answered from an earlier position than before, whatever the generation. */
function checkFlip(where: string, before: Sample | undefined, after: Sample, report: Report): void {
  const [from, to] = [before?.checkpoint ?? -1n, after.checkpoint ?? -1n];
  if (to >= from) return;
  report(
    `generation ${after.generation}`,
    `${where}: answers come from position ${to}, and came from ${from} of generation ${before!.generation} before`,
  );
}

type Placed = RawEvent & { readonly key: string };

function checkRevisions(
  where: string,
  { checkpoint, revisions, parked, skips, historyRows }: Sample,
  events: readonly Placed[],
  positions: ReadonlyMap<string, bigint>,
  report: Report,
): void {
  const reached = checkpoint ?? -1n;
  const parkedFrom = firstParked(parked, 'orders');
  const missing = new Map<string, number>();
  for (const { key, revision, position } of events) {
    if (position > reached) break;
    const isApplied = (revisions.get(key) ?? -1) >= revision;
    const isParked = revision >= (parkedFrom.get(key) ?? Infinity);
    if (!isApplied && !isParked && !missing.has(key)) missing.set(key, revision);
  }
  for (const [key, revision] of missing) {
    const at = revisions.get(key) ?? 'none';
    report(key, `${where}: the checkpoint ${reached} is past event ${revision}, the row is at ${at}`);
  }
  for (const [key, revision] of revisions) {
    const position = positions.get(`${key}@${revision}`);
    if (position === undefined)
      report(key, `${where}: the row is at revision ${revision}, which is no event`);
    else if (position > reached)
      report(key, `${where}: the row has event ${revision}, the checkpoint ${reached} is before it`);
  }
  const leftOut = skips.filter((skip) => skip.revision <= (revisions.get(keyOf(skip)) ?? -1));
  const passed = [...revisions.values()].reduce((sum, revision) => sum + revision + 1, 0);
  const expected = passed - leftOut.length;
  if (historyRows !== expected)
    report('order_history', `${where}: has ${historyRows} rows of ${expected} events applied`);
}

function checkIndex(
  where: string,
  { parked, skips }: Sample,
  { checkpoint, revisions, late }: IndexSample,
  events: readonly Placed[],
  report: Report,
): void {
  const refused = firstParked(parked, 'search');
  const unprojected = firstParked(parked, 'orders');
  // A skipped event changes no document. The document may take the event's revision later.
  const skipped = eventNames(skips);
  const missing = new Map<string, number>();
  for (const { key, revision, position } of events) {
    if (position > checkpoint) break;
    if (skipped.has(`${key}@${revision}`)) continue;
    const isTold = late.has(key) || refused.has(key) || revision >= (unprojected.get(key) ?? Infinity);
    if ((revisions.get(key) ?? -1) < revision && !isTold) missing.set(key, revision);
  }
  for (const [key, revision] of missing) {
    const at = revisions.get(key) ?? 'none';
    report(key, `${where}: search is said to have event ${revision}, the document is at ${at}`);
  }
}
