import type { Facts, FeedFact } from './facts.js';
import { firstParked } from './rows.check.js';
import { eventNames, keyOf, type Story } from './story.js';
import type { Report } from './violations.js';

/** I5: who follows the feed is told of all events that are applied, and of each order's in order but for repetitions. */
export function checkFeed(
  told: readonly FeedFact[],
  stories: ReadonlyMap<string, Story>,
  { parked, skips }: Pick<Facts, 'parked' | 'skips'>,
  report: Report,
): void {
  const parkedFrom = firstParked(parked, 'orders');
  const skipped = eventNames(skips);
  const byOrder = new Map<string, FeedFact[]>();
  for (const event of told) {
    const key = keyOf(event);
    const known = byOrder.get(key) ?? [];
    if (known.some(({ eventId }) => eventId === event.eventId)) continue;
    byOrder.set(key, [...known, event]);
  }
  for (const [key, { chapters }] of stories) {
    const firsts = byOrder.get(key) ?? [];
    const expected = chapters
      .slice(0, parkedFrom.get(key))
      .map(({ raw }) => raw)
      .filter(({ revision }) => !skipped.has(`${key}@${revision}`));
    for (const { eventId, revision } of expected) {
      const known = firsts.find((event) => event.eventId === eventId);
      if (!known) report(key, `event ${revision} is not told in the feed`);
      else if (known.revision !== revision)
        report(key, `event ${revision} is told in the feed as ${known.revision}`);
    }
    for (const [index, { revision }] of firsts.entries()) {
      const before = firsts[index - 1];
      if (before && before.revision > revision)
        report(key, `event ${revision} is told in the feed after event ${before.revision}`);
    }
    const known = new Set(chapters.map(({ raw }) => raw.eventId));
    for (const { eventId, revision } of firsts)
      if (!known.has(eventId)) report(key, `event ${revision} is told in the feed, and in no stream`);
  }
  for (const key of byOrder.keys())
    if (!stories.has(key)) report(key, 'is told in the feed, and has no stream');
}
