import type { Facts, FeedFact } from './facts.js';
import { firstParked } from './rows.check.js';
import { eventNames, keyOf, toldOf, type Story } from './story.js';
import type { Report } from './violations.js';

/** I5: a follower of the feed gets all applied events, and those of each order in order, apart from repetitions. */
export function checkFeed(
  told: readonly FeedFact[],
  stories: ReadonlyMap<string, Story>,
  { parked, skips }: Pick<Facts, 'parked' | 'skips'>,
  report: Report,
): void {
  const parkedFrom = firstParked(parked, 'orders');
  const skipped = eventNames(skips);
  // First occurrences by order and event id, in the order in which they came.
  const byOrder = new Map<string, Map<string, FeedFact>>();
  for (const event of told) {
    const firsts = byOrder.get(keyOf(event)) ?? new Map<string, FeedFact>();
    byOrder.set(keyOf(event), firsts);
    if (!firsts.has(event.eventId)) firsts.set(event.eventId, event);
  }
  for (const [key, story] of stories) {
    const firsts = byOrder.get(key) ?? new Map<string, FeedFact>();
    for (const { eventId, revision } of toldOf(story, parkedFrom.get(key), skipped)) {
      const first = firsts.get(eventId);
      if (!first) report(key, `event ${revision} is not told in the feed`);
      else if (first.revision !== revision)
        report(key, `event ${revision} is told in the feed as ${first.revision}`);
    }
    const known = new Set(story.chapters.map(({ raw }) => raw.eventId));
    let before = -1;
    for (const { eventId, revision } of firsts.values()) {
      if (before > revision) report(key, `event ${revision} is told in the feed after event ${before}`);
      if (!known.has(eventId)) report(key, `event ${revision} is told in the feed, and in no stream`);
      before = revision;
    }
  }
  for (const key of byOrder.keys())
    if (!stories.has(key)) report(key, 'is told in the feed, and has no stream');
}
