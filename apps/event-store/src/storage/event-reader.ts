import pg from 'pg';
import type { Logger } from '#platform/logging.js';
import { parseMetadata, type StreamState } from '../rules/stream-state.js';
import { TOMBSTONE_REVISION } from '../wire/recorded-event.js';
import { FrameSlab } from '../wire/frames.js';
import { copyOut } from '#platform/copy-out.js';
import { connectionWith, isUnavailable, KEPT_ALIVE, outliveLosses } from '#platform/postgres.js';
import {
  allPage,
  copiedEvent,
  FEW_OF_STREAM,
  PLANNING,
  storedEvent,
  streamPage,
  type Direction,
  type TextRow,
} from './event-pages.js';
import { int8Array, textArray } from './pg-array.js';
import { LAST_POSITION } from './schema.js';
import type { StoredEvent } from './stored-event.js';

/** PostgreSQL cannot be reached, or does not answer in time. What it refuses, or a broken row, is another error. */
export class StorageUnavailable extends Error {
  override readonly name = 'StorageUnavailable';
}

/** Longest wait for a connection, unless answers may take far longer. */
const CONNECT_LIMIT_MS = 5_000;

/** Up to this many events a prepared statement is cheaper than COPY. Above it the rows cost more than the plan. */
const PREPARED_MAX_EVENTS = 12;

// The many rows are decoded here, so pg only has to hand over their text.
const AS_TEXT = { getTypeParser: () => (value: string) => value };

/** Reads committed events over two small connection pools of its own. */
export class EventReader {
  /** For pages of events. Readers of history may keep all of them busy. */
  readonly #pages: pg.Pool;
  /** For what the writer has to know before it can decide: it does not wait for pages. */
  readonly #lookups: pg.Pool;

  constructor(postgresUrl: string, logger: Logger, answerLimitMs: number) {
    const open = (max: number, name: string) => {
      const pool = new pg.Pool({
        ...connectionWith(postgresUrl, `-c bytea_output=hex ${PLANNING}`),
        max,
        idleTimeoutMillis: 30_000,
        connectionTimeoutMillis: Math.max(CONNECT_LIMIT_MS, answerLimitMs / 2),
        query_timeout: answerLimitMs,
        ...KEPT_ALIVE,
        application_name: `orderlog event-store ${name}`,
      });
      outliveLosses(pool, (err) => logger.warn({ err }, 'an idle reading connection was lost'));
      return pool;
    };
    this.#pages = open(4, 'reader');
    this.#lookups = open(2, 'lookups');
  }

  /** Events of `$all` after (or, backwards, before) a position. */
  async pageOfAll(direction: Direction, position: number, limit: number): Promise<StoredEvent[]> {
    return this.#copy(allPage(direction, position, limit));
  }

  /** Events of a stream from a revision on, inclusive. */
  async pageOfStream(
    stream: string,
    direction: Direction,
    revision: number,
    limit: number,
  ): Promise<StoredEvent[]> {
    if (limit <= PREPARED_MAX_EVENTS) {
      const rows = await rowsOf<TextRow>(this.#pages, FEW_OF_STREAM[direction], [stream, revision, limit]);
      return rows.map(storedEvent);
    }
    return this.#copy(streamPage(stream, direction, revision, limit));
  }

  /** The committed states of streams (not metastreams), in the order of `streams`. */
  async statesOf(streams: readonly string[]): Promise<StreamState[]> {
    const rows = await rowsOf<[string | null, string | null, string | null]>(this.#lookups, STATES, [
      textArray(streams),
    ]);
    return rows.map(([revision, metaRevision, metadata]) => ({
      revision: revision === null ? -1 : Number(revision),
      tombstoned: Number(revision) === TOMBSTONE_REVISION,
      metaRevision: metaRevision === null ? -1 : Number(metaRevision),
      metadata: metadata === null ? null : parseMetadata(Buffer.from(metadata.slice(2), 'hex')),
    }));
  }

  /** For each place, the event stored there, or null. */
  async eventsAt(
    places: readonly { stream: string; revision: number }[],
  ): Promise<({ id: string; position: number } | null)[]> {
    const rows = await rowsOf<[string | null, string | null]>(this.#lookups, EVENTS_AT, [
      textArray(places.map((place) => place.stream)),
      int8Array(places.map((place) => place.revision)),
    ]);
    return rows.map(([id, position]) => (id === null ? null : { id, position: Number(position) }));
  }

  /** The position of the last event, 0 when there is none. */
  async lastPosition(): Promise<number> {
    const [row] = await rowsOf<[string]>(this.#lookups, { name: 'last_position', text: LAST_POSITION }, []);
    return Number(row![0]);
  }

  async close(): Promise<void> {
    await Promise.all([this.#pages.end(), this.#lookups.end()]);
  }

  async #copy(query: string): Promise<StoredEvent[]> {
    try {
      const client = await this.#pages.connect();
      let broken = true;
      try {
        const events: StoredEvent[] = [];
        const slab = new FrameSlab();
        await copyOut(client, query, (row) => events.push(copiedEvent(row, slab)));
        broken = false;
        return events;
      } finally {
        client.release(broken);
      }
    } catch (error) {
      throw readError(error);
    }
  }
}

async function rowsOf<R extends unknown[]>(
  pool: pg.Pool,
  query: { name: string; text: string },
  values: unknown[],
): Promise<R[]> {
  try {
    const { name, text } = query;
    const result = await pool.query<R>({ name, text, values, rowMode: 'array', types: AS_TEXT });
    return result.rows;
  } catch (error) {
    throw readError(error);
  }
}

function readError(cause: unknown): unknown {
  return isUnavailable(cause) ? new StorageUnavailable('PostgreSQL does not answer', { cause }) : cause;
}

const STATES = {
  name: 'stream_states',
  text: `SELECT last.revision, meta.revision, meta.data
    FROM unnest($1::text[]) WITH ORDINALITY AS asked (stream, place)
    LEFT JOIN LATERAL (
      SELECT revision FROM event_store.events WHERE stream = asked.stream ORDER BY revision DESC LIMIT 1
    ) last ON true
    LEFT JOIN LATERAL (
      SELECT revision, data FROM event_store.events WHERE stream = '$$' || asked.stream
      ORDER BY revision DESC LIMIT 1
    ) meta ON true
    ORDER BY asked.place`,
};

const EVENTS_AT = {
  name: 'events_at',
  text: `SELECT event_id, position
    FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS asked (stream, revision, place)
    LEFT JOIN event_store.events USING (stream, revision)
    ORDER BY asked.place`,
};
