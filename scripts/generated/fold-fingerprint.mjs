import { createHash } from 'node:crypto';
import { ERASED } from '#domain/decider.js';
import { instantAt } from '#domain/instant.js';
import { evolve } from '#domain/order/order.js';
import { decode, eventCodec } from '#event-store/codec.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import { goldenStreams } from './golden-folded.mjs';
import { canonical, storedHistories } from './histories.mjs';

/** Raised by hand when the meaning of a state changes although none of the hashed states does. */
const VERSION = 2;
/**
 * Commands to one order, and how many of them a day. The window of handled commands ends after a thousand
 * commands, after thirty days or at two thousand commands; each of these ends is reached here.
 */
const LONG_ORDER = [
  { commands: 1_300, perDay: 20 },
  { commands: 2_400, perDay: 300 },
];
const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * libs/event-store/src/snapshots/fold-fingerprint.ts: a hash over the state after each event. The events are those
 * of the golden corpus, with and without personal data, of a thousand stored histories, and of one long order. The
 * hash covers the stored shapes of events too, as they are upcast.
 */
export async function foldFingerprint() {
  const hash = createHash('sha256').update(`${VERSION}\n`);
  for (const events of await storedHistories()) foldInto(hash, await decode(events));
  const erased = eventCodec({ ...plainPersonal, open: async (parts) => parts.map(() => ERASED) });
  for (const events of Object.values(await goldenStreams())) foldInto(hash, await erased.decode(events));
  foldLongOrderInto(hash, await decode((await goldenStreams()).fulfilled));
  return `/**
 * Fingerprint of the fold: a version, and SHA-256 over the states that the golden corpus, a thousand stored histories
 * and a long order fold into. A snapshot with another fingerprint is not used. Made by
 * scripts/generated/fold-fingerprint.mjs.
 */
export const foldFingerprint = ${JSON.stringify(`${VERSION}-${hash.digest('hex')}`)};
`;
}

function foldInto(hash, events) {
  let order = null;
  for (const event of events) {
    order = evolve(order, event);
    hash.update(canonical(order)).update('\n');
  }
}

/** A return of no units: it matters only what the order remembers of its command. */
const received = { type: 'ReturnItemsReceived', data: { returnId: 'none', lines: [] } };

function foldLongOrderInto(hash, [placed]) {
  let order = evolve(null, placed);
  for (const { commands, perDay } of LONG_ORDER) {
    for (let n = 0; n < commands; n++) {
      const revision = order.revision + 1;
      const at = instantAt(Date.parse(order.lastRecordedAt) + Math.floor(DAY_MS / perDay));
      const recording = { revision, recordedAt: at, commandId: `${revision}`, fingerprint: `${revision}` };
      const happened = n % 40 === 0 ? received : { type: 'TagsChanged', data: { tags: [`${revision}`] } };
      order = evolve(order, { ...happened, occurredAt: at, personal: null, recording });
      if (revision % 100 === 99) hash.update(canonical(order)).update('\n');
    }
  }
}
