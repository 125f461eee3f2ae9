import type { CommandAttempt, Facts } from './facts.js';
import { keyOf, type Story } from './story.js';

/** All events of one command, of which only the place matters here. */
interface Block {
  readonly commandId: string;
  /** `<tenant>.<order id>` */
  readonly order: string;
  readonly firstRevision: number;
}

/**
 * Gives every attempt without a key the id of the command that it became, which no client can know: the API makes it up
 * with each request. The events tell it, because they keep the attempt's correlation id. Several attempts have the same
 * one where the network repeated a request. Then an attempt that was answered with events became the command with these
 * events, and the attempts of unknown outcome became the others. Where nothing is left, an attempt became nothing, and
 * gets an id that no event has.
 */
export function withIdsOfKeyless(
  { commands, ofLaterRelease }: Pick<Facts, 'commands' | 'ofLaterRelease'>,
  stories: ReadonlyMap<string, Story>,
): readonly CommandAttempt[] {
  const keyless = commands.filter(({ commandId, isDryRun }) => commandId === null && !isDryRun);
  const theirs = new Set(keyless.map(({ correlationId }) => correlationId));
  const blocks = blocksOf(stories, theirs, ofLaterRelease);
  const ids = new Map<CommandAttempt, string>();
  for (const attempt of [...keyless].sort((a, b) => certainty(a) - certainty(b))) {
    const left = blocks.get(attempt.correlationId) ?? [];
    const own = left.find((block) => mayBecome(attempt, block));
    if (own) left.splice(left.indexOf(own), 1);
    ids.set(attempt, own?.commandId ?? `${attempt.correlationId} without a key`);
  }
  return commands.map((attempt) => ({ ...attempt, commandId: ids.get(attempt) ?? attempt.commandId }));
}

/** Attempts whose outcome says more are matched first. A refused one gets only what nobody else can have made. */
function certainty({ outcome }: CommandAttempt): number {
  if (outcome.kind === 'done') return outcome.events.length > 0 ? 0 : 2;
  return outcome.kind === 'unknown' ? 1 : 3;
}

function mayBecome(attempt: CommandAttempt, { order, firstRevision }: Block): boolean {
  const { outcome } = attempt;
  if (order !== keyOf(attempt)) return false;
  return outcome.kind !== 'done' || outcome.events[0]?.revision === firstRevision;
}

function blocksOf(
  stories: ReadonlyMap<string, Story>,
  correlationIds: ReadonlySet<string>,
  ofLaterRelease: ReadonlySet<string>,
): ReadonlyMap<string, Block[]> {
  const blocks = new Map<string, Block[]>();
  for (const [order, { chapters }] of stories) {
    for (const { event, raw } of chapters) {
      if (event === null || ofLaterRelease.has(raw.eventId)) continue;
      const { commandId, correlationId } = event.metadata;
      if (!correlationIds.has(correlationId)) continue;
      const known = blocks.get(correlationId) ?? [];
      blocks.set(correlationId, known);
      if (known.every((block) => block.commandId !== commandId))
        known.push({ commandId, order, firstRevision: raw.revision });
    }
  }
  return blocks;
}
