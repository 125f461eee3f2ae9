import type { ProjectionKey } from '#read-models/projection-key.js';
import type { HeldLease, OwnerReport } from '#read-models/stores/leases.store.js';

/** The right to write one projection, for as long as it is renewed. */
export class Lease implements HeldLease {
  readonly generation: number;
  readonly projection: string;
  /**
   * Larger than that of every owner before. Every write carries it; PostgreSQL refuses a write with any but the
   * current one.
   */
  readonly token: bigint;
  readonly #lost = new AbortController();
  readonly #asked = new AbortController();
  readonly #report: () => OwnerReport;

  constructor({ generation, projection }: ProjectionKey, token: bigint, report: () => OwnerReport) {
    this.generation = generation;
    this.projection = projection;
    this.token = token;
    this.#report = report;
  }

  /** Aborts when the lease ends without having been released. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Aborts when another process, which has fewer leases, asks for this one: it should be released soon. */
  get asked(): AbortSignal {
    return this.#asked.signal;
  }

  report(): HeldLease & OwnerReport {
    const { generation, projection, token } = this;
    return { generation, projection, token, ...this.#report() };
  }

  lose(why: Error): void {
    this.#lost.abort(why);
  }

  handOver(): void {
    this.#asked.abort(new Error('another projector, which has fewer projections, asked for this one'));
  }
}
