import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@elastic/elasticsearch';
import pg from 'pg';
import type { ExactEventStore } from '#event-store/port.js';
import { otherStore, storeNow } from '#event-store/store-identity.js';
import type { Logger } from '#platform/logging.js';
import { createPool, endConnection, KEPT_ALIVE } from '#platform/postgres.js';
import { listGenerations } from '#read-models/generation-list.js';
import { markFailed } from '#read-models/generation-states.js';
import {
  activeGeneration,
  createGeneration,
  generationById,
  indexPrefixOf,
  prepareSharedTables,
  type Generation,
} from '#read-models/generations.js';
import { bindToStore, madeFrom } from '#read-models/made-from.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import { readModelFingerprints } from '#read-models/read-model-fingerprints.js';
import {
  ReplaysStore,
  type ReplayProgress,
  type ReplayRecord,
  type ReplayRequested,
} from '#read-models/stores/replays.store.js';
import { isAway, messageOf, pause } from '../engine/interruptions.js';
import { buildInBulk } from './bulk-build.js';
import { CannotReplay, ReplayFailed } from './errors.js';
import { freeForgotten, freeIfPossible, freeSuperseded, type Freeing } from './freeing.js';
import type { LoadingLimits } from './loading.js';
import { ReplayCancelled, ReplayControl } from './replay-control.js';
import { switchTo, type Switched } from './switching.js';
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

export interface Replayed extends Switched {
  readonly replay: ReplayRecord;
  readonly dropped: readonly number[];
}

/**
 * Builds a generation beside the live one and, once it is found right, flips to it. A replay that was cut off or
 * stopped is continued. Stores that are away are waited for.
 *
 * @throws CannotReplay when nothing was done, ReplayFailed and ReplayCancelled when what was built is gone again,
 * and the reason of the signal when a later run can continue
 */
export async function replay(options: ReplayOptions): Promise<Replayed> {
  const pool = createPool(options.postgresUrl, {
    max: 6,
    applicationName: 'orderctl replay',
    statementTimeoutMs: 0,
  });
  try {
    await prepareSharedTables(pool);
    for (let attempt = 0; ; attempt++) {
      try {
        return await new Attempt(options, pool).run();
      } catch (error) {
        options.signal.throwIfAborted();
        if (!isAway(error)) throw error;
        options.onNote?.(`waiting: ${messageOf(error)}`);
        await pause(attempt, options.signal);
      }
    }
  } finally {
    await pool.end();
  }
}

/** Defaults of a new replay; a continued one keeps what it was asked for. */
const UNLESS_TOLD = { sample: null, throttle: null, keep: false } as const;

/** How long PostgreSQL may take to notice that the process which ran the replay before is gone. */
const LET_GO_MS = 3_000;
const TRY_EVERY_MS = 100;

/** @returns false when another process is running the replay */
async function attendInTime(store: ReplaysStore, signal: AbortSignal): Promise<boolean> {
  const untilMs = performance.now() + LET_GO_MS;
  while (!(await store.attend())) {
    if (performance.now() > untilMs) return false;
    await delay(TRY_EVERY_MS, undefined, { signal });
  }
  return true;
}

/** Takes a replay from where it is to the end, unless a store goes away meanwhile. */
class Attempt {
  readonly #options: ReplayOptions;
  readonly #pool: pg.Pool;
  readonly #store: ReplaysStore;

  constructor(options: ReplayOptions, pool: pg.Pool) {
    this.#options = options;
    this.#pool = pool;
    this.#store = new ReplaysStore(pool);
  }

