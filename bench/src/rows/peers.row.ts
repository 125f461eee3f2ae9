import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '#platform/embedded-postgres.js';
import { cpuMicros, percentile, REPETITIONS, runLane, type Lane, type Row } from '../measure.js';
import type { Contestant } from '../peers/contestant.js';
import { startOrderlog } from '../peers/orderlog.js';
import { installPeers, startPeer } from '../peers/peer.js';
import { IN_FLIGHT } from '../system.js';
import { makeOrder } from '../workload.js';

const ORDERS = 300;
const READS = 600;
const WARM_UP_ORDERS = 150;
/** Ours over a peer's: orderlog must not be slower. */
const TARGET_RATIO = 1;

const WORK = ['place', 'proceed', 'read'] as const;
type Work = (typeof WORK)[number];

/**
 * What one contestant did in one repetition of each kind of work. `settledPerSecond` includes the time until all
 * was readable.
 */
type Round = Readonly<Record<Work, Lane & { readonly settledPerSecond: number }>>;

/**
 * Places orders of up to forty lines; confirms, pays and ships them; and reads them one by one, with 64 in flight.
 * It does so on orderlog, on a CRUD service of Nest, Express and TypeORM, and on emmett with its PostgreSQL event
 * store. All keep their data in one PostgreSQL, which writes every commit to disk before it answers (`fsync` and
 * `synchronous_commit` are on). A peer's row has the peer's own CPU and latencies, and its rate in `raw/s`; the
 * CPU and latencies of orderlog are in orderlog's rows.
 */
export async function peers(): Promise<readonly Row[]> {
  installPeers();
  const dataDir = await mkdtemp(join(tmpdir(), 'orderlog-bench-'));
  const postgres = await startEmbeddedPostgres({ dataDir });
  const contestants: Contestant[] = [];
  try {
    await refuseWithoutDurability(postgres.url);
    contestants.push(await startOrderlog(await freshDatabase(postgres.url, 'orderlog')));
    contestants.push(await startPeer('crud', postgres.url), await startPeer('emmett', postgres.url));
    for (const contestant of contestants) await round(contestant, WARM_UP_ORDERS);
    const rounds = contestants.map((): Round[] => []);
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      for (const [index, contestant] of contestants.entries()) {
        rounds[index]!.push(await round(contestant, ORDERS));
      }
    }
    return contestants.flatMap(({ name }, index) => rowsOf(name, rounds[index]!, rounds[0]!));
  } finally {
    for (const contestant of contestants) await contestant.stop();
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function round(contestant: Contestant, count: number): Promise<Round> {
  const orders = Array.from({ length: count }, (_, index) => makeOrder(index));
  const ids = new Array<string>(count);
  const place = async (i: number) => {
    ids[i] = await contestant.place(orders[i]!);
  };
  const steps = contestant.proceed.map((step) => (i: number) => step(ids[i]!, orders[i]!));
  return {
    place: await settled(contestant, count, [place]),
    proceed: await settled(contestant, count, steps),
    read: await settled(contestant, READS, [(i) => contestant.read(ids[i % count]!)]),
  };
}

/** Runs each operation `count` times, one kind after another. The CPU time of work after the answers counts too. */
async function settled(
  contestant: Contestant,
  count: number,
  operations: readonly ((index: number) => Promise<void>)[],
): Promise<Lane & { settledPerSecond: number }> {
  const done = count * operations.length;
  const cpuBefore = cpuMicros();
  const startedMs = performance.now();
  const lanes: Lane[] = [];
  for (const operation of operations) lanes.push(await runLane(count, IN_FLIGHT, operation));
  const answeredMs = performance.now();
  await contestant.settle();
  const cpuAfter = cpuMicros();
  return {
    perSecond: done / ((answeredMs - startedMs) / 1_000),
    settledPerSecond: done / ((performance.now() - startedMs) / 1_000),
    cpuMicrosPerOp: cpuBefore === null || cpuAfter === null ? null : (cpuAfter - cpuBefore) / done,
    latenciesMs: lanes.flatMap(({ latenciesMs }) => [...latenciesMs]),
  };
}

function rowsOf(name: string, rounds: readonly Round[], ours: readonly Round[]): Row[] {
  return WORK.flatMap((work) => {
    const row = rowOf(`${work} ${name}`, rounds, ours, work, 'perSecond');
    return rounds === ours && work !== 'read'
      ? [row, rowOf(`${work} until readable`, rounds, ours, work, 'settledPerSecond')]
      : [row];
  });
}

function rowOf(
  name: string,
  rounds: readonly Round[],
  ours: readonly Round[],
  work: Work,
  figure: 'perSecond' | 'settledPerSecond',
): Row {
  const median = (of: readonly Round[]) =>
    percentile(
      of.map((one) => one[work][figure]),
      0.5,
    );
  const ratios = ours.map((one, index) => one[work][figure] / rounds[index]![work][figure]);
  const cpu = rounds.map((one) => one[work].cpuMicrosPerOp).filter((micros) => micros !== null);
  const latenciesMs = rounds.flatMap((one) => [...one[work].latenciesMs]);
  const isOurs = rounds === ours;
  return {
    name,
    ratio: isOurs ? null : percentile(ratios, 0.5),
    ratios: isOurs ? null : ratios,
    target: isOurs ? null : TARGET_RATIO,
    perSecond: median(ours),
    rawPerSecond: isOurs ? null : median(rounds),
    cpuMicrosPerOp: cpu.length > 0 ? percentile(cpu, 0.5) : null,
    p50Ms: percentile(latenciesMs, 0.5),
    p95Ms: percentile(latenciesMs, 0.95),
    p99Ms: percentile(latenciesMs, 0.99),
  };
}

async function freshDatabase(url: string, name: string): Promise<string> {
  const server = new pg.Client({ connectionString: url });
  await server.connect();
  await server.query(`CREATE DATABASE ${name}`);
  await server.end();
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}

async function refuseWithoutDurability(url: string): Promise<void> {
  const server = new pg.Client({ connectionString: url });
  await server.connect();
  for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    const { rows } = await server.query<Record<string, string>>(`SHOW ${setting}`);
    if (rows[0]?.[setting] !== 'on') throw new Error(`${setting} is not on: nothing would be durable`);
  }
  await server.end();
}
