import pg from 'pg';
import type { EventStore } from '#event-store/port.js';
import { activeGeneration } from '#read-models/generations/generation.js';
import { latencies, NO_FIGURES, percentile, type Row } from '../measure.js';
import { appendLives, lifeOrder, YEAR_BEGINS_MS, YEAR_ENDS_MS } from '../shop-year.js';
import { untilPositionVisible } from '../settle.js';
import { query, type System } from '../system.js';

const ORDERS = 100_000;
const PAGE = 50;
/** How often each question is asked, live and as of a moment. */
const ASKED = 240;
const WARM_UP = 12;
/** An as-of page may take three times as long as the live one. */
const TARGET_RATIO = 1 / 3;

/** As shares of the year in which the orders happened: long ago, in the middle, lately. */
const MOMENTS = [0.1, 0.5, 0.99];
const CLOCKS = ['asOf', 'recordedAsOf'];

/** Questions that narrow the list in different ways; `i` chooses among values. */
const questions: Readonly<Record<string, (i: number) => string>> = {
  all: () => '',
  'oldest first': () => '&sort=placedAt',
  completed: () => '&status=completed',
  cancelled: () => '&status=cancelled',
  'in work': () => '&status=confirmed',
  'not paid': () => '&paymentStatus=none',
  shipped: () => '&fulfilmentStatus=shipped',
  home: () => '&country=GB',
  abroad: (i) => `&country=${['DE', 'FR', 'IE'][i % 3]}`,
  'by total': () => '&sort=-total',
  'by update': () => '&sort=-updatedAt',
  'by number': () => '&sort=number',
  customer: (i) => `&customerId=${lifeOrder(i * 97).customerId}`,
  reference: (i) => `&reference=${lifeOrder(i * 97).reference}`,
  'one month': (i) => `&from=2025-0${1 + (i % 9)}-01T00:00:00Z&to=2025-0${1 + (i % 9)}-28T00:00:00Z`,
};

/**
 * Pages of fifty out of a hundred thousand orders, as of moments on both clocks, in turn with the same page live.
 * `ratio` is the live page's p95 over that of the page as of a moment.
 */
export async function asOf(system: System, store: EventStore): Promise<readonly Row[]> {
  await appendLives(store, ORDERS);
  await untilPositionVisible(system, store);
  await settleTables(system);
  const rows: Row[] = [];
  for (const [name, question] of Object.entries(questions)) rows.push(await compare(system, name, question));
  return rows;
}

async function compare(system: System, name: string, question: (i: number) => string): Promise<Row> {
  const liveMs: number[] = [];
  const pastMs: number[] = [];
  for (let choice = 0; choice < WARM_UP + ASKED; choice++) {
    liveMs.push(await timedPage(system, question(choice)));
    pastMs.push(await timedPage(system, question(choice) + momentOf(choice)));
  }
  const [live, past] = [liveMs.slice(WARM_UP), pastMs.slice(WARM_UP)];
  const [liveP95Ms, pastP95Ms] = [percentile(live, 0.95), percentile(past, 0.95)];
  return {
    ...NO_FIGURES,
    ...latencies(past),
    name: `as-of ${name}`,
    ratio: liveP95Ms / pastP95Ms,
    target: TARGET_RATIO,
  };
}

/** Every combination of a clock and a part of the year comes up equally often. */
function momentOf(choice: number): string {
  const clock = CLOCKS[choice % CLOCKS.length]!;
  const share = MOMENTS[Math.floor(choice / CLOCKS.length) % MOMENTS.length]!;
  const at = YEAR_BEGINS_MS + share * (YEAR_ENDS_MS - YEAR_BEGINS_MS) + choice * 60_000;
  return `&${clock}=${new Date(at).toISOString()}`;
}

async function timedPage(system: System, filters: string): Promise<number> {
  const fromMs = performance.now();
  await query(system, `/v1/orders?limit=${PAGE}${filters}`);
  return performance.now() - fromMs;
}

/** Brings the tables into the state that a long-running system has: vacuumed and analyzed. */
async function settleTables({ postgresUrl }: System): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    const { schema } = (await activeGeneration(client))!;
    await client.query(`VACUUM ANALYZE ${schema}.orders, ${schema}.order_history`);
  } finally {
    await client.end();
  }
}
