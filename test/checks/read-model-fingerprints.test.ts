import { describe, expect, it } from '@jest/globals';
import { evolve } from '#domain/order/order.js';
import type { OrderState } from '#domain/order/state.js';
import {
  fulfilmentStatus,
  fulfilmentStatuses,
  paymentStatus,
  paymentStatuses,
  returnStatus,
  returnStatuses,
} from '#domain/order/statuses.js';
import { orderTotals } from '#domain/order/totals.js';
import { decode } from '#event-store/codec.js';
import { readModelFingerprints } from '#read-models/read-model-fingerprints.js';
import type { SearchEngine } from '#read-models/search/search-engine.js';
import type { Change } from '../chaos/seeded-bugs/broken-tree.js';
import { generator } from '../support/generated-with.js';
import { storedHistories } from '../../scripts/generated/histories.mjs';

const TIMEOUT_MS = 120_000;

const generatedWith = generator('read-model-fingerprints.mjs', 'readModelFingerprints');

async function fingerprintsWith(changes: readonly Change[]): Promise<Record<SearchEngine, string>> {
  const text = await generatedWith(changes);
  const fingerprints = /= (\{"postgres":"[^"]+","elasticsearch":"[^"]+"\})/.exec(text)?.[1];
  if (fingerprints === undefined) throw new Error(`no fingerprints: ${text}`);
  return JSON.parse(fingerprints) as Record<SearchEngine, string>;
}

const models = (file: string) => `libs/read-models/src/${file}.ts`;
const order = (file: string) => `libs/domain/src/order/${file}.ts`;

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
    'money that the provider took back is told as refunded',
    {
      file: order('statuses'),
      from: "order.payments.reversals.length > 0 ? 'reversed' : 'refunded'",
      to: "order.payments.reversals.length > 0 ? 'refunded' : 'refunded'",
    },
    ['postgres', 'elasticsearch'],
  ],
  [
    'units that were never sent are waited for where all others came back',
    {
      file: order('statuses'),
      from: 'order.lines.some((line) => line.received < line.dispatched)',
      to: 'order.lines.some((line) => line.received < line.quantity)',
    },
    ['postgres', 'elasticsearch'],
  ],
  [
    'refunds of more than is left of captures are not due',
    {
      file: order('totals'),
      from: 'balanceDueMinor: totalMinor - (capturedMinor - refundedMinor),',
      to: 'balanceDueMinor: totalMinor - Math.max(0, capturedMinor - refundedMinor),',
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

describe('the stored histories', () => {
  it('show every status that a row can have, and more refunded than is left of captures', async () => {
    const seen = new Set<string>();
    for (const raw of await storedHistories()) {
      let state: OrderState = null;
      for (const event of await decode(raw)) {
        state = evolve(state, event);
        seen.add(`payment ${paymentStatus(state)}`);
        seen.add(`fulfilment ${fulfilmentStatus(state)}`);
        seen.add(`return ${returnStatus(state)}`);
        const { capturedMinor, refundedMinor } = orderTotals(state);
        if (refundedMinor > capturedMinor) seen.add('refunded above captures');
      }
    }
    const all = [
      ...paymentStatuses.map((status) => `payment ${status}`),
      ...fulfilmentStatuses.map((status) => `fulfilment ${status}`),
      ...returnStatuses.map((status) => `return ${status}`),
      'refunded above captures',
    ];
    expect(all.filter((each) => !seen.has(each))).toEqual([]);
  });
});

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
