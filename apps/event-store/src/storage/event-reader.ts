import pg from 'pg';
import type { Logger } from '#platform/logging.js';
import { parseMetadata, type StreamState } from '../streams/stream-state.js';
import { encodeReadFrame, TOMBSTONE_REVISION } from '../wire/recorded-event.js';
import { copyOut, type CopiedRow } from './copy-out.js';
import { int8Array, textArray } from './pg-array.js';
import type { StoredEvent } from './stored-event.js';

export type Direction = 'forwards' | 'backwards';

/** PostgreSQL cannot be asked at the moment. */
export class StorageUnavailable extends Error {
  override readonly name = 'StorageUnavailable';
}

const PAGE_MAX_BYTES = 4 * 1024 * 1024;

const COLUMNS = 'position, stream, revision, event_id, type, is_json, data, metadata, created_ms';

/** Up to so many events a prepared statement is cheaper; from there on the rows cost more than the plan. */
const PREPARED_MAX_EVENTS = 50;

/**
 * A page in index order, cut where its events add up to PAGE_MAX_BYTES: a thousand events may be a
 * thousand megabytes. The first event always comes.
 */
function pageQuery(where: string, order: string, limit: string): string {
  const size = 'octet_length(data) + octet_length(metadata)';
  return `SELECT ${COLUMNS} FROM (
      SELECT *, sum(${size}) OVER (ORDER BY ${order}) - (${size}) AS bytes_before FROM (
        SELECT ${COLUMNS} FROM event_store.events WHERE ${where} ORDER BY ${order} LIMIT ${limit}
      ) page
    ) sized WHERE bytes_before < ${PAGE_MAX_BYTES}`;
}

const FEW_OF_STREAM = {
  forwards: {
    name: 'stream_forwards',
    text: pageQuery('stream = $1 AND revision >= $2', 'revision', '$3'),
  },
  backwards: {
    name: 'stream_backwards',
    text: pageQuery('stream = $1 AND revision <= $2', 'revision DESC', '$3'),
  },
};

type Row = [
  position: string,
  stream: string,
  revision: string,
  id: string,
  type: string,
  isJson: string,
  data: string,
  metadata: string,
  createdMs: string,
];

// Rows are parsed by hand: text as it comes is enough, and there are a lot of them.
const AS_TEXT = { getTypeParser: () => (value: string) => value };

/** Reads committed events, over a few connections of its own. */
export class EventReader {
  readonly #pool: pg.Pool;

  constructor(postgresUrl: string, logger: Logger) {
    this.#pool = new pg.Pool({
      connectionString: postgresUrl,
      max: 4,
      idleTimeoutMillis: 30_000,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      application_name: 'orderlog event-store reader',
      // A page costs the same by its index at any size of the table, whatever old statistics say.
      options:
        '-c bytea_output=hex -c enable_seqscan=off -c enable_bitmapscan=off -c plan_cache_mode=force_generic_plan',
    });
    this.#pool.on('error', (err) => logger.warn({ err }, 'an idle reading connection was lost'));
  }

  /** Events of `$all` after (or, backwards, before) a position. */
  async pageOfAll(direction: Direction, position: number, limit: number): Promise<StoredEvent[]> {
    const where = `position ${direction === 'forwards' ? '>' : '<'} ${integer(position)}`;
    const order = direction === 'forwards' ? 'position' : 'position DESC';
    return this.#copy(pageQuery(where, order, integer(limit)));
  }

  /** Events of a stream from a revision on, that one included. */
  async pageOfStream(
    stream: string,
    direction: Direction,
    revision: number,
    limit: number,
  ): Promise<StoredEvent[]> {
    if (limit <= PREPARED_MAX_EVENTS) {
      const rows = await this.#rows<Row>(FEW_OF_STREAM[direction], [stream, revision, limit]);
      return rows.map(storedEvent);
    }
    const comparison = direction === 'forwards' ? '>=' : '<=';
    const where = `stream = ${pg.escapeLiteral(stream)} AND revision ${comparison} ${integer(revision)}`;
    const order = direction === 'forwards' ? 'revision' : 'revision DESC';
    return this.#copy(pageQuery(where, order, integer(limit)));
  }

  /** The states of streams (not metastreams) as they are committed, in the order asked. */
  async statesOf(streams: readonly string[]): Promise<StreamState[]> {
    const rows = await this.#rows<[string | null, string | null, string | null]>(STATES, [
      textArray(streams),
    ]);
    return rows.map(([revision, metaRevision, metadata]) => ({
      revision: revision === null ? -1 : Number(revision),
      tombstoned: Number(revision) === TOMBSTONE_REVISION,
      metaRevision: metaRevision === null ? -1 : Number(metaRevision),
      metadata: metadata === null ? null : parseMetadata(Buffer.from(metadata.slice(2), 'hex')),
    }));
  }

  /** For each place in a stream the event there, or null. */
  async eventsAt(
    places: readonly { stream: string; revision: number }[],
  ): Promise<({ id: string; position: number } | null)[]> {
    const rows = await this.#rows<[string | null, string | null]>(EVENTS_AT, [
      textArray(places.map((place) => place.stream)),
      int8Array(places.map((place) => place.revision)),
    ]);
    return rows.map(([id, position]) => (id === null ? null : { id, position: Number(position) }));
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #copy(query: string): Promise<StoredEvent[]> {
    try {
      const client = await this.#pool.connect();
      let broken = true;
      try {
        const events: StoredEvent[] = [];
        await copyOut(client, query, (row) => events.push(copiedEvent(row)));
        broken = false;
        return events;
      } finally {
        client.release(broken);
      }
    } catch (cause) {
      throw new StorageUnavailable('PostgreSQL does not answer', { cause });
    }
  }

  async #rows<R extends unknown[]>(query: { name: string; text: string }, values: unknown[]): Promise<R[]> {
    try {
      const result = await this.#pool.query<R>({ ...query, values, rowMode: 'array', types: AS_TEXT });
      return result.rows;
    } catch (cause) {
      throw new StorageUnavailable('PostgreSQL does not answer', { cause });
    }
  }
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

function storedEvent(row: Row): StoredEvent {
  const event = {
    position: Number(row[0]),
    stream: row[1],
    revision: Number(row[2]),
    id: row[3],
    type: row[4],
    createdMs: Number(row[8]),
  };
  const frame = encodeReadFrame({
    ...event,
    isJson: row[5] === 't',
    data: row[6].slice(2),
    metadata: row[7].slice(2),
  });
  return { ...event, frame };
}

function copiedEvent(row: CopiedRow): StoredEvent {
  const event = {
    position: row.bigint(),
    stream: row.text(),
    revision: row.bigint(),
    id: row.uuid(),
    type: row.text(),
  };
  const payload = { isJson: row.boolean(), data: row.bytes(), metadata: row.bytes() };
  const createdMs = row.bigint();
  return { ...event, createdMs, frame: encodeReadFrame({ ...event, ...payload, createdMs }) };
}

/** A number that goes into a statement as it is. */
function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new Error(`${value} is no whole number`);
  return String(value);
}
