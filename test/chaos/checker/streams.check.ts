import { v5 as uuidV5 } from 'uuid';
import { decide } from '#domain/order/order.js';
import type { Order, OrderState } from '#domain/order/state.js';
import type { RawEvent, StoredOrderEvent } from '#event-store/port.js';
import type { CommandAttempt, Facts } from './facts.js';
import { textOf } from './equal.js';
import { type Chapter, type Story } from './story.js';
import type { Report } from './violations.js';

/**
 * I3: positions grow, revisions are contiguous, times never go back, and no event is stored twice. Each block of
 * events of one command equals, event by event, the domain's decision for that command on the order before it. So
 * the block is legal, complete, and was asked for. No command is decided on an order after events of a later
 * release.
 */
export function checkStreams(
  { log, streams, commands, ofLaterRelease }: Pick<Facts, 'log' | 'streams' | 'commands' | 'ofLaterRelease'>,
  stories: ReadonlyMap<string, Story>,
  report: Report,
): void {
  checkLog(log, report);
  const asked = new Map<string, CommandAttempt[]>();
  for (const attempt of commands) {
    if (attempt.commandId === null) continue;
    const known = asked.get(attempt.commandId);
    if (known) known.push(attempt);
    else asked.set(attempt.commandId, [attempt]);
  }
  for (const story of stories.values()) {
    checkOrder(story, streams.get(story.stream) ?? [], report);
    checkDecisions(story, asked, ofLaterRelease, report);
  }
  const known = new Set([...stories.values()].map(({ stream }) => stream));
  for (const stream of streams.keys()) if (!known.has(stream)) report(stream, 'is a stream, but not in $all');
}

function checkLog(log: readonly RawEvent[], report: Report): void {
  const ids = new Map<string, RawEvent>();
  log.forEach((event, index) => {
    const before = log[index - 1];
    if (before && event.position <= before.position) {
      report(event.stream, `position ${event.position} comes after ${before.position}`);
    }
    const same = ids.get(event.eventId);
    if (same)
      report(event.stream, `event ${event.revision} has the id of event ${same.revision} of ${same.stream}`);
    ids.set(event.eventId, event);
  });
}

function checkOrder({ stream, chapters }: Story, readIds: readonly string[], report: Report): void {
  chapters.forEach(({ raw, event }, index) => {
    if (raw.revision !== index) report(stream, `event ${index} has revision ${raw.revision}`);
    const before = chapters[index - 1]?.event;
    if (!before || !event) return;
    if (event.occurredAt < before.occurredAt)
      report(stream, `occurredAt goes back at revision ${raw.revision}`);
    if (event.recording.recordedAt < before.recording.recordedAt) {
      report(stream, `recordedAt goes back at revision ${raw.revision}`);
    }
  });
  const ids = chapters.map(({ raw }) => raw.eventId);
  if (textOf(ids) !== textOf(readIds)) {
    report(stream, `has ${ids.length} events in $all, and other ${readIds.length} when it is read`);
  }
}

function checkDecisions(
  { stream, chapters }: Story,
  asked: ReadonlyMap<string, readonly CommandAttempt[]>,
  ofLaterRelease: ReadonlySet<string>,
  report: Report,
): void {
  let before: OrderState = null;
  const first = chapters.findIndex(({ raw }) => ofLaterRelease.has(raw.eventId));
  const end = first === -1 ? chapters.length : first;
  const decided = chapters.slice(0, end);
  for (const { raw } of chapters.slice(end)) {
    if (ofLaterRelease.has(raw.eventId)) continue;
    report(
      stream,
      `revision ${raw.revision} (${raw.type}): was decided without revision ${end}, which cannot be read`,
    );
  }
  for (let at = 0; at < end;) {
    const block = blockFrom(decided, at);
    const events = block.map(({ event }) => event);
    const attempts = asked.get(events[0]?.recording.commandId ?? '') ?? [];
    const where = `revision ${at} (${block.map(({ raw }) => raw.type).join(', ')})`;
    if (attempts.length === 0) report(stream, `${where}: nobody asked for it`);
    else if (events.some((event) => event === null)) report(stream, `${where}: cannot be read`);
    else if (!attempts.some((attempt) => isDecision(before, attempt, events as StoredOrderEvent[]))) {
      report(stream, `${where}: is not what is decided for ${attempts[0]!.command.type} at that revision`);
    }
    before = block.at(-1)!.order;
    if (before === null) return; // after an event that cannot be folded, no decision can be checked
    at += block.length;
  }
}

/** The events from `at` on that belong to the same command. */
function blockFrom(chapters: readonly Chapter[], at: number): readonly Chapter[] {
  const commandId = chapters[at]!.event?.recording.commandId;
  const end = chapters.findIndex(
    ({ event }, index) => index > at && event?.recording.commandId !== commandId,
  );
  return chapters.slice(at, commandId === undefined ? at + 1 : end === -1 ? undefined : end);
}

/** Whether the events equal the domain's decision for a command with that id on the order before them. */
export function isDecision(
  before: OrderState,
  { command, commandId, occurredAt }: Pick<CommandAttempt, 'command' | 'commandId' | 'occurredAt'>,
  events: readonly StoredOrderEvent[],
): boolean {
  const [first] = events;
  const decision = decide(before, command, {
    // The clock of the decision is not known; these times are the result of it.
    now: first!.recording.recordedAt,
    occurredAt: first!.occurredAt,
    mayBackdate: true,
    newId: (index) => uuidV5(String(index), commandId!),
  });
  if (!decision.accepted || decision.events.length !== events.length) return false;
  const expectedAt = occurredAt === null ? null : latest(occurredAt, before?.lastOccurredAt ?? occurredAt);
  if (expectedAt !== null && expectedAt !== first!.occurredAt) return false;
  return decision.events.every((expected, index) => {
    const { type, occurredAt: at, data, personal } = events[index]!;
    return textOf(expected) === textOf({ type, occurredAt: at, data, personal });
  });
}

/** Whether a command changes nothing in an order, as the domain decides. */
export function isNothingToDo(
  order: Order,
  { command, commandId }: Pick<CommandAttempt, 'command' | 'commandId'>,
): boolean {
  const decision = decide(order, command, {
    now: order.lastRecordedAt,
    occurredAt: null,
    mayBackdate: true,
    newId: (index) => uuidV5(String(index), commandId!),
  });
  return decision.accepted && decision.events.length === 0;
}

const latest = (a: string, b: string): string => (a > b ? a : b);
