import { unusableReasons } from '#event-store/snapshots/snapshot-codec.js';
import type { Facts } from './facts.js';

/** Counts of what there was to check. */
export function countsOf(facts: Facts): Record<string, number> {
  const by = (kind: string) => facts.commands.filter(({ outcome }) => outcome.kind === kind).length;
  const { reads } = facts.snapshotCounts;
  const done = facts.commands.filter(({ outcome }) => outcome.kind === 'done' && outcome.events.length > 0);
  return {
    commands: facts.commands.length,
    done: by('done'),
    refused: by('refused'),
    unknown: by('unknown'),
    'changes without a key': done.filter(({ commandId }) => commandId === null).length,
    'changes by customers': done.filter(({ actor }) => actor.type === 'customer').length,
    'answers to customers': facts.customerAnswers.length,
    reads: facts.reads.length,
    answered: facts.reads.filter(({ shown }) => shown !== null).length,
    obliged: facts.reads.filter(({ shown, mustShow }) => shown !== null && mustShow !== null).length,
    inquiries: facts.reads.filter(({ inquiry }) => inquiry !== null && inquiry.answer !== null).length,
    orders: facts.streams.size,
    events: facts.log.length,
    'of a later release': facts.log.filter(({ eventId }) => facts.ofLaterRelease.has(eventId)).length,
    skipped: facts.skips.length,
    'history rows': facts.rows.history.length,
    documents: facts.documents?.length ?? 0,
    messages: facts.messages?.length ?? 0,
    'told in the feed': facts.feed.length,
    'ledger entries': facts.provider?.ledger.length ?? 0,
    samples: facts.samples.length,
    'damaged snapshots': facts.damagedSnapshots.size,
    'looks for a snapshot': sum(reads.values()),
    'of them at a damaged one': sum(unusableReasons.map((reason) => reads.get(reason) ?? 0)),
  };
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, number) => total + number, 0);
}
