import { appendFileSync, writeFileSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { countsOf } from './checker/counts.js';
import type { Facts, Sample } from './checker/facts.js';
import { check } from './checker/check.js';
import type { Violation } from './checker/violations.js';
import { DamagedSnapshots } from './faults/damaged-snapshots.js';
import { planFaults, type Fault, type Targets } from './faults/fault-plan.js';
import { FaultRunner } from './faults/fault-runner.js';
import { loadFacts } from './loaders/load-facts.js';
import { untilSettled } from './loaders/settled.js';
import { SnapshotCounting } from './loaders/snapshot-counts.js';
import { takeSample } from './loaders/take-sample.js';
import { Random } from './random.js';
import { ChaosSystem, type Engine } from './system/chaos-system.js';
import { openClients, TOKEN_SECONDS } from './workload/clients.js';
import { FeedReader } from './workload/feed-reader.js';
import { LaterRelease } from './workload/later-release.js';
import { KnownOrders } from './workload/orders.js';
import { Recorder } from './workload/recorder.js';

export interface RoundOptions {
  readonly seed: string;
  /** Duration of the workload and the faults. */
  readonly forMs: number;
  /** Number of commands to be done. When they are done and all faults are over, the round ends before its time. */
  readonly enough?: number;
  /** How many times as quick as usual the payment provider is; 1 by default. */
  readonly providerPace?: number;
  /** Holds the logs and data of the round, for whoever looks for a cause. */
  readonly folder: string;
  /** The apps run from the `dist` of this folder. */
  readonly tree: string;
  readonly elasticsearch: Engine | null;
  readonly kafka: Engine | null;
  /** Number of instances of each app that may run more than once; two by default. */
  readonly instances?: 1 | 2;
  /** The plan of faults; by default it is made from the seed. */
  readonly faults?: (random: Random, targets: Targets) => readonly Fault[];
  /** How long the projections may take to reach the end of the log. */
  readonly settleLimitMs?: number;
  /** Called as soon as there is a system to end. */
  readonly onSystem?: (system: ChaosSystem) => void;
}

export interface RoundResult {
  /** Why the system did not settle after the disturbances; null: it did. */
  readonly unsettled: string | null;
  readonly violations: readonly Violation[];
  readonly faults: ReadonlyMap<string, number>;
  /** Apps that ended by themselves. */
  readonly deaths: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

/** Ids of events that nobody asked for. */
type WrittenByFaults = Pick<Facts, 'ofLaterRelease' | 'damagedSnapshots'>;

const TENANTS = ['default', 'second'] as const;
/** The tenant whose money moves at the payment provider. */
const PAYING_TENANT = 'second';
/** The tenant that a later release appends to. */
const RELEASED_TENANT = 'default';
const SAMPLE_EVERY_MS = 700;
const LOOK_EVERY_MS = 200;
const SETTLE_LIMIT_MS = 120_000;
/** Late requests are few: after so many loads none should be left. */
const MOST_LOADS = 5;

/** One system from its start to its end: clients and faults for a while, then quiet, then the checks. */
export async function runRound(options: RoundOptions): Promise<RoundResult> {
  const round = new Round(options);
  await mkdir(options.folder, { recursive: true });
  await chmod(options.folder, 0o711); // PostgreSQL runs as another user, in a folder in this one
  return round.run();
}

class Round {
  readonly #options: RoundOptions;
  readonly #random: Random;
  readonly #recorder = new Recorder();
  readonly #orders = new KnownOrders();
  readonly #deaths: string[] = [];
  readonly #samples: Sample[] = [];
  readonly #snapshotCounting = new SnapshotCounting();
  #followers: readonly FeedReader[] = [];
  readonly #startedMs = performance.now();

  constructor(options: RoundOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  async run(): Promise<RoundResult> {
    const { folder, tree, elasticsearch, kafka, onSystem, instances = 2 } = this.#options;
    const runName = `chaos-${this.#options.seed.toLowerCase().replace(/[^a-z0-9]/g, '-')}-${Date.now().toString(36)}`;
    const system = await ChaosSystem.start({
      ...{ folder, tree, elasticsearch, kafka, runName, instances, onSystem },
      payments: {
        ...{ tenantId: PAYING_TENANT, seed: this.#options.seed },
        pace: this.#options.providerPace ?? 1,
      },
      onDeath: (name, how) => {
        this.#deaths.push(`${name}: ${how}`);
        this.#log(`${name} ended by itself: ${how}`);
      },
      onRepeat: (request) => this.#recorder.repeatedByNetwork(request),
    });
    this.#log('everything runs');
    const store = new DbClientEventStore({ connectionString: system.eventStoreUrl });
    const laterRelease = new LaterRelease(store, {
      ...{ orders: this.#orders, tenantId: RELEASED_TENANT },
      random: this.#random.fork('later release'),
    });
    const snapshots = new DamagedSnapshots(store, {
      ...{ orders: this.#orders, tenants: TENANTS },
      random: this.#random.fork('damaged snapshots'),
    });
    const written = { ofLaterRelease: laterRelease.eventIds, damagedSnapshots: snapshots.eventIds };
    try {
      const faults = await this.#disturb({ system, laterRelease, snapshots });
      this.#log('everything runs undisturbed again');
      const { unsettled, facts } = await this.#atRest(system, store, written);
      this.#write('commands.ndjson', facts.commands);
      this.#write('reads.ndjson', facts.reads);
      this.#write('customer-answers.ndjson', facts.customerAnswers);
      this.#log('judging');
      const violations = await check(facts);
      this.#log('judged');
      return { unsettled, violations, faults, deaths: this.#deaths, counts: countsOf(facts) };
    } finally {
      await Promise.all(this.#followers.map((follower) => follower.close()));
      await store.close();
      await system.close();
    }
  }

  /**
   * The facts once nothing is written any more. A request may come so late that it still writes after everything had
   * settled: then the round settles, and loads the facts, again.
   */
  async #atRest(
    system: ChaosSystem,
    store: DbClientEventStore,
    written: WrittenByFaults,
  ): Promise<{ unsettled: string | null; facts: Facts }> {
    const { elasticsearch, kafka, settleLimitMs: limitMs = SETTLE_LIMIT_MS } = this.#options;
    const settling = {
      store,
      postgresUrl: system.readUrl,
      elasticsearch: elasticsearch !== null,
      kafka: kafka !== null,
    };
    for (let loads = 1; ; loads++) {
      // When the payment workers reach the end of the log, they append further events behind it.
      let unsettled = (await untilSettled(settling, limitMs)) ?? (await system.payments.settled(limitMs));
      const head = await store.headPosition();
      unsettled ??= await untilSettled(settling, limitMs);
      this.#log(unsettled ?? 'settled');
      await Promise.all(this.#followers.map((follower) => follower.finish(limitMs)));
      await this.#sample(system);
      const facts = await this.#facts(system, store, written);
      if (unsettled !== null || (await store.headPosition()) === head) return { unsettled, facts };
      if (loads === MOST_LOADS) {
        return { unsettled: `something was written during each of ${loads} loads`, facts };
      }
      this.#log('something was written late');
    }
  }

  /** Returns when the clients have ended and every fault is undone. */
  async #disturb(on: ConstructorParameters<typeof FaultRunner>[0]): Promise<ReadonlyMap<string, number>> {
    const { system } = on;
    const { forMs, faults = (random, targets) => planFaults(random, targets, forMs) } = this.#options;
    const repeats = this.#random.fork('repeats');
    const runner = new FaultRunner(on, repeats, (line) => this.#log(line));
    const plan = faults(this.#random.fork('faults'), this.#targets(system));
    const over = new AbortController();
    const ended = new AbortController();
    // The timer is referenced here: Node may collect an AbortSignal.timeout that only AbortSignal.any refers to,
    // and it would never fire.
    const timer = globalThis.setTimeout(() => over.abort(), forMs);
    const watching = [this.#keepSampling(system, ended.signal), this.#endEarly(runner, over, ended.signal)];
    this.#followers = await this.#feedReaders(system);
    watching.push(...this.#followers.map((follower) => follower.run(ended.signal)));
    try {
      const clients = await openClients(system, {
        ...{ orders: this.#orders, recorder: this.#recorder, random: this.#random },
        ...{ tenants: TENANTS, payingTenant: PAYING_TENANT },
      });
      await Promise.all([runner.run(plan, over.signal), ...clients.map((client) => client.run(over.signal))]);
      await runner.settle();
    } finally {
      clearTimeout(timer);
      over.abort();
      ended.abort();
    }
    await Promise.all(watching);
    return runner.counts;
  }

  /** Ends workload and faults when there is nothing more to wait for. */
  async #endEarly(runner: FaultRunner, over: AbortController, ended: AbortSignal): Promise<void> {
    const { enough = Infinity } = this.#options;
    while (enough !== Infinity && !ended.aborted && !over.signal.aborted) {
      const done = this.#recorder.commands.filter(({ outcome }) => outcome.kind === 'done').length;
      if (done >= enough && runner.isOver) over.abort();
      await setTimeout(LOOK_EVERY_MS);
    }
  }

  #feedReaders({ issuer, queryUrls: urls }: ChaosSystem): Promise<FeedReader[]> {
    return Promise.all(
      TENANTS.map(async (tenantId) => {
        const token = await issuer.issueToken({
          tenant: tenantId,
          ...{ scopes: ['orders:read'], clientId: `follower-${tenantId}`, lifetimeSeconds: TOKEN_SECONDS },
        });
        return new FeedReader({ urls, tenantId, token, random: this.#random.fork(`follower ${tenantId}`) });
      }),
    );
  }

  #targets(system: ChaosSystem): Targets {
    const { elasticsearch, kafka } = this.#options;
    return {
      links: system.links.map(({ name }) => name),
      repeatable: system.links.filter(({ repeated }) => repeated !== null).map(({ name }) => name),
      processes: [...system.apps.keys()],
      elasticsearch: elasticsearch !== null,
      kafka: kafka !== null,
    };
  }

  async #keepSampling(system: ChaosSystem, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#sample(system).catch((error: unknown) => this.#log(`no snapshot: ${String(error)}`));
      await setTimeout(SAMPLE_EVERY_MS);
    }
  }

  async #sample(system: ChaosSystem): Promise<void> {
    const from = { postgresUrl: system.readUrl, elasticsearchUrl: this.#options.elasticsearch?.url ?? null };
    await this.#snapshotCounting.ask(system.commandApis.map(({ url }) => url));
    const sample = await takeSample(from, performance.now() - this.#startedMs);
    if (sample !== null) this.#samples.push(sample);
  }

  #facts(system: ChaosSystem, store: DbClientEventStore, written: WrittenByFaults): Promise<Facts> {
    const { elasticsearch, kafka } = this.#options;
    const provider = system.payments.facts();
    const byWorkers = this.#recorder.withRepetitions(system.payments.attempts());
    return loadFacts(
      {
        store,
        postgresUrl: system.readUrl,
        elasticsearchUrl: elasticsearch?.url ?? null,
        topic: kafka && { brokers: kafka.url, name: system.topic },
      },
      {
        commands: [...this.#recorder.commands, ...byWorkers],
        reads: this.#recorder.reads,
        customerAnswers: this.#recorder.customerAnswers,
        feed: this.#followers.flatMap(({ told }) => told),
        ...{ samples: this.#samples, provider, ...written },
        snapshotCounts: this.#snapshotCounting.counts,
      },
    );
  }

  #write(name: string, records: readonly unknown[]): void {
    const json = (record: unknown) =>
      JSON.stringify(record, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    writeFileSync(join(this.#options.folder, name), records.map((record) => `${json(record)}\n`).join(''));
  }

  #log(line: string): void {
    const at = String(Math.round(performance.now() - this.#startedMs)).padStart(7);
    appendFileSync(join(this.#options.folder, 'run.log'), `${at} ${line}\n`);
  }
}
