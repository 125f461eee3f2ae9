import { textOf } from './equal.js';
import type { Facts, MessageFact } from './facts.js';
import { firstParked } from './rows.check.js';
import { eventNames, toldOf, type Story } from './story.js';
import type { Report } from './violations.js';

/**
 * I5: the first occurrences of each order's messages are its events, all of them, in order, in one partition. A
 * repetition is the same message.
 */
export function checkMessages(
  messages: readonly MessageFact[],
  stories: ReadonlyMap<string, Story>,
  { parked, unsent }: Pick<Facts, 'parked' | 'unsent'>,
  report: Report,
): void {
  const parkedFrom = firstParked(parked, 'relay');
  const skipped = eventNames(unsent);
  const byOrder = new Map<string, MessageFact[]>();
  for (const message of messages) {
    const key = `${(message.headers['ce_source'] ?? '').replace('/orderlog/', '')}.${message.key ?? ''}`;
    const known = byOrder.get(key);
    if (known) known.push(message);
    else byOrder.set(key, [message]);
  }
  for (const [key, story] of stories) {
    const sent = byOrder.get(key) ?? [];
    const firsts = firstOccurrences(key, sent, report);
    toldOf(story, parkedFrom.get(key), skipped).forEach(({ eventId, revision, type }, index) => {
      const message = firsts[index];
      if (!firsts.some(({ headers }) => headers['ce_id'] === eventId)) {
        report(key, `event ${revision} (${type}) is in no message`);
      } else if (message?.headers['ce_id'] !== eventId) {
        report(key, `event ${revision} (${type}) is out of order: message ${index} is ${describe(message)}`);
      } else if (message.headers['ce_orderrevision'] !== String(revision)) {
        report(key, `event ${revision} is told of as revision ${message.headers['ce_orderrevision']}`);
      }
    });
    if (firsts.length > story.chapters.length)
      report(key, `has ${firsts.length} messages of ${story.chapters.length} events`);
  }
  for (const key of byOrder.keys()) if (!stories.has(key)) report(key, 'has messages, but no stream');
}

function firstOccurrences(key: string, sent: readonly MessageFact[], report: Report): MessageFact[] {
  const firsts = new Map<string, MessageFact>();
  for (const message of sent) {
    const id = message.headers['ce_id'] ?? 'no id';
    const first = firsts.get(id);
    if (!first) firsts.set(id, message);
    else if (textOf(first) !== textOf(message)) report(key, `message ${id} came again as another one`);
    if (message.partition !== sent[0]!.partition) report(key, 'has messages in two partitions');
  }
  return [...firsts.values()];
}

function describe(message: MessageFact | undefined): string {
  return message === undefined ? 'none' : `of revision ${message.headers['ce_orderrevision']}`;
}
