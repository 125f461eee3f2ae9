import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import type { ColumnValues } from '../../chaos/checker/facts.js';
import { checkMoney } from '../../chaos/checker/money.check.js';
import { storiesOf, type Story } from '../../chaos/checker/story.js';
import { loadEvents } from '../../chaos/loaders/load-log.js';
import { activeGeneration, rowsOf } from '../../chaos/loaders/load-rows.js';
import type { LedgerEntry } from '../../chaos/provider/ledger.js';
import { failureOf, orderctl, startUp, type Up } from '../../support/orderctl.js';
import { shopFile } from '../../support/shop-file.js';
import { ledgerOfShop } from '../../support/shop-money.js';

/** `npm run test:engines -- --full --file FILE test/e2e/orderctl/imported-money` takes the whole of a real shop's file. */
const FULL = process.env['ORDERLOG_TEST_RETAIL_FULL'] === '1';
const INVOICES = FULL ? null : 400;
const LIMIT_MS = FULL ? 1_800_000 : 120_000;
const SHOWN = 20;

describe('the money of an imported shop', () => {
  let folder: string;
  let data: string;
  let up: Up;
  let file: string;
  let orders: readonly ColumnValues[];
  let stories: ReadonlyMap<string, Story>;
  let ledger: readonly LedgerEntry[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orderlog-money-'));
    // Beside the other folder, not in it: under root, PostgreSQL's user may not pass through that one.
    data = await mkdtemp(join(tmpdir(), 'orderlog-money-data-'));
    up = await startUp(data, '--no-demo');
    const { path, origin } = await shopFile(folder, INVOICES);
    file = path;
    const rejects = ['--rejects', join(folder, 'rejects.csv')];
    const imported = await orderctl('import', '--data', data, path, ...rejects, '--json');
    expect(failureOf(imported)).toBeNull();
    process.stdout.write(`${origin}: ${imported.stdout}`);
    const places = JSON.parse(await readFile(join(data, 'system.json'), 'utf8')) as Record<string, string>;
    orders = await orderRows(places['postgresUrl']!);
    stories = await storiesIn(places['eventStoreUrl']!);
    const idOf = new Map(orders.map((row) => [String(row['reference']), String(row['order_id'])]));
    ledger = await ledgerOfShop(file, (invoice) => idOf.get(invoice) ?? `nothing was made of ${invoice}`);
  }, LIMIT_MS);

  afterAll(async () => {
    await up?.end('SIGTERM');
    for (const path of [folder, data]) await rm(path, { recursive: true, force: true });
  }, LIMIT_MS);

  it('is, per reference, in file, streams and rows alike (I10)', () => {
    const violations: string[] = [];
    const rows = { orders, history: [], search: null, words: null };
    const facts = { rows, parked: [], skips: [], provider: { tenants: ['default'], ledger } };
    checkMoney(facts, stories, (about, what) => violations.push(`${about}: ${what}`));
    expect(violations.slice(0, SHOWN)).toEqual([]);
    expect(orders.length).toBe(stories.size);
    expect(ledger.filter(({ kind }) => kind === 'captured').length).toBe(orders.length);
    expect(ledger.filter(({ kind }) => kind === 'refunded').length).toBeGreaterThan(0);
  });

  it('comes to the same sums per currency in file, rows and answers, and leaves nothing due', async () => {
    const inFile = { capturedMinor: sumOf(ledger, 'captured'), refundedMinor: sumOf(ledger, 'refunded') };
    const totalMinor = inFile.capturedMinor - inFile.refundedMinor;
    const expected = {
      ...{ currency: 'GBP', orders: orders.length, ...inFile },
      ...{ orderedTotalMinor: inFile.capturedMinor, totalMinor, balanceDueMinor: 0 },
    };
    expect(sumsOf(orders)).toEqual([expected]);
    const token = await orderctl('token', '--data', data, '--scope', 'orders:read');
    const answer = await fetch(`http://127.0.0.1:${up.ports.query}/v1/orders/totals?by=status`, {
      headers: { authorization: `Bearer ${token.stdout.trim()}` },
    });
    const { items } = (await answer.json()) as { items: readonly Record<string, unknown>[] };
    expect(items).toMatchObject([expected]);
    process.stdout.write(`${JSON.stringify(expected)}\n`);
  });
});

async function orderRows(postgresUrl: string): Promise<readonly ColumnValues[]> {
  const db = new pg.Client({ connectionString: postgresUrl });
  await db.connect();
  try {
    const generation = await activeGeneration(db);
    return await rowsOf(db, `SELECT * FROM ${generation!.schema}.orders`);
  } finally {
    await db.end();
  }
}

async function storiesIn(connectionString: string): Promise<ReadonlyMap<string, Story>> {
  const store = new DbClientEventStore({ connectionString });
  try {
    return await storiesOf({ log: await loadEvents(store), skips: [] });
  } finally {
    await store.close();
  }
}

function sumOf(entries: readonly LedgerEntry[], kind: LedgerEntry['kind']): number {
  return entries.reduce((sum, entry) => sum + (entry.kind === kind ? entry.amountMinor : 0), 0);
}

const SUMMED = ['captured', 'refunded', 'ordered_total', 'total', 'balance_due'] as const;

/** Of the rows, for each currency. */
function sumsOf(rows: readonly ColumnValues[]): Record<string, unknown>[] {
  const currencies = [...new Set(rows.map((row) => String(row['currency'])))];
  return currencies.map((currency) => {
    const own = rows.filter((row) => row['currency'] === currency);
    const sums = SUMMED.map((column) => [
      `${column.replace(/_[a-z]/g, ([, letter]) => letter!.toUpperCase())}Minor`,
      own.reduce((sum, row) => sum + Number(row[`${column}_minor`]), 0),
    ]);
    return { currency, orders: own.length, ...(Object.fromEntries(sums) as object) };
  });
}
