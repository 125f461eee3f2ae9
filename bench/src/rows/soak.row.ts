import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { fullLoadPerSecond } from '../half-load.js';
import { latencies, NO_FIGURES, percentile, runLane, untilDue, type Row } from '../measure.js';
import { processMemory } from '../process-memory.js';
import { untilPositionVisible } from '../settle.js';
import { ShopDay, type Kind } from '../shop-day.js';
import { IN_FLIGHT, startSystem, type System } from '../system.js';
import { makeOrder } from '../workload.js';

const DEFAULT_MINUTES = 60;
/** At full load, before the measurement: caches fill, and the full rate is found, of which half is used. */
const WARM_UP_OPERATIONS = 20_000;
/**
 * A quarter of the whole time, at half load, before the measurement. It frees what the full load left behind; in
 * the quarter of an hour before a run of an hour, caches fill to their bounds.
 */
const SETTLE_SHARE = 1 / 4;
/** Number of parts; the first and the last are compared. */
const PARTS = 10;
/** Few, because sampling slows down the processes that it looks at. */
const SAMPLES_IN_A_PART = 20;
const TARGET_GROWTH = 1.1;
const MEGABYTE = 1_048_576;

/** A fixed piece of work that shows how fast the machine is: some milliseconds of what the system does all day. */
const KNOWN_WORK = JSON.stringify(Array.from({ length: 200 }, (_, index) => makeOrder(index)));

interface Sample {
  readonly bytes: ReadonlyMap<string, number>;
  readonly knownWorkMicros: number;
}

interface Timed {
  readonly atMs: number;
  readonly kind: Kind;
  readonly ms: number;
}

/**
 * A shop's day at half of the full load, for so many minutes: whether memory grows and answers slow down. `ratio`
 * is the last tenth over the first: of each process's median memory (in megabytes, in place of the figures a
 * second), and of the 99th percentile of commands and of reads. A decrease is no drift. Neither is the influence
 * of other users of a shared machine: a row of its own shows the CPU time of a fixed piece of work, and a tenth in
 * which that differs says nothing about the system.
 */
export async function soak({ minutes }: { minutes: number | null }): Promise<readonly Row[]> {
  const system = await startSystem();
  try {
    const day = new ShopDay(system);
    const perSecond = (await atFullLoad(system, day)) / 2;
    const lengthMs = (minutes ?? DEFAULT_MINUTES) * 60_000;
    await atPace(day, perSecond, (SETTLE_SHARE * lengthMs) / 1_000);
    const samples: Sample[] = [];
    const sampler = sampling(system, samples, lengthMs / PARTS / SAMPLES_IN_A_PART);
    const { timed, cpuMicrosPerOp } = await atPace(day, perSecond, lengthMs / 1_000);
    clearInterval(sampler);
    return [
      ...(['command', 'read'] as const).map((kind) => latencyOf(kind, timed, lengthMs, cpuMicrosPerOp)),
      ...memory(samples),
      machine(samples),
    ];
  } finally {
    await system.stop();
  }
}

async function atFullLoad(system: System, day: ShopDay): Promise<number> {
  const store = new DbClientEventStore({ connectionString: system.eventStoreUrl });
  try {
    const settle = () => untilPositionVisible(system, store);
    return await fullLoadPerSecond(WARM_UP_OPERATIONS, () => day.operation(), settle);
  } finally {
    await store.close();
  }
}

/**
 * Starts each operation at its time, with at most `IN_FLIGHT` open. An operation that starts late is measured from
 * its start.
 */
async function atPace(day: ShopDay, perSecond: number, seconds: number) {
  const timed: Timed[] = [];
  const startedMs = performance.now();
  const { cpuMicrosPerOp } = await runLane(Math.floor(perSecond * seconds), IN_FLIGHT, async (index) => {
    await untilDue(startedMs, index, perSecond);
    const fromMs = performance.now();
    const kind = await day.operation();
    timed.push({ atMs: fromMs - startedMs, kind, ms: performance.now() - fromMs });
  });
  return { timed, cpuMicrosPerOp };
}

function latencyOf(
  kind: Kind,
  timed: readonly Timed[],
  lengthMs: number,
  cpuMicrosPerOp: number | null,
): Row {
  const own = timed.filter((one) => one.kind === kind);
  const inPart = (part: number) =>
    own.filter(({ atMs }) => Math.min(PARTS - 1, Math.floor((atMs / lengthMs) * PARTS)) === part);
  const parts = Array.from({ length: PARTS }, (_, part) =>
    percentile(
      inPart(part).map(({ ms }) => ms),
      0.99,
    ),
  );
  return {
    ...grown(`soak ${kind}s, p99`, parts),
    target: TARGET_GROWTH,
    perSecond: own.length / (lengthMs / 1_000),
    cpuMicrosPerOp,
    ...latencies(own.map(({ ms }) => ms)),
  };
}

function memory(samples: readonly Sample[]): Row[] {
  const names = [...new Set(samples.flatMap(({ bytes }) => [...bytes.keys()]))].sort();
  return names.map((name) => {
    const parts = medians(samples, ({ bytes }) => (bytes.get(name) ?? Number.NaN) / MEGABYTE);
    const [start, end] = [parts[0]!, parts.at(-1)!];
    return {
      ...grown(`soak ${name}, MB`, parts),
      target: TARGET_GROWTH,
      perSecond: end,
      rawPerSecond: start,
    };
  });
}

function machine(samples: readonly Sample[]): Row {
  return grown(
    'soak machine, µs',
    medians(samples, ({ knownWorkMicros }) => knownWorkMicros),
  );
}

/** The median of each part. */
function medians(samples: readonly Sample[], valueOf: (sample: Sample) => number): number[] {
  const length = Math.max(1, Math.floor(samples.length / PARTS));
  return Array.from({ length: PARTS }, (_, part) =>
    percentile(samples.slice(part * length, (part + 1) * length).map(valueOf), 0.5),
  );
}

function grown(name: string, parts: readonly number[]): Row {
  const ratio = parts.at(-1)! / parts[0]!;
  return { ...NO_FIGURES, name, ratio, ratios: [ratio], parts };
}

function sampling(system: System, samples: Sample[], everyMs: number): NodeJS.Timeout {
  return setInterval(() => {
    memoryOf(system)
      .then((bytes) => samples.push({ bytes, knownWorkMicros: knownWorkMicros() }))
      .catch((error: unknown) => console.error(`memory: ${String(error)}`));
  }, everyMs);
}

/** Adds the used heap of Node, where an app reports it. */
async function memoryOf(system: System): Promise<ReadonlyMap<string, number>> {
  const bytes = new Map(await processMemory());
  for (const [name, pool] of [
    ['command-api heap', system.commands],
    ['query-api heap', system.queries],
  ] as const) {
    const { body } = await pool.request({ path: '/metrics', method: 'GET' });
    const used = /^nodejs_heap_size_used_bytes (\S+)$/m.exec(await body.text())?.[1];
    if (used !== undefined) bytes.set(name, Number(used));
  }
  return bytes;
}

/** CPU time, not elapsed time: waiting for a core shows how busy the system is, not how fast the machine is. */
function knownWorkMicros(): number {
  const before = process.cpuUsage();
  JSON.stringify(JSON.parse(KNOWN_WORK));
  return process.cpuUsage(before).user;
}