  async run(): Promise<Replayed> {
    const session = new pg.Client({
      connectionString: this.#options.postgresUrl,
      application_name: 'orderctl replay builder',
      ...KEPT_ALIVE,
    });
    session.on('error', () => {}); // the next query fails
    try {
      await session.connect();
      await session.query('SET statement_timeout = 0'); // building an index takes its time, whatever the role's limit
      // Otherwise PostgreSQL would go on with an index for a killed process, and no other process could take over.
      await session.query(`SET client_connection_check_interval = ${LET_GO_MS / 3}`).catch(() => {}); // not on Windows
      if (!(await attendInTime(new ReplaysStore(session), this.#options.signal))) {
        throw new CannotReplay(
          'a replay is under way in another process: `orderctl status` shows how far it is',
        );
      }
      const { record, generation } = await this.#begin();
      return await this.#attended(session, record, generation);
    } finally {
      await endConnection(session);
    }
  }

  /** The replay that was begun before, otherwise a new one. */
  async #begin(): Promise<{ record: ReplayRecord; generation: Generation }> {
    const { request, onNote } = this.#options;
    const open = await this.#open();
    if (open !== null) {
      const kind = open.searchOnly ? 'of the search index alone' : 'of the rows and the index';
      if (open.searchOnly !== request.searchOnly)
        throw new CannotReplay(
          `a replay ${kind} was begun and is not finished: continue it with \`orderctl replay resume\`, or end it with \`orderctl replay cancel\``,
        );
      if (open.asked === 'cancel')
        return { record: open, generation: await generationById(this.#pool, open.generation) };
      await this.#store.goOn(open.id, { ...open, ...request });
      onNote?.(
        `continuing the replay into generation ${open.generation}, which began ${open.startedAt.toISOString()}`,
      );
      return {
        record: (await this.#store.open())!,
        generation: await generationById(this.#pool, open.generation),
      };
    }
    const forgotten = await freeForgotten(this.#freeing());
    if (forgotten.length > 0) onNote?.(`dropped what was left of generation ${forgotten.join(', ')}`);
    this.#options.signal.throwIfAborted();
    const active = await activeGeneration(this.#pool);
    if (active === null)
      throw new CannotReplay(
        'there are no read models of this release yet: start its projector, which builds them',
      );
    await refuseOtherStore(this.#pool, active, this.#options.eventStore);
    const indexPrefix = active.searchIndex === null ? null : indexPrefixOf(active.searchIndex);
    if (request.searchOnly && indexPrefix === null) {
      throw new CannotReplay(
        'orders are searched in PostgreSQL, which needs no index of its own: leave out --search-only',
      );
    }
    const generation = await createGeneration(this.#pool, {
      ...{ indexPrefix, madeBy: 'replay', bulk: true },
      ...(request.searchOnly ? { rowsOf: active } : {}),
    });
    return { record: await this.#store.begin(generation.id, { ...UNLESS_TOLD, ...request }), generation };
  }

  /** The replay to continue; null: there is none, or its generation was dropped, or began to be, meanwhile. */
  async #open(): Promise<ReplayRecord | null> {
    const { onNote } = this.#options;
    const open = await this.#store.open();
    if (open === null) return null;
    const built = (await listGenerations(this.#pool)).find(({ id }) => id === open.generation);
    if (built && built.state !== 'dropping') return open;
    const cancelled = open.asked === 'cancel';
    const why = built?.failure ?? `generation ${open.generation} was dropped`;
    await this.#end(open, cancelled, why);
    if (cancelled) {
      if (built) await freeIfPossible(built, this.#freeing());
      throw new ReplayCancelled();
    }
    onNote?.(
      `generation ${open.generation} of the replay that began ${open.startedAt.toISOString()} was dropped: beginning anew`,
    );
    return null;
  }

  #end({ id }: ReplayRecord, cancelled: boolean, why: string): Promise<void> {
    return cancelled ? this.#store.end(id, 'cancelled', null) : this.#store.end(id, 'failed', why);
  }

  async #attended(session: pg.Client, record: ReplayRecord, generation: Generation): Promise<Replayed> {
    const { signal, onProgress, clock } = this.#options;
    const tell = (progress: ReplayProgress, events: number | null) => onProgress?.(progress, events);
    const control = new ReplayControl(this.#store, record, signal, tell, clock);
    control.listen();
    // A statement, such as that of an index, may take minutes: it is cancelled when the replay is to end.
    const { processID } = session as pg.Client & { readonly processID: number };
    const hurry = () => void this.#pool.query('SELECT pg_cancel_backend($1)', [processID]).catch(() => {}); // gone
    control.signal.addEventListener('abort', hurry, { once: true });
    try {
      const switched = await this.#toTheFlip(session, record, generation, control);
      await this.#store.end(record.id, 'done', null);
      const done = (await this.#store.last())!;
      // Afterwards: even if something cannot be dropped, the replay itself is done.
      const dropped = record.keep ? [] : await this.#dropSuperseded(generation);
      return { ...switched, dropped, replay: done };
    } catch (error) {
      throw await this.#ended(control.signal.aborted ? control.signal.reason : error, record, generation);
    } finally {
      control.signal.removeEventListener('abort', hurry);
      await control.close();
    }
  }

  #freeing(): Freeing {
    const { elasticsearch, signal, onNote } = this.#options;
    return { pool: this.#pool, elasticsearch, signal, ...(onNote ? { onNote } : {}) };
  }

  async #dropSuperseded({ id }: Generation): Promise<readonly number[]> {
    const onNote = (line: string) =>
      this.#options.onNote?.(`queries are answered from generation ${id} now; ${line}`);
    try {
      return await freeSuperseded({ ...this.#freeing(), onNote });
    } catch (error) {
      onNote(`older generations could not be dropped, which is left to the next replay: ${messageOf(error)}`);
      return [];
    }
  }

  async #toTheFlip(
    session: pg.Client,
    record: ReplayRecord,
    generation: Generation,
    control: ReplayControl,
  ): Promise<Switched> {
    if (await this.#isActive(generation)) return { generation, previous: null, verified: null };
    if (!Object.values(readModelFingerprints).includes(generation.fingerprint))
      throw new ReplayFailed(
        `generation ${generation.id} was begun by another release, and this release cannot continue it`,
      );
    if (!record.searchOnly) await this.#build(session, generation, control);
    return switchTo(generation, record, control, { ...this.#options, pool: this.#pool });
  }

  async #isActive({ id }: Generation): Promise<boolean> {
    return (await listGenerations(this.#pool)).some((one) => one.id === id && one.role === 'active');
  }

  async #build(session: pg.Client, generation: Generation, control: ReplayControl): Promise<void> {
    const { eventStore, limits = {} } = this.#options;
    const made = { generation: generation.id, projection: ORDERS_PROJECTION };
    const now = await storeNow(eventStore);
    await bindToStore(this.#pool, made, null, now, 'cancel the replay and begin a new one');
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

  /** Away: retried. Stopped: resumed by a later run. Anything else: failed, and its generation is dropped. */
  async #ended(error: unknown, record: ReplayRecord, generation: Generation): Promise<unknown> {
    const cancelled = error instanceof ReplayCancelled;
    if (!cancelled && (this.#options.signal.aborted || isAway(error))) return error;
    if (await this.#isActive(generation)) return error; // flipped already: the next run does the rest
    const why = messageOf(error);
    // Ended first, as what follows may fail: nobody must continue what is being dropped.
    await this.#end(record, cancelled, why);
    try {
      if (!cancelled) await markFailed(this.#pool, generation, why);
      await freeIfPossible(generation, this.#freeing());
    } catch (left) {
      this.#options.onNote?.(
        `generation ${generation.id} could not be dropped, which is left to the next replay: ${messageOf(left)}`,
      );
    }
    return cancelled || error instanceof ReplayFailed
      ? error
      : new ReplayFailed(`generation ${generation.id} could not be built: ${why}`, { cause: error });
  }
}

/** Queries would be answered from another system's orders after the flip. @throws CannotReplay */
async function refuseOtherStore(
  pool: pg.Pool,
  { id, rowsOf }: Generation,
  eventStore: ReplayOptions['eventStore'],
): Promise<void> {
  const boundTo = await madeFrom(pool, { generation: rowsOf, projection: ORDERS_PROJECTION });
  const other = await otherStore(eventStore, boundTo);
  if (other === null) return;
  throw new CannotReplay(
    `generation ${id} is made from event store ${boundTo}, but this is ${other}: give the ` +
      'address of the former, or, if its orders were moved, have the read models built anew with `orderctl read-models renew`',
  );
}
