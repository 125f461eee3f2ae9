import type { Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import type { ExactEventStore } from '#event-store/port.js';
import type { Logger } from '#platform/logging.js';
import { createPool, isUnavailable } from '#platform/postgres.js';
import { generationById, prepareSharedTables, type Generation } from '#read-models/generations/generation.js';
import { bindToStore } from '#read-models/generations/made-from.js';
import { MigrationWaits } from '#read-models/migrations/migrate.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import { readModelFingerprints } from '#read-models/read-model-fingerprints.js';
import {
  ReplaysStore,
  type ReplayProgress,
  type ReplayRecord,
  type ReplayRequested,
} from '#read-models/stores/replays.store.js';
import { isAway, messageOf, pause } from '../engine/interruptions.js';
import { storeNow } from '../engine/store-now.js';
import { cancelOnAbort, inBuilderSession } from './builder-session.js';
import { buildInBulk } from './bulk-build.js';
import { CannotReplay } from './errors.js';
import type { LoadingLimits } from './loading.js';
import { beginOrContinue, refuseToBuildFromOther, type BegunReplay } from './replay-begin.js';
import { ReplayControl } from './replay-control.js';
import { afterError, dropLeftBehind, endedReplay } from './replay-end.js';
import { isActive, verifyAndFlip, type VerifiedFlip } from './verify-and-flip.js';
import type { ThrottleClock } from './throttle.js';

export interface ReplayOptions {
  readonly eventStore: ExactEventStore;
  readonly postgresUrl: string;
  /** null: none is configured. */
  readonly elasticsearch: Client | null;
  readonly logger: Logger;
  readonly request: ReplayRequested;
  /** Stops the replay where it is; the next run continues from there. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: ReplayProgress, events: number | null) => void;
  /** Of the bulk build. */
  readonly limits?: Partial<LoadingLimits>;
  /** Something that a person should know, in a line. */
  readonly onNote?: (line: string) => void;
  /** Of the throttle; by default the system's clock. */
  readonly clock?: ThrottleClock;
}

export interface Replayed extends VerifiedFlip {
  readonly replay: ReplayRecord;
  readonly dropped: readonly number[];
}

/**
 * Builds a generation beside the active one and, once it is found right, flips to it. A replay that was cut off or
 * stopped is continued. Stores that are away are waited for.
 *
 * @throws CannotReplay when nothing was done and nothing is lost, ReplayFailed and ReplayCancelled when what was built
 * is gone again, and the reason of the signal when a later run can continue
 */
export async function replay(options: ReplayOptions): Promise<Replayed> {
  const pool = createPool(options.postgresUrl, {
    max: 6,
    applicationName: 'orderctl replay',
    statementTimeoutMs: 0,
  });
  try {
    await prepareSharedTables(pool).catch((error: unknown) => {
      if (!(error instanceof MigrationWaits)) throw error;
      throw new CannotReplay(`${error.message}; nothing was done: try again`, { cause: error });
    });
    const attempts = new Attempts(options, pool);
    for (let attempt = 0; ; attempt++) {
      const wait = async (error: unknown) => {
        options.signal.throwIfAborted();
        if (!isAway(error)) throw error;
        attempts.tellAway(messageOf(error));
        await pause(attempt, options.signal);
        return null;
      };
      // In the session, whose lock shows others that a process works on the replay. Without PostgreSQL, nobody can look.
      const waitInSession = (error: unknown) => {
        if (isUnavailable(error)) throw error;
        return wait(error);
      };
      const replayed = await inBuilderSession(options.postgresUrl, options.signal, (session) =>
        attempts.next(session).catch(waitInSession),
      ).catch(wait);
      if (replayed !== null) return replayed;
    }
  } finally {
    await pool.end();
  }
}

/** Each takes a replay from where it is to the end, unless a store goes away meanwhile. */
class Attempts {
  readonly #options: ReplayOptions & { readonly pool: pg.Pool };
  /** The replay, once the request is recorded. What people ask after that is not undone by an attempt that follows. */
  #begunId: number | null = null;
  /** Why the replay waits, as the person was last told; null: it goes on. */
  #told: string | null = null;

  constructor(options: ReplayOptions, pool: pg.Pool) {
    this.#options = { ...options, pool };
  }

  tellAway(why: string): void {
    if (why !== this.#told) this.#options.onNote?.(`waiting: ${why}`);
    this.#told = why;
  }

  async next(session: pg.Client): Promise<Replayed> {
    const { pool, signal, onProgress, clock } = this.#options;
    const store = new ReplaysStore(pool);
    const ended = this.#begunId === null ? null : await endedReplay(store, this.#begunId);
    if (ended !== null) {
      const generation = await generationById(pool, ended.generation);
      return this.#completed(ended, { generation, previous: null, verified: null });
    }
    const begun = await beginOrContinue({ ...this.#options, begunId: this.#begunId });
    const { record, generation } = begun;
    this.#begunId = record.id;
    const tell = (progress: ReplayProgress, events: number | null) => {
      this.#told = null;
      onProgress?.(progress, events);
    };
    const control = new ReplayControl(store, record, signal, tell, clock);
    control.listen();
    const stopCancelling = cancelOnAbort(session, pool, control.signal);
    try {
      const flipped = await this.#toTheFlip(begun, control, session);
      await store.end(record.id, 'done', null);
      return await this.#completed(await store.byId(record.id), flipped);
    } catch (error) {
      const reason: unknown = control.signal.aborted ? control.signal.reason : error;
      throw await afterError(reason, record, generation, this.#options);
    } finally {
      stopCancelling();
      await control.close();
    }
  }

  async #completed(replay: ReplayRecord, flip: VerifiedFlip): Promise<Replayed> {
    const dropped = replay.keep ? [] : await dropLeftBehind(flip.generation, this.#options);
    return { ...flip, dropped, replay };
  }

  async #toTheFlip(
    { record, generation }: BegunReplay,
    control: ReplayControl,
    session: pg.Client,
  ): Promise<VerifiedFlip> {
    const { pool, eventStore } = this.#options;
    if (await isActive(pool, generation)) return { generation, previous: null, verified: null };
    // It may be paused since a store went away. Stores are asked only once it may go on.
    await control.heed();
    await control.gate(0);
    if (!Object.values(readModelFingerprints).includes(generation.fingerprint))
      throw new CannotReplay(
        `generation ${generation.id} was begun by another release: continue the replay with that release, or end it with \`orderctl replay cancel\``,
      );
    await refuseToBuildFromOther(pool, generation, eventStore);
    if (!record.searchOnly) await this.#build(generation, control, session);
    return verifyAndFlip(generation, record, control, this.#options);
  }

  async #build(generation: Generation, control: ReplayControl, session: pg.Client): Promise<void> {
    const { pool, eventStore, limits = {} } = this.#options;
    const made = { generation: generation.id, projection: ORDERS_PROJECTION };
    const now = await storeNow(eventStore);
    await bindToStore(
      pool,
      made,
      { position: null, lastEvent: null },
      now,
      'cancel the replay and begin a new one',
    );
    const head = Number(now.headPosition ?? -1n) + 1;
    await buildInBulk({
      ...{ db: session, eventStore, generation, limits, signal: control.signal },
      gate: (events) => control.gate(events),
      onProgress: ({ position, events, step }) => {
        const progress: ReplayProgress =
          step === null
            ? { phase: 'loading', done: Math.min(head, Number(position) + 1), total: head }
            : { phase: 'finishing', done: step.number - 1, total: step.of };
        void control.tell(progress, events);
      },
    });
  }
}
