import { setTimeout } from 'node:timers/promises';
import { ownProcesses } from './own-processes.js';

/** One row of the report. What a row does not have is null. */
export interface Row {
  readonly name: string;
  /** Median of `ratios`: ours per second over the raw engine's, in the same run. */
  readonly ratio: number | null;
  readonly ratios: readonly number[] | null;
  /** What is asked of `ratio`, or of a latency or `perSecond` where there is no ratio. */
  readonly target: number | null;
  readonly perSecond: number | null;
  readonly rawPerSecond: number | null;
  /** CPU of the whole system and its clients, all processes, in one of our operations; null off Linux. */
  readonly cpuMicrosPerOp: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  /** Of a long run, what `ratio` compares the first and the last of, for each part of it. */
  readonly parts?: readonly number[];
}

/** Of a row that has none of them, or says below which it has. */
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

/** Waits until it is the turn of an operation, of so many a second; not at all when that is past. @returns its time */
export async function untilDue(startedMs: number, index: number, perSecond: number): Promise<number> {
  const dueMs = startedMs + (index / perSecond) * 1_000;
  const waitMs = dueMs - performance.now();
  if (waitMs > 0) await setTimeout(waitMs);
  return dueMs;
}

/** One long operation on so many things, told as so many operations; how long each took is not known. */
export async function runWhole(count: number, work: () => Promise<void>): Promise<Lane> {
  const { perSecond, cpuMicrosPerOp } = await runLane(1, 1, work);
  return {
    perSecond: perSecond * count,
    cpuMicrosPerOp: cpuMicrosPerOp === null ? null : cpuMicrosPerOp / count,
    latenciesMs: [],
  };
}

export const REPETITIONS = 5;

/** What a system does all day it does in compiled code, which V8 makes of what it has seen for some thousand requests. */
export const WARM_UPS = 4;

export interface Lanes<Each = (repetition: number) => Promise<Lane>> {
  readonly ours: Each;
  readonly raw: Each;
}

/** Runs after each lane: what one lane left to do in the background must not be paid by the other. */
type Settle = () => Promise<void>;

/**
 * Ours and the raw engine in turn, so that a machine that slows down slows both.
 *
 * @param warmUps so many repetitions come first, on both sides, and do not count
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

/** A row about how much a second ours does, against what the raw engine does. */
export async function interleave(
  row: { name: string; target: number },
  lanes: Lanes & { settle?: Settle },
  warmUps = 0,
): Promise<Row> {
  return compared(row, await inTurn(lanes, { warmUps }), (ours, raw) => ours.perSecond / raw.perSecond);
}

/** `ratioOf` two lanes of one repetition: more is better. */
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

/** Of slowest answers, which are to be short: theirs over ours. */
export function ratioOfP99(ours: Lane, raw: Lane): number {
  return percentile(raw.latenciesMs, 0.99) / percentile(ours.latenciesMs, 0.99);
}

/** As a row has them. */
export function latencies(latenciesMs: readonly number[]): Pick<Row, 'p50Ms' | 'p95Ms' | 'p99Ms'> {
  const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((share) => percentile(latenciesMs, share));
  return { p50Ms: p50Ms!, p95Ms: p95Ms!, p99Ms: p99Ms! };
}

/** The smallest value that at least `share` of the values do not exceed; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

const TICKS_PER_SECOND = 100; // what Linux reports in /proc, whatever its own timer is

/** CPU time so far of this process and all that it started, those that ended included; null off Linux. */
export function cpuMicros(): number | null {
  const own = ownProcesses();
  if (own === null) return null;
  const ticks = own.reduce((sum, { ticks: each }) => sum + each, 0);
  return (ticks / TICKS_PER_SECOND) * 1_000_000;
}
