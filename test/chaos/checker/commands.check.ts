import { eventIds } from '../../../apps/command-api/src/handling/event-ids.js';
import type { CommandAttempt } from './facts.js';
import { differences, textOf } from './equal.js';
import { keyOf, type Chapter, type Story } from './story.js';
import { isNothingToDo } from './streams.check.js';
import type { Report } from './violations.js';

/** All attempts under one command id, and all events that carry it, in whatever stream. */
interface Handled {
  readonly attempts: CommandAttempt[];
  readonly events: { readonly story: Story; readonly chapter: Chapter }[];
}

/**
 * I1: a command answered with 2xx is in its stream exactly once, as answered, and under the name of whoever asked; or
 * there was nothing to do. I2: a command that was refused in
 * every attempt left nothing, and no attempt met an error that nobody foresaw. (Whether an unknown outcome left all or
 * nothing is seen in streams.check.ts, where each block of events is decided again.)
 */
export function checkCommands(
  commands: readonly CommandAttempt[],
  stories: ReadonlyMap<string, Story>,
  report: { readonly I1: Report; readonly I2: Report },
): void {
  for (const attempt of commands) {
    const { outcome, command } = attempt;
    if (outcome.kind === 'unknown' && /^5(?!03 )\d\d /.test(outcome.why)) {
      const about = `${command.type} on ${keyOf(attempt)}`;
      report.I2(about, `was answered with ${outcome.why}, which says nothing of what is away`);
    }
  }
  for (const [commandId, { attempts, events }] of handledOf(commands, stories)) {
    if (attempts.length === 0) continue; // nobody asked for these events: streams.check.ts reports them
    const about = `${attempts[0]!.command.type} ${commandId} on ${keyOf(attempts[0]!)}`;
    checkOnce(about, events, report.I1);
    checkOrigin(about, attempts, events, report.I1);
    const answers = attempts.filter(({ outcome }) => outcome.kind === 'done');
    for (const attempt of answers) checkAnswer(about, attempt, events, stories, report.I1);
    checkRepeats(about, answers, report.I1);
    const isRefused = attempts.every(({ outcome }) => outcome.kind === 'refused');
    if (isRefused && events.length > 0) {
      report.I2(about, `was refused in each of ${attempts.length} attempts, but left ${typesOf(events)}`);
    }
  }
}

function handledOf(
  commands: readonly CommandAttempt[],
  stories: ReadonlyMap<string, Story>,
): Map<string, Handled> {
  const byId = new Map<string, Handled>();
  const handled = (commandId: string): Handled => {
    const known = byId.get(commandId) ?? { attempts: [], events: [] };
    byId.set(commandId, known);
    return known;
  };
  for (const attempt of commands) {
    if (attempt.commandId !== null) handled(attempt.commandId).attempts.push(attempt);
  }
  for (const story of stories.values()) {
    for (const chapter of story.chapters) {
      const commandId = (chapter.raw.metadata as { commandId?: unknown } | null)?.commandId;
      if (typeof commandId === 'string') handled(commandId).events.push({ story, chapter });
    }
  }
  return byId;
}

/** The events of a command are one append: consecutive, in one stream. */
function checkOnce(about: string, events: Handled['events'], report: Report): void {
  const [first] = events;
  if (!first) return;
  events.forEach(({ story, chapter }, index) => {
    if (story !== first.story) report(about, `has events in ${first.story.stream} and in ${story.stream}`);
    else if (chapter.raw.revision !== first.chapter.raw.revision + index) {
      report(
        about,
        `is in its stream more than once: at ${first.chapter.raw.revision} and at ${chapter.raw.revision}`,
      );
    }
  });
}

