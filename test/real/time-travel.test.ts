import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Instant } from '#domain/instant.js';
import { clocks, type AsOf } from '#read-models/readers/as-of.js';
import { filterOf, type OrderFilter } from '#read-models/readers/order-filter.js';
import { facetNames, type FacetValue } from '#read-models/search/order-search.js';
import { listSorts } from '#read-models/readers/order-sort.js';
import { totalsGroups } from '#read-models/readers/order-totals.reader.js';
import { foldedDiff, foldedFacet, foldedList, foldedTotals } from '#test/support/folded-lists.js';
import {
  readFoldedOrders,
  timeOf,
  type FoldedMoment,
  type FoldedOrders,
} from '#test/support/folded-orders.js';
import { failureOf, orderctl, startUp, type Up } from '#test/support/orderctl.js';
import { shopFile } from '#test/support/shop-file.js';

const FULL = process.env['ORDERLOG_TEST_RETAIL_FULL'] === '1';
const INVOICES = FULL ? null : 1_000;
const LIMIT_MS = FULL ? 1_800_000 : 300_000;
const SAMPLES = 60;

const audience = { tenantId: 'default', customerId: null };
const inAnyOrder = (items: readonly unknown[]) => items.map((item) => JSON.stringify(item)).sort();

/** Every list of a shop's imported orders, over HTTP, against a fold of its streams at moments sampled from them. */
describe("a shop's orders as of moments", () => {
  let folder: string;
  let data: string;
  let up: Up;
  let token: string;
  let folded: FoldedOrders;
  let samples: { asOf: AsOf; later: Instant; filter: OrderFilter; index: number }[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orderlog-real-'));
    data = await mkdtemp(join(tmpdir(), 'orderlog-real-data-'));
    up = await startUp(data, '--no-demo');
    const { path, origin } = await shopFile(folder, INVOICES);
    const rejects = join(folder, 'rejects.csv');
    const imported = await orderctl('import', path, '--rejects', rejects, '--json', '--data', data);
    expect(failureOf(imported)).toBeNull();
    process.stdout.write(`${origin}: ${imported.stdout}`);
    token = (await orderctl('token', '--data', data, '--scope', 'orders:read')).stdout.trim();
    const { eventStoreUrl } = JSON.parse(await readFile(join(data, 'system.json'), 'utf8')) as {
      eventStoreUrl: string;
    };
    folded = await readFoldedOrders(eventStoreUrl);
    samples = samplesOf(folded.moments);
  }, LIMIT_MS);

  afterAll(async () => {
    await up?.end('SIGTERM');
    for (const path of [folder, data]) await rm(path, { recursive: true, force: true });
  }, LIMIT_MS);

  async function ask<T>(path: string, query: Query, body?: object): Promise<T> {
    const given = Object.entries(query).filter(([, value]) => value !== null);
    const search = new URLSearchParams(
      Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
    ).toString();
    const response = await fetch(`http://127.0.0.1:${up.ports.query}${path}?${search}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    expect({ path, status: response.status, text: response.ok ? '' : text }).toEqual({
      path,
      status: 200,
      text: '',
    });
    return JSON.parse(text) as T;
  }

  async function pages(path: string, query: Query): Promise<unknown[]> {
    const items: unknown[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: unknown[]; nextCursor: string | null } = await ask(path, {
        ...query,
        limit: 100,
        cursor,
      });
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return items;
  }

  it(
    'lists them as the fold has them',
    async () => {
      for (const { asOf, filter, index } of samples) {
        const sort = listSorts[index % listSorts.length]!;
        const listed = await pages('/v1/orders', { ...filter, ...momentOf(asOf), sort });
        expect(listed).toEqual(foldedList(folded, { audience, filter, asOf, sort }));
      }
    },
    LIMIT_MS,
  );

  it(
    'counts and sums them as the fold does',
    async () => {
      for (const { asOf, filter, index } of samples) {
        const found = await ask<Found>('/v1/orders/search', {}, { filters: filter, ...momentOf(asOf) });
        for (const name of facetNames) {
          const counted = foldedFacet(folded, { audience, filter, asOf }, name);
          expect(inAnyOrder(found.facets[name]!)).toEqual(inAnyOrder(counted));
        }
        const by = totalsGroups[index % totalsGroups.length]!;
        const { items } = await ask<{ items: unknown[] }>('/v1/orders/totals', {
          ...filter,
          ...momentOf(asOf),
          by,
        });
        const summed = foldedTotals(folded, { audience, filter, asOf, by, timeZone: 'UTC' });
        expect(inAnyOrder(items)).toEqual(inAnyOrder(summed));
      }
    },
    LIMIT_MS,
  );

  it(
    'tells what changed between two moments as the fold does',
    async () => {
      let changed = 0;
      for (const {
        asOf: { clock, at: from },
        later: to,
        filter,
      } of samples) {
        const names = clock === 'occurred' ? ['fromAsOf', 'toAsOf'] : ['fromRecordedAsOf', 'toRecordedAsOf'];
        const differences = await pages('/v1/orders/diff', { ...filter, [names[0]!]: from, [names[1]!]: to });
        const wanted = foldedDiff(folded, { audience, filter, clock, from, to, cursor: null, limit: 100 });
        expect(differences).toEqual(wanted);
        changed += wanted.length;
      }
      expect(changed).toBeGreaterThan(SAMPLES);
    },
    LIMIT_MS,
  );
});

type Query = Readonly<Record<string, unknown>>;
type Found = { readonly facets: Readonly<Record<string, readonly FacetValue[]>> };

function momentOf({ clock, at }: AsOf): Query {
  return { [clock === 'occurred' ? 'asOf' : 'recordedAsOf']: at };
}

/** Moments at which something happened, evenly over all of them, and filters that some order then meets. */
function samplesOf(moments: readonly FoldedMoment[]) {
  return Array.from({ length: SAMPLES }, (_, index) => {
    const clock = clocks[index % clocks.length]!;
    const ordered = [...moments].sort((a, b) => (timeOf(a, clock) < timeOf(b, clock) ? -1 : 1));
    const near = Math.floor(((index + 0.5) / SAMPLES) * ordered.length);
    const { item } = ordered[near]!;
    const later = ordered[Math.min(ordered.length - 1, near + 40 * (index % 5))]!;
    const filters: Partial<OrderFilter>[] = [
      {},
      { status: [item.status] },
      { customerId: item.customerId },
      { country: item.country === null ? null : [item.country], returnStatus: [item.returnStatus] },
      { currency: item.currency, minTotalMinor: item.totalMinor },
      { number: item.number },
      { paymentStatus: [item.paymentStatus], from: item.placedAt },
    ];
    const at = timeOf(ordered[near]!, clock) as Instant;
    return {
      asOf: { clock, at },
      later: timeOf(later, clock) as Instant,
      filter: filterOf(filters[index % filters.length]!),
      index,
    };
  });
}
