import type { Random } from '../random.js';

/** Faults of a connection, a process, an engine, a clock or what is stored, and actions of a person during the run. */
export type FaultKind =
  | 'slow'
  | 'cut'
  | 'hold'
  | 'swallow'
  | 'half-close-client'
  | 'half-close-server'
  | 'refuse'
  | 'repeat'
  | 'kill'
  | 'pause'
  | 'stop'
  | 'postgres-crash'
  | 'postgres-restart'
  | 'elasticsearch-kill'
  | 'kafka-kill'
  | 'clock'
  | 'replay'
  | 'replay-index'
  | 'rollback'
  | 'unreadable'
  | 'damage'
  | 'skip';

export interface Fault {
  readonly atMs: number;
  readonly kind: FaultKind;
  /** Name of a link, a process or an engine. */
  readonly target: string;
  readonly durationMs: number;
  /**
   * Milliseconds of delay or of a clock's jump, the percentage of repeated requests, or which parked order; 0 for
   * faults without an amount.
   */
  readonly amount: number;
}

export interface Targets {
  readonly links: readonly string[];
  /** Links that carry HTTP/1. */
  readonly repeatable: readonly string[];
  readonly processes: readonly string[];
  readonly elasticsearch: boolean;
  readonly kafka: boolean;
}

interface Recipe {
  /** How often it occurs, relative to the others. */
  readonly weight: number;
  readonly targets: (targets: Targets) => readonly string[];
  readonly durationMs: readonly [number, number];
  readonly amount?: (random: Random) => number;
}

const links = ({ links: all }: Targets) => all;
const processes = ({ processes: all }: Targets) => all;
const MINUTES_MS = 60_000;
const MOST_PARKED = 60;

const recipes: Readonly<Record<FaultKind, Recipe>> = {
  slow: { weight: 6, targets: links, durationMs: [500, 4_000], amount: (random) => random.between(20, 400) },
  cut: { weight: 10, targets: links, durationMs: [0, 0] },
  hold: { weight: 6, targets: links, durationMs: [300, 7_000] },
  swallow: { weight: 3, targets: links, durationMs: [0, 0] },
  'half-close-client': { weight: 4, targets: links, durationMs: [0, 0] },
  'half-close-server': { weight: 4, targets: links, durationMs: [0, 0] },
  refuse: { weight: 4, targets: links, durationMs: [200, 3_000] },
  repeat: {
    weight: 6,
    targets: ({ repeatable }) => repeatable,
    durationMs: [1_000, 6_000],
    amount: (random) => random.between(20, 80),
  },
  kill: { weight: 10, targets: processes, durationMs: [0, 1_500] },
  pause: { weight: 8, targets: processes, durationMs: [300, 9_000] },
  stop: { weight: 2, targets: processes, durationMs: [0, 500] },
  'postgres-crash': { weight: 2, targets: () => ['postgres'], durationMs: [0, 1_500] },
  'postgres-restart': { weight: 1, targets: () => ['postgres'], durationMs: [0, 1_500] },
  'elasticsearch-kill': {
    weight: 1,
    targets: ({ elasticsearch }) => (elasticsearch ? ['elasticsearch'] : []),
    durationMs: [0, 1_000],
  },
  'kafka-kill': { weight: 1, targets: ({ kafka }) => (kafka ? ['kafka'] : []), durationMs: [0, 1_000] },
  clock: {
    weight: 5,
    targets: processes,
    durationMs: [0, 0],
    amount: (random) => random.between(-10 * MINUTES_MS, 10 * MINUTES_MS),
  },
  // The replay is sometimes killed before it is done, and resumed at the end.
  replay: { weight: 3, targets: () => ['operator'], durationMs: [5_000, 45_000] },
  'replay-index': {
    weight: 3,
    targets: ({ elasticsearch }) => (elasticsearch ? ['operator'] : []),
    durationMs: [3_000, 30_000],
  },
  rollback: { weight: 2, targets: () => ['operator'], durationMs: [0, 0] },
  unreadable: { weight: 5, targets: () => ['later release'], durationMs: [0, 0] },
  damage: { weight: 6, targets: () => ['snapshots'], durationMs: [1_000, 8_000] },
  skip: {
    weight: 3,
    targets: () => ['quarantine'],
    durationMs: [0, 0],
    amount: (random) => random.below(MOST_PARKED),
  },
};

/** On average. */
const BETWEEN_FAULTS_MS = 1_500;

/**
 * All faults of a round, from its seed alone. The plan is the same on every machine; what the faults hit is not.
 */
export function planFaults(random: Random, targets: Targets, forMs: number): readonly Fault[] {
  const kinds = Object.entries(recipes) as [FaultKind, Recipe][];
  const weighted = kinds
    .filter(([, recipe]) => recipe.targets(targets).length > 0)
    .flatMap(([kind, { weight }]) => Array.from({ length: weight }, () => kind));
  const plan: Fault[] = [];
  for (
    let atMs = random.below(BETWEEN_FAULTS_MS);
    atMs < forMs;
    atMs += random.below(2 * BETWEEN_FAULTS_MS)
  ) {
    const kind = random.one(weighted)!;
    const { targets: of, durationMs, amount } = recipes[kind];
    const target = random.one(of(targets))!;
    plan.push({
      atMs,
      kind,
      target,
      durationMs: random.between(...durationMs),
      amount: amount?.(random) ?? 0,
    });
  }
  return plan;
}
