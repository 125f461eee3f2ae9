import { setTimeout } from 'node:timers/promises';
import type { AppProcess } from '../system/app-process.js';
import type { ChaosSystem } from '../system/chaos-system.js';
import type { Link } from '../system/links.js';
import type { Random } from '../random.js';
import type { LaterRelease } from '../workload/later-release.js';
import type { DamagedSnapshots } from './damaged-snapshots.js';
import type { Fault, FaultKind } from './fault-plan.js';

const REPEAT_LATE_MS = 3_000;
const DAMAGE_EVERY_MS = 30;

/** Carries out a plan of faults on a system, and undoes all of them at the end. */
export class FaultRunner {
  readonly counts = new Map<FaultKind, number>();
  readonly #system: ChaosSystem;
  readonly #laterRelease: LaterRelease;
  readonly #snapshots: DamagedSnapshots;
  readonly #random: Random;
  readonly #log: (line: string) => void;
  readonly #underWay: Promise<void>[] = [];
  /** What is held by a fault that lasts: a link for faults of its kind, a process or an engine for all faults. */
  readonly #busy = new Set<string>();

  #begun = false;

  constructor(
    on: { system: ChaosSystem; laterRelease: LaterRelease; snapshots: DamagedSnapshots },
    random: Random,
    log: (line: string) => void,
  ) {
    this.#system = on.system;
    this.#laterRelease = on.laterRelease;
    this.#snapshots = on.snapshots;
    this.#random = random;
    this.#log = log;
  }

  /** Returns when the last fault has begun, or the signal aborts. */
  async run(plan: readonly Fault[], signal: AbortSignal): Promise<void> {
    const startedMs = performance.now();
    for (const fault of plan) {
      const waitMs = startedMs + fault.atMs - performance.now();
      if (waitMs > 0) await setTimeout(waitMs, undefined, { signal }).catch(() => {}); // `signal` is checked below
      if (signal.aborted) return;
      this.#begin(fault, signal);
    }
    this.#begun = true;
  }

  /** Whether all faults of the plan are over, except those that any end of the round ends as well. */
  get isOver(): boolean {
    return this.#begun && [...this.#busy].every((held) => held.startsWith('slow ') || held === 'snapshots');
  }

  /** Waits until everything runs again, undisturbed and with the right time. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
    await Promise.all(this.#system.links.map(async ({ repeated }) => repeated?.settled()));
    const apps = [...this.#system.apps.values()];
    for (const app of apps) app.setClock(0);
    await Promise.all(apps.map((app) => app.ready()));
    if (this.counts.has('replay') || this.counts.has('replay-index')) await this.#system.operator?.finish();
  }

  #begin(fault: Fault, signal: AbortSignal): void {
    const { kind, target } = fault;
    const holds = target.includes('>') ? `${kind} ${target}` : target;
    if (this.#busy.has(holds)) return;
    this.#busy.add(holds);
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    this.#log(`${kind} ${target} ${fault.durationMs} ms ${fault.amount}`);
    const working = this.#apply(fault, signal).finally(() => this.#busy.delete(holds));
    working.catch(() => {}); // thrown in `settle`, which waits for it
    this.#underWay.push(working);
  }

  async #apply({ kind, target, durationMs, amount }: Fault, signal: AbortSignal): Promise<void> {
    const forItsTime = () => setTimeout(durationMs, undefined, { signal }).catch(() => {}); // the round is over
    const { postgres, options, operator } = this.#system;
    const link = (): Link =>
      found(
        this.#system.links.find(({ name }) => name === target),
        target,
      );
    const app = (): AppProcess => found(this.#system.apps.get(target), target);
    const during = async (begin: () => unknown, end: () => unknown) => {
      await begin();
      await forItsTime();
      await end();
    };
    const kinds: Readonly<Record<FaultKind, () => unknown>> = {
      slow: () =>
        during(
          () => link().proxy.slow(amount),
          () => link().proxy.slow(0),
        ),
      cut: () => link().proxy.cut(),
      hold: () =>
        during(
          () => link().proxy.holdAnswers(),
          () => link().proxy.passAnswers(),
        ),
      swallow: () => link().proxy.swallowAnswers(),
      'half-close-client': () => link().proxy.halfClose('client'),
      'half-close-server': () => link().proxy.halfClose('server'),
      refuse: () =>
        during(
          () => link().proxy.away(),
          () => link().proxy.restore(),
        ),
      repeat: () =>
        during(
          () => this.#repeat(link(), amount),
          () => this.#repeat(link(), 0),
        ),
      kill: () =>
        during(
          () => app().kill(),
          () => app().start(),
        ),
      pause: () =>
        during(
          () => app().pause(),
          () => app().resume(),
        ),
      stop: () =>
        during(
          () => app().stop(),
          () => app().start(),
        ),
      'postgres-crash': () =>
        during(
          () => postgres.down('crash'),
          () => postgres.up(),
        ),
      'postgres-restart': () =>
        during(
          () => postgres.down('fast'),
          () => postgres.up(),
        ),
      'elasticsearch-kill': () =>
        during(
          () => options.elasticsearch?.kill(),
          () => options.elasticsearch?.restart(),
        ),
      'kafka-kill': () =>
        during(
          () => options.kafka?.kill(),
          () => options.kafka?.restart(),
        ),
      clock: () => app().setClock(amount),
      replay: () => operator?.replay(durationMs),
      'replay-index': () => operator?.replay(durationMs, { searchOnly: true }),
      rollback: () => operator?.rollback(),
      unreadable: () => this.#laterRelease.append(),
      damage: () => this.#damage(durationMs, signal),
      skip: () => operator?.skip(amount),
    };
    await kinds[kind]();
  }

  async #damage(forMs: number, signal: AbortSignal): Promise<void> {
    const untilMs = performance.now() + forMs;
    while (performance.now() < untilMs && !signal.aborted) {
      await this.#snapshots.damage();
      await setTimeout(DAMAGE_EVERY_MS);
    }
  }

  #repeat({ repeated }: Link, percent: number): void {
    if (repeated === null) return;
    const random = this.#random;
    repeated.repeating =
      percent === 0
        ? null
        : { chance: () => random.chance(percent), delayMs: () => random.below(REPEAT_LATE_MS) };
  }
}

function found<T>(it: T | undefined, name: string): T {
  if (it === undefined) throw new Error(`a fault is planned for ${name}, which is not there`);
  return it;
}
