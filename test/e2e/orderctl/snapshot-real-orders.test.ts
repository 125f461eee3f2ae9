import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { countOf } from '../../support/metrics.js';
import { orderctl, startUpWith, type Up } from '../../support/orderctl.js';
import { shopFile } from '../../support/shop-file.js';

const TIMEOUT_MS = 180_000;
const INVOICES = 120;

/** Nothing cached, a snapshot at every second event, and every load from one compared with all events. */
const SETTINGS = {
  ORDERLOG_SNAPSHOT_EVERY_EVENTS: '2',
  ORDERLOG_SNAPSHOT_CHECK_ONE_IN: '1',
  ORDERLOG_STATE_CACHE_MB: '0',
};

let data: string;
let up: Up;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'orderlog-snapshot-'));
  up = await startUpWith(SETTINGS, data, '--no-demo');
}, TIMEOUT_MS);

afterAll(async () => {
  await up?.end('SIGTERM');
  await rm(data, { recursive: true, force: true });
}, TIMEOUT_MS);

const counted = (name: string, outcome: string) =>
  countOf(`http://127.0.0.1:${up.ports.command}`, name, outcome);

describe("a shop's orders, each loaded from a snapshot for every command", () => {
  it(
    'are what all their events make, at every revision, and so are all snapshots in the end',
    async () => {
      const { path } = await shopFile(data, INVOICES);
      const imported = await orderctl('import', path, '--data', data, '--json');
      expect(imported).toMatchObject({ code: 0 });

      expect(await counted('orderlog_snapshot_reads_total', 'used')).toBeGreaterThan(0);
      expect(await counted('orderlog_snapshot_checks_total', 'same')).toBeGreaterThan(0);
      expect(await counted('orderlog_snapshot_checks_total', 'different')).toBe(0);
      for (const outcome of ['corrupt', 'foreign', 'stale', 'future', 'oversized', 'failed']) {
        expect(await counted('orderlog_snapshot_reads_total', outcome)).toBe(0);
      }

      const before = await orderctl('snapshot', 'verify', '--data', data, '--json');
      expect(before).toMatchObject({ code: 0 });
      const rebuilt = await orderctl('snapshot', 'rebuild', '--min-events', '2', '--data', data, '--json');
      expect(rebuilt).toMatchObject({ code: 0 });
      const verified = await orderctl('snapshot', 'verify', '--data', data, '--json');
      const { orders, outcomes } = JSON.parse(verified.stdout) as {
        orders: number;
        outcomes: Record<string, number>;
      };
      expect(orders).toBeGreaterThan(INVOICES / 2);
      expect(outcomes).toEqual({ right: orders });
    },
    TIMEOUT_MS,
  );
});
