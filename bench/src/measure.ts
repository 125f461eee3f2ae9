import { setTimeout } from 'node:timers/promises';
import { ownProcesses } from './own-processes.js';

/** One row of the report. A figure that a row does not have is null. */
export interface Row {
  readonly name: string;
  /** Median of `ratios`: ours per second over the raw engine's, in the same run. */
  readonly ratio: number | null;
  readonly ratios: readonly number[] | null;
  /** Target for `ratio` or, where there is none, for a latency or for `perSecond`. */
  readonly target: number | null;
  readonly perSecond: number | null;
  readonly rawPerSecond: number | null;
  /** CPU time of one of our operations, over all processes of the system and its clients; null off Linux. */
  readonly cpuMicrosPerOp: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  /** For a long run, the value of each part; `ratio` compares the last with the first. */
  readonly parts?: readonly number[];
}

/** Base for rows that have no such figures, or set some of them afterwards. */
export const NO_FIGURES = {
  ...{ ratio: null, ratios: null, target: null, perSecond: null, rawPerSecond: null, cpuMicrosPerOp: null },
  ...{ p50Ms: null, p95Ms: null, p99Ms: null },
} satisfies Omit<Row, 'name'>;

export interface Lane {
  readonly perSecond: number;
  readonly cpuMicrosPerOp: number | null;
  readonly latenciesMs: readonly number[];
}

/** Runs `count` operations with at most `inFlight` of them open, each timed. */
export async function runLane(
  count: number,
  inFlight: number,
  operation: (index: number) => Promise<unknown>,
): Promise<Lane> {
  const latenciesMs = new Array<number>(count).fill(0);
  let next = 0;
  const cpuBefore = cpuMicros();
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: Math.min(inFlight, count) }, async () => {
      while (next < count) {
        const index = next++;
        const from = performance.now();
        await operation(index);
        latenciesMs[index] = performance.now() - from;
      }
    }),
  );
  const seconds = (performance.now() - startedMs) / 1_000;
  const cpuAfter = cpuMicros();
  return {
    perSecond: count / seconds,
    cpuMicrosPerOp: cpuBefore === null || cpuAfter === null ? null : (cpuAfter - cpuBefore) / count,
    latenciesMs,
  };
}

/**
 * Waits until operation `index` is due at `perSecond`; does not wait when that time has passed.
 * @returns the due time
 */
export async function untilDue(startedMs: number, index: number, perSecond: number): Promise<number> {
  const dueMs = startedMs + (index / perSecond) * 1_000;
  const waitMs = dueMs - performance.now();
  if (waitMs > 0) await setTimeout(waitMs);
  return dueMs;
}

/** One long operation on `count` things, reported as `count` operations. Their latencies are not known. */
export async function runWhole(count: number, work: () => Promise<void>): Promise<Lane> {
  const { perSecond, cpuMicrosPerOp } = await runLane(1, 1, work);
  return {
    perSecond: perSecond * count,
    cpuMicrosPerOp: cpuMicrosPerOp === null ? null : cpuMicrosPerOp / count,
    latenciesMs: [],
  };
}

export const REPETITIONS = 5;

/**
 * A system in use runs compiled code, which V8 makes after it has seen some thousand requests: so the first
 * repetitions do not count.
 */
export const WARM_UPS = 4;

export interface Lanes<Each = (repetition: number) => Promise<Lane>> {
  readonly ours: Each;
  readonly raw: Each;
}

/** Runs after each lane, so that background work of one lane does not slow down the other. */
type Settle = () => Promise<void>;

/**
 * Runs ours and the raw engine in turn, so that a machine that slows down slows both.
 *
 * @param warmUps how many repetitions come first, on both sides, without being counted
 */
export async function inTurn(
  { settle, ...lanes }: Lanes & { settle?: Settle },
  { repetitions = REPETITIONS, warmUps = 0 } = {},
): Promise<Lanes<Lane[]>> {
  const ours: Lane[] = [];
  const raw: Lane[] = [];
  for (let repetition = 0; repetition < warmUps + repetitions; repetition++) {
    ours.push(await lanes.ours(repetition));
    await settle?.();
    raw.push(await lanes.raw(repetition));
    await settle?.();
  }
  return { ours: ours.slice(warmUps), raw: raw.slice(warmUps) };
}

/** A row that compares the operations a second of ours and of the raw engine. */
export async function interleave(
  row: { name: string; target: number },
  lanes: Lanes & { settle?: Settle },
  warmUps = 0,
): Promise<Row> {
  return compared(row, await inTurn(lanes, { warmUps }), (ours, raw) => ours.perSecond / raw.perSecond);
}

/** Compares the lanes of each repetition. @param ratioOf ours against raw; higher is better */
export function compared(
  { name, target }: { name: string; target: number },
  { ours, raw }: Lanes<readonly Lane[]>,
  ratioOf: (ours: Lane, raw: Lane) => number,
): Row {
  const ratios = ours.map((lane, i) => ratioOf(lane, raw[i]!));
  const cpu = ours.map((lane) => lane.cpuMicrosPerOp).filter((micros) => micros !== null);
  const perSecond = (lanes: readonly Lane[]) =>
    percentile(
      lanes.map((lane) => lane.perSecond),
      0.5,
    );
  return {
    ...{ name, target, ratios, ratio: percentile(ratios, 0.5) },
    perSecond: perSecond(ours),
    rawPerSecond: perSecond(raw),
    cpuMicrosPerOp: cpu.length > 0 ? percentile(cpu, 0.5) : null,
    ...latencies(ours.flatMap((lane) => [...lane.latenciesMs])),
  };
}

/** Ratio of the slowest answers. They should be short, so it is the raw engine's p99 over ours. */
export function ratioOfP99(ours: Lane, raw: Lane): number {
  return percentile(raw.latenciesMs, 0.99) / percentile(ours.latenciesMs, 0.99);
}

/** The latency figures of a row. */
export function latencies(latenciesMs: readonly number[]): Pick<Row, 'p50Ms' | 'p95Ms' | 'p99Ms'> {
  const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((share) => percentile(latenciesMs, share));
  return { p50Ms: p50Ms!, p95Ms: p95Ms!, p99Ms: p99Ms! };
}

/** The smallest value that at least `share` of the values do not exceed; NaN for an empty list. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

const TICKS_PER_SECOND = 100; // the unit of /proc on Linux, whatever the kernel's own timer is

/** CPU time so far of this process and of all processes that it started, including ended ones; null off Linux. */
export function cpuMicros(): number | null {
  const own = ownProcesses();
  if (own === null) return null;
  const ticks = own.reduce((sum, { ticks: each }) => sum + each, 0);
  return (ticks / TICKS_PER_SECOND) * 1_000_000;
}
