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

/** What the order remembers of this command; undefined: it never handled it, or forgot it long ago. */
export function handledCommand(order: Order, commandId: string): HandledCommand | undefined {
  return order.handled.find((handled) => handled.commandId === commandId);
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
  if (last?.commandId === commandId) return handled.with(-1, { ...last, revision });
  const entry = { commandId, fingerprint, revision, firstRevision: revision, recordedAt };
  const added = kept ? { ...entry, kept } : entry;
  return handled.length <= window.always ? handled.concat(added) : within(window, handled, added);
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
