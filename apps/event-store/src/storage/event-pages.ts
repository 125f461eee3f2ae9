import pg from 'pg';
import { encodeReadFrame } from '../wire/recorded-event.js';
import type { FrameSlab } from '../wire/frames.js';
import { textOf, type CopiedRow } from '#platform/copy-out.js';
import type { StoredEvent } from './stored-event.js';

export type Direction = 'forwards' | 'backwards';

const PAGE_MAX_BYTES = 4 * 1024 * 1024;

/**
 * Connection options of the reader. They make PostgreSQL read every page by its index, which costs the same at any
 * size of the table. With old statistics the planner might choose otherwise.
 */
export const PLANNING =
  '-c enable_seqscan=off -c enable_bitmapscan=off -c plan_cache_mode=force_generic_plan';

const COLUMNS = 'position, stream, revision, event_id, type, is_json, data, metadata, created_ms';

/**
 * A page in index order, cut where its events add up to PAGE_MAX_BYTES: a thousand events may be a
 * thousand megabytes. The first event is always included.
 */
function pageQuery(where: string, order: string, limit: string): string {
  const size = 'octet_length(data) + octet_length(metadata)';
  return `SELECT ${COLUMNS} FROM (
      SELECT *, sum(${size}) OVER (ORDER BY ${order}) - (${size}) AS bytes_before FROM (
        SELECT ${COLUMNS} FROM event_store.events WHERE ${where} ORDER BY ${order} LIMIT ${limit}
      ) page
    ) sized WHERE bytes_before < ${PAGE_MAX_BYTES}`;
}

export const FEW_OF_STREAM = {
  forwards: {
    name: 'stream_forwards',
    text: pageQuery('stream = $1 AND revision >= $2', 'revision', '$3'),
  },
  backwards: {
    name: 'stream_backwards',
    text: pageQuery('stream = $1 AND revision <= $2', 'revision DESC', '$3'),
  },
};

/** A row in text format, as an ordinary query (not COPY) returns it. */
export type TextRow = [
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

/** The query for events of `$all` after (or, backwards, before) a position. */
export function allPage(direction: Direction, position: number, limit: number): string {
  const where = `position ${direction === 'forwards' ? '>' : '<'} ${integer(position)}`;
  return pageQuery(where, direction === 'forwards' ? 'position' : 'position DESC', integer(limit));
}

/** The query for events of a stream from a revision on, inclusive. */
export function streamPage(stream: string, direction: Direction, revision: number, limit: number): string {
  const comparison = direction === 'forwards' ? '>=' : '<=';
  const where = `stream = ${pg.escapeLiteral(stream)} AND revision ${comparison} ${integer(revision)}`;
  return pageQuery(where, direction === 'forwards' ? 'revision' : 'revision DESC', integer(limit));
}

export function storedEvent(row: TextRow): StoredEvent {
  const position = Number(row[0]);
  const stream = row[1];
  const revision = Number(row[2]);
  const type = row[4];
  const createdMs = Number(row[8]);
  const frame = encodeReadFrame({
    position,
    stream,
    revision,
    id: row[3],
    type,
    createdMs,
    isJson: row[5] === 't',
    data: row[6].slice(2),
    metadata: row[7].slice(2),
  });
  return { position, stream, revision, type, createdMs, frame };
}

/** Decodes a row of a page whose frames share `slab`. The bytes of the row are copied once, into the frame. */
export function copiedEvent(row: CopiedRow, slab: FrameSlab): StoredEvent {
  const position = row.bigint();
  const stream = row.slice();
  const revision = row.bigint();
  const id = row.slice();
  const type = row.slice();
  const isJson = row.boolean();
  const data = row.slice();
  const metadata = row.slice();
  const createdMs = row.bigint();
  const fields = { position, stream, revision, id, type, isJson, data, metadata, createdMs };
  const frame = encodeReadFrame(fields, slab);
  return { position, stream: textOf(stream), revision, type: textOf(type), createdMs, frame };
}

/** A number to be put into the text of a statement. @throws Error when it is no safe integer */
function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new Error(`${value} is no whole number`);
  return String(value);
}
