import type { Recording } from '../decider.js';
import { epochMsOf, instantAt } from '../instant.js';
import type { HandledCommand, Order } from './state.js';

/** How many commands an order remembers besides the placing one. Kept commands older than these are remembered too. */
export interface HandledWindow {
  /** This many of the last commands are remembered, however old they are. At least 1. */
  readonly always: number;
  /** Up to this many are remembered, if recorded within `recentMs` before the order's last recordedAt. */
  readonly atMost: number;
  readonly recentMs: number;
}

/**
 * The window of every order. All processes must fold with the same window, since another one makes a different
 * state of the same events. Only tests use another.
 */
export const HANDLED_WINDOW: HandledWindow = {
  always: 1_000,
  atMost: 2_000,
  recentMs: 30 * 24 * 60 * 60 * 1_000,
};

/** Shorter lists are searched without an index. */
const INDEXED_FROM = 50;

/**
 * Index of a list's command ids, built on the second lookup; null after the first. Searching a thousand entries
 * for every command would take longer than deciding. The same Set passes to the next list of the order, so it may
 * hold ids that this list has forgotten or does not have yet: a hit is always confirmed in the list.
 */
const idsOf = new WeakMap<readonly HandledCommand[], Set<string> | null>();

/** The order's entry for this command; undefined if the order never handled the command, or has forgotten it. */
export function handledCommand({ handled }: Order, commandId: string): HandledCommand | undefined {
  const ids = handled.length < INDEXED_FROM ? null : idsIn(handled);
  return ids === null || ids.has(commandId) ? handled.find((one) => one.commandId === commandId) : undefined;
}

/** null on the first lookup: most orders are loaded for one command, and an index would not pay. */
function idsIn(handled: readonly HandledCommand[]): ReadonlySet<string> | null {
  const known = idsOf.get(handled);
  if (known) return known;
  const ids = known === undefined ? null : new Set(handled.map(({ commandId }) => commandId));
  idsOf.set(handled, ids);
  return ids;
}

function handedOn(
  from: readonly HandledCommand[],
  to: readonly HandledCommand[],
  commandId: string,
): readonly HandledCommand[] {
  const ids = idsOf.get(from);
  // Drop the index once most of its ids are of forgotten commands.
  if (ids !== undefined) idsOf.set(to, ids === null || ids.size > 2 * to.length ? null : ids.add(commandId));
  return to;
}

/** Number of kept commands: receipts of returned units. The placing command is not counted. */
export function keptCommands({ handled }: Order): number {
  return handled.filter(({ kept }) => kept).length;
}

/**
 * Adds an event's command to the list, and forgets what is outside the window: the last 1,000 stay, and up to
 * 2,000 recorded in the 30 days before the order's last recordedAt. The placing command and kept ones stay for
 * ever. Entries are sorted by revision, so forgotten ones are always at the front.
 *
 * @param kept whether nothing else in the order would tell a repetition of this command from a new one
 */
export function remember(
  handled: readonly HandledCommand[],
  recording: Recording,
  { kept = false, window = HANDLED_WINDOW }: { kept?: boolean; window?: HandledWindow } = {},
): readonly HandledCommand[] {
  const { revision, recordedAt, commandId, fingerprint } = recording;
  const last = handled.at(-1);
  if (last?.commandId === commandId) {
    return handedOn(handled, handled.with(-1, { ...last, revision }), commandId);
  }
  const added: HandledCommand = kept
    ? { commandId, fingerprint, revision, firstRevision: revision, recordedAt, kept }
    : { commandId, fingerprint, revision, firstRevision: revision, recordedAt };
  const all = handled.length <= window.always ? handled.concat(added) : within(window, handled, added);
  return handedOn(handled, all, commandId);
}

/** Copies the list once: for an order with thousands of events, this copy is the slowest part of the fold. */
function within(
  { always, atMost, recentMs }: HandledWindow,
  handled: readonly HandledCommand[],
  added: HandledCommand,
): readonly HandledCommand[] {
  const since = instantAt(epochMsOf(added.recordedAt) - recentMs);
  const count = handled.length + 1;
  let keepFrom = Math.max(1, count - atMost);
  while (keepFrom < count - always && handled[keepFrom]!.recordedAt < since) keepFrom += 1;
  if (keepFrom === 1) return handled.concat(added);
  const keptOnes = handled.slice(1, keepFrom).filter(({ kept }) => kept);
  if (keptOnes.length > 0) return [handled[0]!, ...keptOnes, ...handled.slice(keepFrom), added];
  const left = handled.slice(keepFrom - 1);
  left[0] = handled[0]!; // the one that placed the order
  left.push(added);
  return left;
}