/** A command has one sender, whom its events name. They also name one of its attempts. */
function checkOrigin(
  about: string,
  attempts: readonly CommandAttempt[],
  events: Handled['events'],
  report: Report,
): void {
  const senders = new Set(attempts.map(({ actor }) => `${actor.type} ${actor.id}`));
  if (senders.size > 1) report(about, `is one command of several senders: ${[...senders].join(', ')}`);
  for (const { chapter } of events) {
    if (chapter.event === null) continue;
    const { actor, correlationId } = chapter.event.metadata;
    if (!senders.has(`${actor.type} ${actor.id}`))
      report(about, `is recorded as of ${actor.type} ${actor.id}, and ${[...senders].join(', ')} asked`);
    if (!attempts.some((attempt) => attempt.correlationId === correlationId))
      report(about, `is recorded as of the conversation ${correlationId}, which no attempt belonged to`);
  }
}

function checkAnswer(
  about: string,
  { outcome, ifMatch, orderId, tenantId, command, commandId }: CommandAttempt,
  events: Handled['events'],
  stories: ReadonlyMap<string, Story>,
  report: Report,
): void {
  if (outcome.kind !== 'done') return;
  const story = stories.get(keyOf({ tenantId, orderId }));
  const head = story?.chapters.at(-1)?.raw.revision ?? -1;
  if (outcome.revision > head) {
    report(about, `was answered with revision ${outcome.revision}, but the stream ends at ${head}`);
    return;
  }
  if (outcome.events.length === 0) {
    const order = story?.chapters[outcome.revision]?.order ?? null;
    if (order !== null && !isNothingToDo(order, { command, commandId }))
      report(about, `was answered as if there was nothing to do at revision ${outcome.revision}`);
    return;
  }
  const stored = events.map(({ chapter: { raw, event } }) => ({
    type: raw.type,
    revision: raw.revision,
    ids: event === null ? {} : eventIds(event),
  }));
  if (textOf(stored) !== textOf(outcome.events)) {
    const found = events.length === 0 ? 'nothing' : textOf(stored);
    report(about, `was answered with ${textOf(outcome.events)}, and left ${found}`);
  }
  if (outcome.events.at(-1)!.revision !== outcome.revision) {
    report(about, `was answered with revision ${outcome.revision} and ${textOf(outcome.events)}`);
  }
  const last = events.at(-1)?.chapter.raw;
  if (last && outcome.position !== null && !isPositionOf(outcome.position, last, story!)) {
    report(about, `was answered with position ${outcome.position}, and is at ${last.position}`);
  }
  const decidedOn = outcome.events[0]!.revision - 1;
  if (!outcome.replayed && ifMatch !== null && ifMatch !== decidedOn) {
    report(about, `asked for revision ${ifMatch}, and was done on revision ${decidedOn}`);
  }
}

/** Commands that share an append are answered with the position of the append's last event. */
function isPositionOf(position: bigint, last: Chapter['raw'], { chapters }: Story): boolean {
  const found = chapters.find(({ raw }) => raw.position === position);
  return found !== undefined && found.raw.revision >= last.revision;
}

/** One attempt of a command is the first. The others are marked as replays and get the same answer. */
function checkRepeats(about: string, answers: readonly CommandAttempt[], report: Report): void {
  const done = answers.flatMap((attempt) =>
    attempt.outcome.kind === 'done' && attempt.outcome.events.length > 0
      ? [{ attempt, outcome: attempt.outcome }]
      : [],
  );
  const [first] = done;
  if (!first) return;
  const originals = done.filter(({ outcome }) => !outcome.replayed);
  if (originals.length > 1) report(about, `was done ${originals.length} times as if for the first time`);
  for (const { attempt, outcome } of done) {
    const { replayed: _replayed, position: _position, ...answer } = outcome;
    const { replayed: _first, position: _where, ...expected } = first.outcome;
    for (const what of differences({ ...expected }, { ...answer })) report(about, `a repetition: ${what}`);
    if (textOf(attempt.command) !== textOf(first.attempt.command)) {
      report(about, 'was answered with success under one key for two different bodies');
    }
  }
}

function typesOf(events: Handled['events']): string {
  return events.map(({ chapter }) => chapter.raw.type).join(', ');
}
