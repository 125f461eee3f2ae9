import type { Client } from '@elastic/elasticsearch';
import pg from 'pg';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import type { ExactEventStore } from '#event-store/port.js';
import { createLogger } from '#platform/logging.js';
import { OrdersFollower, type OrdersFollowerOptions } from '#projections/orders/orders-follower.js';
import { ReadModelKeeper, type ReadModelKeeperOptions } from '#projections/generations/read-model-keeper.js';
import { verify, type VerifyResult } from '#projections/verify/verify.js';
import { freshDatabase } from './database.js';
import { startTestEventStore } from './event-store.js';
import { until } from './until.js';

const CATCH_UP_MS = 20_000;

/** Long enough to start and stop engines on a busy machine. */
export const ENGINES_MS = 30_000;

export interface RunningProjector {
  readonly projector: OrdersFollower;
  /** Rejects as `run` does. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export interface RunningKeeper extends Pick<RunningProjector, 'ended' | 'stop'> {
  readonly keeper: ReadModelKeeper;
}

/** A store with order streams, a database for read models, and as many projectors between them as a test starts. */
export class ProjectionBench {
  readonly eventStore: ExactEventStore;
  readonly pool: pg.Pool;
  readonly postgresUrl: string;
  readonly eventStoreUrl: string;
  #running: RunningProjector[] = [];
  #keepers: RunningKeeper[] = [];
  readonly #closers: (() => Promise<unknown>)[];

  private constructor(
    eventStore: ExactEventStore,
    pool: pg.Pool,
    urls: { postgres: string; eventStore: string },
    closers: (() => Promise<unknown>)[],
  ) {
    this.eventStore = eventStore;
    this.pool = pool;
    this.postgresUrl = urls.postgres;
    this.eventStoreUrl = urls.eventStore;
    this.#closers = closers;
  }

  /** @param fresh makes the database of the read models; by default in the PostgreSQL of all tests */
  static async open(
    fresh: () => ReturnType<typeof freshDatabase> = () => freshDatabase(),
  ): Promise<ProjectionBench> {
    const [server, database] = await Promise.all([startTestEventStore(), fresh()]);
    const eventStore = new DbClientEventStore({ connectionString: server.url });
    const pool = new pg.Pool({ connectionString: database.url, max: 3 });
    pool.on('error', () => {}); // a test may end every connection
    return new ProjectionBench(eventStore, pool, { postgres: database.url, eventStore: server.url }, [
      () => pool.end(),
      () => eventStore.close(),
      () => server.close(),
      () => database.drop(),
    ]);
  }

  /** Starts a projector. It need not be up to date when this returns. */
  start(options: Partial<OrdersFollowerOptions> = {}): RunningProjector {
    const projector = new OrdersFollower({
      eventStore: this.eventStore,
      postgresUrl: this.postgresUrl,
      logger: createLogger('projector', 'silent'),
      ...options,
    });
    const abort = new AbortController();
    const ended = projector.run(abort.signal);
    ended.catch(() => {}); // a test that cares awaits `ended`
    const stop = async () => {
      abort.abort();
      await ended;
    };
    const running = { projector, ended, stop };
    this.#running.push(running);
    return running;
  }

  /** Starts a keeper of the generations of this release; by default orders are searched in PostgreSQL. */
  keep(options: Partial<ReadModelKeeperOptions> = {}): RunningKeeper {
    const keeper = new ReadModelKeeper({
      eventStore: this.eventStore,
      postgresUrl: this.postgresUrl,
      logger: createLogger('projector', 'silent'),
      elasticsearch: null,
      indexPrefix: null,
      ...options,
    });
    const abort = new AbortController();
    const ended = keeper.run(abort.signal);
    ended.catch(() => {}); // a test that cares awaits `ended`
    const stop = async () => {
      abort.abort();
      await ended;
    };
    this.#keepers.push({ keeper, ended, stop });
    return { keeper, ended, stop };
  }

  /** Waits until the rows have everything that is in the store now. */
  async caughtUp({ projector, ended }: RunningProjector): Promise<void> {
    const head = (await this.eventStore.headPosition()) ?? -1n;
    await Promise.race([
      until('the projector is at the head', () => (projector.progress.position ?? -1n) >= head, CATCH_UP_MS),
      ended,
    ]);
  }

  async rows<Row extends object = Record<string, unknown>>(
    sql: string,
    values: unknown[] = [],
  ): Promise<Row[]> {
    return (await this.pool.query<Row>(sql, values)).rows;
  }

  verify(elasticsearch: Client | null = null): Promise<VerifyResult> {
    return verify({ eventStore: this.eventStore, pool: this.pool, elasticsearch, patienceMs: 0 });
  }

  /** Stops the remaining projectors and keepers, including those that ended by themselves. */
  async stopProjectors(): Promise<void> {
    await Promise.allSettled([...this.#running, ...this.#keepers].map((running) => running.stop()));
    this.#running = [];
    this.#keepers = [];
  }

  async close(): Promise<void> {
    await this.stopProjectors();
    for (const closer of this.#closers) await closer();
  }
}
