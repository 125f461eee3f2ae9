import type { Queryable } from '../generations.js';
import { REPLAY_CHANNEL, SHARED_SCHEMA } from '../schema.js';
import { rowsOrNone } from './rows-or-none.js';

export const replayPhases = ['loading', 'finishing', 'catching_up', 'verifying', 'flipping'] as const;
export type ReplayPhase = (typeof replayPhases)[number];

export type ReplayAsked = 'run' | 'pause' | 'cancel';
export type ReplayState = 'running' | 'paused' | 'done' | 'failed' | 'cancelled';

/** What a replay was asked for at its start. */
export interface ReplayRequest {
  /** A new index beside the rows that are there. */
  readonly searchOnly: boolean;
  /** Orders that are compared before the flip; null: all. */
  readonly sample: number | null;
  /** Events a second at most; null: as many as there can be. */
  readonly throttle: number | null;
  /** Generations that a flip leaves behind are not dropped. */
  readonly keep: boolean;
}

/** What is given for one that may be another's to go on with: all else stays as that was asked for. */
export type ReplayRequested = Pick<ReplayRequest, 'searchOnly'> & Partial<ReplayRequest>;

export interface ReplayProgress {
  readonly phase: ReplayPhase;
  /** Of `total`: positions of the log, steps, or orders; what a phase counts in. */
  readonly done: number;
  readonly total: number | null;
}

export interface ReplayRecord extends ReplayRequest, ReplayProgress {
  readonly id: number;
  readonly generation: number;
  readonly asked: ReplayAsked;
  readonly state: ReplayState;
  /** Of orders, read in bulk so far. */
  readonly events: number;
  /** Worked on each phase. */
  readonly seconds: Readonly<Partial<Record<ReplayPhase, number>>>;
  readonly error: string | null;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
  /** Whether a process is at it: one that was killed holds no lock. */
  readonly isAttended: boolean;
}

// Of the process that is at the one replay that is under way. Others are in generations.ts and in apps/event-store.
const REPLAY_LOCK = 0x6f726c72;

const COLUMNS = `id, generation, search_only AS "searchOnly", sample, throttle, keep, asked, state, phase,
  done::float8 AS done, total::float8 AS total, events::float8 AS events, seconds, error,
  started_at AS "startedAt", updated_at AS "updatedAt", ended_at AS "endedAt",
  ended_at IS NULL AND EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = 0 AND objid = ${REPLAY_LOCK} AND objsubid = 1) AS "isAttended"`;

/** The replays of a database: what they were asked for, how far they are, and what came of them. */
export class ReplaysStore {
  readonly #db: Queryable;

  constructor(db: Queryable) {
    this.#db = db;
  }

  /** Whether this session is the one that is at it now; held until the session ends. */
  async attend(): Promise<boolean> {
    const { rows } = await this.#db.query<{ mine: boolean }>(
      'SELECT pg_try_advisory_lock($1::bigint) AS mine',
      [REPLAY_LOCK],
    );
    return rows[0]!.mine;
  }

  /** The last one, ended or not; null: there was none. */
  async last(): Promise<ReplayRecord | null> {
    return this.#one(`SELECT ${COLUMNS} FROM ${SHARED_SCHEMA}.replays ORDER BY id DESC LIMIT 1`, []);
  }

  /** The one that is under way, or was cut off. */
  async open(): Promise<ReplayRecord | null> {
    return this.#one(`SELECT ${COLUMNS} FROM ${SHARED_SCHEMA}.replays WHERE ended_at IS NULL`, []);
  }

  /** The last that came to its end, for what another would take. */
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

  /** As it is asked for now; what it builds stays what it is. */
  async goOn(id: number, { sample, throttle, keep }: Omit<ReplayRequest, 'searchOnly'>): Promise<void> {
    await this.#change(id, `sample = $2, throttle = $3, keep = $4, asked = 'run', state = 'running'`, [
      sample,
      throttle,
      keep,
    ]);
  }

  /** @returns what was asked, or null when none is under way */
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

  /** @param worked since that was told last */
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
