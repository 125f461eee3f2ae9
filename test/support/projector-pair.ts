import { LEASE_MS } from '#projections/lease/leases.js';
import { nowMs, ownerOf } from './leases.js';
import type { ProjectionBench } from './projections.js';
import { killed, startProjectorProcess, type ProjectorProcess } from './projector-process.js';
import { until } from './until.js';

/** The promise to operators: however an owner ends, another projector owns its projections within this time. */
export const TAKEOVER_LIMIT_MS = 5_000;
/** For waits without a limit of their own, on a busy machine. */
const PATIENCE_MS = 60_000;

/** Two projectors as processes. A test kills or stops one of them, and the other takes over. */
export class ProjectorPair {
  readonly #bench: ProjectionBench;
  readonly #environment: Readonly<Record<string, string>>;
  #all: ProjectorProcess[] = [];

  constructor(bench: ProjectionBench, environment: Readonly<Record<string, string>>) {
    this.#bench = bench;
    this.#environment = environment;
  }

  async start(): Promise<void> {
    while (this.#all.length < 2) {
      this.#all.push(await startProjectorProcess(this.#bench, this.#environment));
    }
  }

  /** The projector that owns a projection. @param projection a pattern of LIKE */
  owner(projection: string): Promise<ProjectorProcess> {
    return until(
      `somebody owns ${projection}`,
      async () => {
        const owner = await ownerOf(this.#bench.pool, projection);
        return this.#all.find((one) => one.pid === owner?.pid);
      },
      PATIENCE_MS,
    );
  }

  other(than: ProjectorProcess): ProjectorProcess {
    return this.#all.find((one) => one !== than)!;
  }

  /** Waits until the process reports one of these states for a projection. */
  async knows(process: ProjectorProcess, projection: string, states: readonly string[]): Promise<Told> {
    return until(
      `${projection} of the process is ${states.join(' or ')}`,
      async () =>
        (await told(process)).find(
          (one) => one.projection.startsWith(projection) && states.includes(one.state),
        ),
      PATIENCE_MS,
    );
  }

  /**
   * Waits until the process owns a projection, and measures by PostgreSQL's clock how long that took, however late this
   * process comes to see it.
   *
   * @throws when that took longer than `TAKEOVER_LIMIT_MS`
   */
  async takesOver(process: ProjectorProcess, projection: string): Promise<void> {
    const { pool } = this.#bench;
    const fromMs = await nowMs(pool);
    const { leaseEndsMs } = await until(
      `the other one owns ${projection}`,
      async () => {
        const owner = await ownerOf(pool, projection);
        return owner?.pid === process.pid && owner;
      },
      PATIENCE_MS,
    );
    // The lease was taken for LEASE_MS and hardly renewed since.
    const tookMs = leaseEndsMs - LEASE_MS - fromMs;
    if (tookMs > TAKEOVER_LIMIT_MS) throw new Error(`${projection} was taken over after ${tookMs} ms`);
  }

  async ended(process: ProjectorProcess, signal: NodeJS.Signals): Promise<void> {
    this.#all = this.#all.filter((one) => one !== process);
    await killed(process, signal);
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((one) => this.ended(one, 'SIGKILL')));
  }
}

export interface Told {
  readonly projection: string;
  readonly state: string;
  readonly restarts: Readonly<Record<'away' | 'silent' | 'error', number>>;
}

async function told({ port }: ProjectorProcess): Promise<Told[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/status`);
  const { projections, relay } = (await answer.json()) as { projections: Told[]; relay: Told | null };
  return relay === null ? projections : [...projections, relay];
}
