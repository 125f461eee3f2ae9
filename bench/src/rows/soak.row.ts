import { latencies, NO_FIGURES, percentile, runLane, untilDue, type Row } from '../measure.js';
import { processMemory } from '../process-memory.js';
import { ShopDay, type Kind } from '../shop-day.js';
import { IN_FLIGHT, startSystem, type System } from '../system.js';

const DEFAULT_MINUTES = 60;
/** At full load, before anything counts: caches fill, and the figure for half of it is found. */
const WARM_UP_OPERATIONS = 20_000;
/**
 * Of the whole, at half load, before anything counts: what the full load left behind is given back, and in the ten minutes
 * before an hour caches fill to their bounds.
 */
const SETTLE_SHARE = 1 / 6;
const SAMPLE_MS = 2_000;
/** What is compared: the first and the last of so many parts. */
const PARTS = 10;
const TARGET_GROWTH = 1.1;
const MEGABYTE = 1_048_576;

interface Sample {
  readonly atMs: number;
  readonly bytes: ReadonlyMap<string, number>;
}

interface Timed {
  readonly atMs: number;
  readonly kind: Kind;
  readonly ms: number;
}

/**
 * A shop's day at half of what the system can do, for so many minutes: whether memory grows and answers slow down.
 * `ratio` is the last tenth over the first: of the median memory of each process (in megabytes, in place of the
 * figures a second) and of the 99th percentile of commands and of reads. What becomes less is no drift.
 */
export async function soak({ minutes }: { minutes: number | null }): Promise<readonly Row[]> {
  const system = await startSystem();
  try {
    const day = new ShopDay(system);
    const full = await runLane(WARM_UP_OPERATIONS, IN_FLIGHT, () => day.operation());
    const perSecond = full.perSecond / 2;
    const lengthMs = (minutes ?? DEFAULT_MINUTES) * 60_000;
    await atPace(day, perSecond, (SETTLE_SHARE * lengthMs) / 1_000);
    const samples: Sample[] = [];
    const sampler = sampling(system, samples);
    const { timed, cpuMicrosPerOp } = await atPace(day, perSecond, lengthMs / 1_000);
    clearInterval(sampler);
    return [
      ...(['command', 'read'] as const).map((kind) => latencyOf(kind, timed, lengthMs, cpuMicrosPerOp)),
      ...memory(samples),
    ];
  } finally {
    await system.stop();
  }
}

/** Each operation at its time, with at most so many open; one that is late is measured from when it begins. */
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
  const ratio = parts.at(-1)! / parts[0]!;
  return {
    ...NO_FIGURES,
    name: `soak ${kind}s, p99`,
    ratio,
    ratios: [ratio],
    parts,
    target: TARGET_GROWTH,
    perSecond: own.length / (lengthMs / 1_000),
    cpuMicrosPerOp,
    ...latencies(own.map(({ ms }) => ms)),
  };
}

function memory(samples: readonly Sample[]): Row[] {
  const length = Math.max(1, Math.floor(samples.length / PARTS));
  const names = [...new Set(samples.flatMap(({ bytes }) => [...bytes.keys()]))].sort();
  const median = (of: readonly Sample[], name: string) =>
    percentile(
      of.map(({ bytes }) => (bytes.get(name) ?? Number.NaN) / MEGABYTE),
      0.5,
    );
  return names.map((name) => {
    const parts = Array.from({ length: PARTS }, (_, part) =>
      median(samples.slice(part * length, (part + 1) * length), name),
    );
    const [start, end] = [parts[0]!, parts.at(-1)!];
    return {
      ...NO_FIGURES,
      name: `soak ${name}, MB`,
      ratio: end / start,
      ratios: [end / start],
      parts,
      target: TARGET_GROWTH,
      perSecond: end,
      rawPerSecond: start,
    };
  });
}

/** Also what Node's heap holds, where an app tells it. */
function sampling(system: System, samples: Sample[]): NodeJS.Timeout {
  const startedMs = performance.now();
  return setInterval(() => {
    const bytes = new Map(processMemory());
    const sample = { atMs: performance.now() - startedMs, bytes };
    samples.push(sample);
    for (const [name, pool] of [
      ['command-api heap', system.commands],
      ['query-api heap', system.queries],
    ] as const) {
      pool
        .request({ path: '/metrics', method: 'GET' })
        .then(({ body }) => body.text())
        .then((text) => {
          const used = /^nodejs_heap_size_used_bytes (\S+)$/m.exec(text)?.[1];
          if (used !== undefined) bytes.set(name, Number(used));
        })
        .catch((error: unknown) => console.error(`${name}: ${String(error)}`));
    }
  }, SAMPLE_MS);
}
