import type { Recording } from '../decider.js';
import { epochMsOf, instantAt } from '../instant.js';
import type { HandledCommand, Order } from './state.js';

/** How many commands an order remembers beside the one that placed it. */
export interface HandledWindow {
  /** The last so many, however old; at least one. */
  readonly always: number;
  /** Within `recentMs` before the order's last recordedAt, up to so many. */
  readonly atMost: number;
  readonly recentMs: number;
}

/**
 * The window of every order. Another one makes another state of the same events, so only tests have one:
 * whoever folds orders together must have the same.
 */
export const HANDLED_WINDOW: HandledWindow = {
  always: 1_000,
  atMost: 2_000,
  recentMs: 30 * 24 * 60 * 60 * 1_000,
};

/** Shorter lists are looked through. */
const INDEXED_FROM = 50;

/**
 * The ids of the commands in a list, and perhaps of some that are in it no more or not yet: handed from each list to
 * the one that an event makes of it, since to look through a thousand for every command takes longer than to decide.
 * null: it was looked through once, and nothing was made of it.
 */
const idsOf = new WeakMap<readonly HandledCommand[], Set<string> | null>();

/** What the order remembers of this command; undefined: it never handled it, or forgot it long ago. */
export function handledCommand({ handled }: Order, commandId: string): HandledCommand | undefined {
  const ids = handled.length < INDEXED_FROM ? null : idsIn(handled);
  return ids === null || ids.has(commandId) ? handled.find((one) => one.commandId === commandId) : undefined;
}

/** null the first time: most orders are loaded for one command. */
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
  // Of what is forgotten it keeps no more than that.
  if (ids !== undefined) idsOf.set(to, ids === null || ids.size > 2 * to.length ? null : ids.add(commandId));
  return to;
}

/** How many the order can never forget, beside the one that placed it: receipts of units that came back. */
export function keptCommands({ handled }: Order): number {
  return handled.filter(({ kept }) => kept).length;
}

/**
 * The placing command and kept ones for ever, else those of the window: the last 1,000 and, of the 30 days
 * before the order's last recordedAt, up to 2,000. Entries are in the order of their revisions, so what is
 * forgotten is always at the front.
 *
 * @param kept whether nothing else of the order would tell a repetition of this command from another one
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
  const entry = { commandId, fingerprint, revision, firstRevision: revision, recordedAt };
  const added = kept ? { ...entry, kept } : entry;
  const all = handled.length <= window.always ? handled.concat(added) : within(window, handled, added);
  return handedOn(handled, all, commandId);
}

/** Copied once: of an order with thousands of events, nothing else of a fold takes as long. */
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
