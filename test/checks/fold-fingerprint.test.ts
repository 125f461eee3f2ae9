import { describe, expect, it } from '@jest/globals';
import { foldFingerprint } from '#event-store/snapshots/fold-fingerprint.js';
import type { Change } from '../chaos/seeded-bugs/broken-tree.js';
import { generator } from '../support/generated-with.js';

const TIMEOUT_MS = 120_000;

const generatedWith = generator('fold-fingerprint.mjs', 'foldFingerprint');

async function fingerprintWith(changes: readonly Change[]): Promise<string> {
  const text = await generatedWith(changes);
  const fingerprint = /foldFingerprint = "([^"]+)"/.exec(text)?.[1];
  if (fingerprint === undefined) throw new Error(`no fingerprint: ${text}`);
  return fingerprint;
}

const order = (file: string) => `libs/domain/src/order/${file}.ts`;

/** Each makes another state of some history, as a release may want it to; a snapshot of the one before is then wrong. */
const seeded: readonly [string, Change][] = [
  [
    'a redacted note is forgotten',
    {
      file: order('notes'),
      from: 'notes: order.notes.map((note) => (note.noteId === noteId ? { ...note, redacted: true } : note)),',
      to: 'notes: order.notes.filter((note) => note.noteId !== noteId),',
    },
  ],
  [
    'a captured authorization is told of by its voiding alone',
    {
      file: order('payments'),
      from: 'capturedMinor: capturedMinor + data.amountMinor,',
      to: 'capturedMinor,',
    },
  ],
  [
    'the units of a cancelled shipment stay with it',
    {
      file: order('shipments'),
      from: "{ status: 'cancelled' }, (line, quantity) => ({\n      shipped: line.shipped - quantity,",
      to: "{ status: 'cancelled' }, (line) => ({\n      shipped: line.shipped,",
    },
  ],
  [
    'a refund that succeeded after all keeps why it had failed',
    {
      file: order('refunds'),
      from: "{ status: 'succeeded', providerReference, failureReason: null }",
      to: "{ status: 'succeeded', providerReference }",
    },
  ],
  ['one command less is remembered', { file: order('handled'), from: 'always: 1_000,', to: 'always: 999,' }],
  [
    'commands that are kept are forgotten',
    {
      file: order('handled'),
      from: 'const keptOnes = handled.slice(1, keepFrom).filter(({ kept }) => kept);',
      to: 'const keptOnes: HandledCommand[] = [];',
    },
  ],
  [
    'the reason of a hold outlives it',
    {
      file: order('lifecycle'),
      from: 'const released = { onHold: false, holdReason: null };',
      to: 'const released = { onHold: false };',
    },
  ],
];

describe('the fingerprint of the fold', () => {
  it(
    'is fresh when nothing was changed',
    async () => {
      expect(await fingerprintWith([])).toBe(foldFingerprint);
    },
    TIMEOUT_MS,
  );

  it.each(seeded)(
    'is stale when %s',
    async (_, change) => {
      expect(await fingerprintWith([change])).not.toBe(foldFingerprint);
    },
    TIMEOUT_MS,
  );
});
