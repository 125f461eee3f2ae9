import type { Recording } from '../decider.js';
import { epochMsOf, instantAt, type Instant } from '../instant.js';
import type { HandledCommand, Order } from './state.js';

/** How many commands an order remembers beside the one that placed it (docs of `handled` in state.ts). */
const always = 1_000;
const atMost = 2_000;
const windowMs = 30 * 24 * 60 * 60 * 1_000;

/** What the order remembers of this command; undefined: it never handled it, or forgot it long ago. */
export function handledCommand(order: Order, commandId: string): HandledCommand | undefined {
  return order.handled.find((handled) => handled.commandId === commandId);
}

/**
 * The placing command for ever, else the last 1,000 and, of the 30 days before the order's last
 * recordedAt, up to 2,000. Entries are in the order of their revisions, so what is forgotten is always
 * the front.
 */
export function remember(
  handled: readonly HandledCommand[],
  recording: Recording,
): readonly HandledCommand[] {
  const { revision, recordedAt, commandId, fingerprint } = recording;
  const last = handled.at(-1);
  if (last?.commandId === commandId) return handled.with(-1, { ...last, revision });
  const entry = { commandId, fingerprint, revision, firstRevision: revision, recordedAt };
  const all = [...handled, entry];
  return all.length - 1 <= always ? all : forget(all, recordedAt);
}

function forget(all: HandledCommand[], lastRecordedAt: Instant): readonly HandledCommand[] {
  const since = instantAt(epochMsOf(lastRecordedAt) - windowMs);
  let keepFrom = Math.max(1, all.length - atMost);
  while (keepFrom < all.length - always && all[keepFrom]!.recordedAt < since) keepFrom += 1;
  return keepFrom === 1 ? all : [all[0]!, ...all.slice(keepFrom)];
}
