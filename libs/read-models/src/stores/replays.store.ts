import type { Queryable } from '../queryable.js';
import { REPLAY_CHANNEL, SHARED_SCHEMA } from '../schema.js';
import { rowsOrNone } from './rows-or-none.js';

export type ReplayPhase = 'loading' | 'finishing' | 'catching_up' | 'verifying' | 'flipping';

export type ReplayAsked = 'run' | 'pause' | 'cancel';
export type ReplayState = 'running' | 'paused' | 'done' | 'failed' | 'cancelled';

/** What a replay was asked for at its start. */
export interface ReplayRequest {
  /** Builds only a new index, over the rows of the active generation. */
  readonly searchOnly: boolean;
  /** Orders that are compared before the flip; null: all. */
  readonly sample: number | null;
  /** Most events per second; null: no limit. */
  readonly throttle: number | null;
  /** Generations that a flip leaves behind are not dropped. */
  readonly keep: boolean;
}

/**
 * Options of a call that may resume a replay which was asked for before: options that are absent stay as they
 * were.
 */
export type ReplayRequested = Pick<ReplayRequest, 'searchOnly'> & Partial<ReplayRequest>;

export interface ReplayProgress {
  readonly phase: ReplayPhase;
  /** Done out of `total`, in what the phase counts: positions of the log, steps or orders. */
  readonly done: number;
  readonly total: number | null;
}

export interface ReplayRecord extends ReplayRequest, ReplayProgress {
  readonly id: number;
  readonly generation: number;
  readonly asked: ReplayAsked;
  readonly state: ReplayState;
  /** Order events read in bulk so far. */
  readonly events: number;
  /** Time worked on each phase. */
  readonly seconds: Readonly<Partial<Record<ReplayPhase, number>>>;
  readonly error: string | null;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
  /** Whether a process is working on the replay; a process that was killed holds no lock. */
  readonly isAttended: boolean;
}

// Advisory lock of the process that works on the open replay. The other lock keys are in late-events.ts, in
// migrations/migrate.ts and in apps/event-store.
const REPLAY_LOCK = 0x6f726c72;

const COLUMNS = `id, generation, search_only AS "searchOnly", sample, throttle, keep, asked, state, phase,
  done::float8 AS done, total::float8 AS total, events::float8 AS events, seconds, error,
  started_at AS "startedAt", updated_at AS "updatedAt", ended_at AS "endedAt",
  ended_at IS NULL AND EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = 0 AND objid = ${REPLAY_LOCK} AND objsubid = 1) AS "isAttended"`;

/** The replays of a database: their options, their progress and their outcome. */
export class ReplaysStore {
  readonly #db: Queryable;

  constructor(db: Queryable) {
    this.#db = db;
  }

  /**
   * Takes the lock of the process that works on the replay; it is held until the session ends.
   * @returns false: another session has it
   */
  async attend(): Promise<boolean> {
    const { rows } = await this.#db.query<{ mine: boolean }>(
      'SELECT pg_try_advisory_lock($1::bigint) AS mine',
      [REPLAY_LOCK],
    );
    return rows[0]!.mine;
  }

  /** The last replay, ended or not; null: there was none. */
  async last(): Promise<ReplayRecord | null> {
    return this.#one(`SELECT ${COLUMNS} FROM ${SHARED_SCHEMA}.replays ORDER BY id DESC LIMIT 1`, []);
  }

  /** The replay that has not ended: under way, paused or cut off; null: there is none. */
  async open(): Promise<ReplayRecord | null> {
    return this.#one(`SELECT ${COLUMNS} FROM ${SHARED_SCHEMA}.replays WHERE ended_at IS NULL`, []);
  }

  async byId(id: number): Promise<ReplayRecord> {
    return (await this.#one(`SELECT ${COLUMNS} FROM ${SHARED_SCHEMA}.replays WHERE id = $1`, [id]))!;
  }

  /** The last replay that was completed, to estimate how long another one takes. */
  async lastDone(searchOnly: boolean): Promise<ReplayRecord | null> {
    const where = `state = 'done' AND search_only = $1`;
    return this.#one(
      `SELECT ${COLUMNS} FROM ${SHARED_SCHEMA}.replays WHERE ${where} ORDER BY id DESC LIMIT 1`,
      [searchOnly],
    );
  }

  async begin(generation: number, request: ReplayRequest): Promise<ReplayRecord> {
    const { searchOnly, sample, throttle, keep } = request;
    const begun = await this.#one(
      `INSERT INTO ${SHARED_SCHEMA}.replays (generation, search_only, sample, throttle, keep)
       VALUES ($1, $2, $3, $4, $5) RETURNING ${COLUMNS}`,
      [generation, searchOnly, sample, throttle, keep],
    );
    return begun!;
  }

  /** Resumes a replay with these options; what it builds stays the same. */
  async goOn(id: number, { sample, throttle, keep }: Omit<ReplayRequest, 'searchOnly'>): Promise<void> {
    await this.#change(id, `sample = $2, throttle = $3, keep = $4, asked = 'run', state = 'running'`, [
      sample,
      throttle,
      keep,
    ]);
  }

  /**
   * Asks the open replay to run, pause or cancel.
   * @returns the replay after that; null: none is open
   */
  async ask(asked: ReplayAsked): Promise<ReplayRecord | null> {
    const open = await this.open();
    if (open === null) return null;
    await this.#change(open.id, 'asked = $2', [asked]);
    return this.open();
  }

  async asked(id: number): Promise<ReplayAsked> {
    const { rows } = await this.#db.query<{ asked: ReplayAsked }>(
      `SELECT asked FROM ${SHARED_SCHEMA}.replays WHERE id = $1`,
      [id],
    );
    return rows[0]!.asked;
  }

  /** @param worked seconds of work on a phase since the last call */
  async advance(
    id: number,
    { phase, done, total }: ReplayProgress,
    events: number | null,
    worked: { readonly on: ReplayPhase; readonly seconds: number },
  ): Promise<void> {
    await this.#change(
      id,
      `phase = $2, done = $3, total = $4, events = coalesce($5, events), seconds = jsonb_set(seconds,
         ARRAY[$6], to_jsonb(coalesce((seconds ->> $6)::float8, 0) + $7::float8))`,
      [phase, Math.round(done), total === null ? null : Math.round(total), events, worked.on, worked.seconds],
    );
  }

  async become(id: number, state: 'running' | 'paused'): Promise<void> {
    await this.#change(id, 'state = $2', [state]);
  }

  async end(id: number, state: 'done' | 'failed' | 'cancelled', error: string | null): Promise<void> {
    await this.#change(id, 'state = $2, error = $3, ended_at = now()', [state, error]);
  }

  async #change(id: number, set: string, values: readonly unknown[]): Promise<void> {
    await this.#db.query(
      `WITH changed AS (
         UPDATE ${SHARED_SCHEMA}.replays SET ${set}, updated_at = now() WHERE id = $1 RETURNING id
       ) SELECT pg_notify('${REPLAY_CHANNEL}', id::text) FROM changed`,
      [id, ...values],
    );
  }

  async #one(text: string, values: unknown[]): Promise<ReplayRecord | null> {
    const rows = await rowsOrNone<ReplayRecord>(this.#db, text, values);
    return rows[0] ?? null;
  }
}
