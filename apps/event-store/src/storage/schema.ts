import type pg from 'pg';
import { createMissingSchema, requireUtf8 } from '#platform/postgres.js';

/**
 * One row per event. `position` is the place in `$all`, given by the one writer and never reused;
 * `data` and `metadata` are the bytes as the client sent them.
 */
const STATEMENTS = [
  createMissingSchema('event_store'),
  `CREATE TABLE IF NOT EXISTS event_store.events (
     position   bigint  PRIMARY KEY,
     stream     text    COLLATE "C" NOT NULL,
     revision   bigint  NOT NULL,
     event_id   uuid    NOT NULL,
     type       text    COLLATE "C" NOT NULL,
     is_json    boolean NOT NULL,
     data       bytea   NOT NULL,
     metadata   bytea   NOT NULL,
     created_ms bigint  NOT NULL
   )`,
  `CREATE UNIQUE INDEX IF NOT EXISTS events_stream_revision ON event_store.events (stream, revision)`,
];

/** Any number will do, as long as no other program locks the same one in this database. */
const WRITER_LOCK = 0x6f72646c;

/**
 * Creates what is missing. Where nothing is missing, no statement is sent: to create an index, PostgreSQL locks the table
 * before it looks whether the index is there, and would wait for a VACUUM that is under way.
 */
export async function migrate(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ made: boolean }>(
    `SELECT to_regclass('event_store.events_stream_revision') IS NOT NULL AS made`, // made last
  );
  if (rows[0]!.made) return;
  await requireUtf8(client);
  for (const statement of STATEMENTS) await client.query(statement);
}

/** Not a standby, where the transactions are read-only as well. Such a one would give the writer's lock, too. */
export async function takesWrites(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ writable: boolean }>(
    `SELECT NOT current_setting('transaction_read_only')::boolean AS writable`,
  );
  return rows[0]!.writable;
}

export interface WriterLock {
  /** Whether this session now has the right to write. The session keeps it until it ends. */
  readonly locked: boolean;
  /** PostgreSQL's process of this session. */
  readonly pid: number;
  /** That of the session which has the right to write; null: none just then. */
  readonly holder: number | null;
}

export async function tryWriterLock(client: pg.ClientBase): Promise<WriterLock> {
  const { rows } = await client.query<WriterLock>(
    `SELECT pg_try_advisory_lock($1) AS locked, pg_backend_pid() AS pid, (
       SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND (classid::bigint << 32 | objid::bigint) = $1 AND objsubid = 1
     ) AS holder`,
    [WRITER_LOCK],
  );
  return rows[0]!;
}

/** SQL for the position of the last event, 0 when there is none. */
export const LAST_POSITION = 'SELECT coalesce(max(position), 0) AS last FROM event_store.events';

export async function lastPosition(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ last: string }>(LAST_POSITION);
  return Number(rows[0]?.last ?? 0);
}
