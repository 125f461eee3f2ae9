import { LEASE_MS } from '#projections/lease/leases.js';
import { nowMs, ownerOf } from './leases.js';
import type { ProjectionBench } from './projections.js';
import { killed, startProjectorProcess, type ProjectorProcess } from './projector-process.js';
import { until } from './until.js';

/** What issue and operators rely on: whatever becomes of an owner, another one has its projections by then. */
export const TAKEOVER_LIMIT_MS = 5_000;
/** For what has no limit but the test's own, on a machine that does much else. */
const PATIENCE_MS = 60_000;

/** Two projectors as processes, one of which a test kills or stops, while the other takes over. */
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

  /** The one that owns a projection. @param projection a pattern of LIKE */
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

  /** Until the process waits for that projection, or has it. */
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

  /** By PostgreSQL's clock, however late this process comes to see it. @throws when that takes too long */
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
    // It was taken for so long, and hardly renewed since.
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
