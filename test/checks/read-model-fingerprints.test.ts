import { describe, expect, it } from '@jest/globals';
import { readModelFingerprints } from '#read-models/read-model-fingerprints.js';
import type { SearchEngine } from '#read-models/search/search-engine.js';
import type { Change } from '../chaos/seeded-bugs/broken-tree.js';
import { generator } from '../support/generated-with.js';

const TIMEOUT_MS = 120_000;

const generatedWith = generator('read-model-fingerprints.mjs', 'readModelFingerprints');

async function fingerprintsWith(changes: readonly Change[]): Promise<Record<SearchEngine, string>> {
  const text = await generatedWith(changes);
  const fingerprints = /= (\{"postgres":"[^"]+","elasticsearch":"[^"]+"\})/.exec(text)?.[1];
  if (fingerprints === undefined) throw new Error(`no fingerprints: ${text}`);
  return JSON.parse(fingerprints) as Record<SearchEngine, string>;
}

const models = (file: string) => `libs/read-models/src/${file}.ts`;

/** Each makes other tables, rows or documents of some history, and what an earlier release built is not of its kind. */
const seeded: readonly [string, Change, readonly SearchEngine[]][] = [
  [
    'a column has another type',
    {
      file: models('order-summary'),
      from: "column('unitsReturned', 'units_returned', 'int4')",
      to: "column('unitsReturned', 'units_returned', 'int8')",
    },
    ['postgres', 'elasticsearch'],
  ],
  [
    'an event changes no row any more',
    { file: models('orders.projection'), from: "LinesCancelled: 'folded',", to: "LinesCancelled: 'ignore'," },
    ['postgres', 'elasticsearch'],
  ],
  [
    'tags are not searched any more',
    { file: models('orders.projection'), from: "TagsChanged: 'searched',", to: "TagsChanged: 'folded'," },
    ['postgres', 'elasticsearch'],
  ],
  [
    'a history row says no more when the next event was recorded',
    {
      file: models('orders.projection'),
      from: 'recordedUntil: next?.recording.recordedAt ?? null,',
      to: 'recordedUntil: null,',
    },
    ['postgres', 'elasticsearch'],
  ],
  [
    'another plain word is made of a letter',
    { file: models('plain-words'), from: "ß: 'ss',", to: "ß: 's'," },
    ['postgres', 'elasticsearch'],
  ],
  [
    'an index has other rows',
    {
      file: models('order-history-indexes'),
      from: "`payment_status <> 'paid'`",
      to: "`payment_status <> 'none'`",
    },
    ['postgres', 'elasticsearch'],
  ],
  [
    'another band holds a total',
    { file: models('search/total-bands'), from: '2_000, 5_000, 10_000]', to: '2_500, 5_000, 10_000]' },
    ['elasticsearch'],
  ],
  [
    'the mapping of a field is another one',
    {
      file: models('search/elasticsearch/index-definition'),
      from: 'norms: false, position_increment_gap: 1_000',
      to: 'norms: false, position_increment_gap: 100',
    },
    ['elasticsearch'],
  ],
];

describe('the fingerprints of the read models', () => {
  it(
    'are fresh when nothing was changed',
    async () => {
      expect(await fingerprintsWith([])).toEqual(readModelFingerprints);
    },
    TIMEOUT_MS,
  );

  it.each(seeded)(
    'are stale when %s',
    async (_, change, engines) => {
      const made = await fingerprintsWith([change]);
      const stale = (['postgres', 'elasticsearch'] as const).filter(
        (engine) => made[engine] !== readModelFingerprints[engine],
      );
      expect(stale).toEqual(engines);
    },
    TIMEOUT_MS,
  );
});
