import { Client } from '@elastic/elasticsearch';
import pg from 'pg';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { parseOrderStream } from '#event-store/streams.js';
import { summaryColumns } from '#read-models/order-summary.js';
import { readTopic, type TopicReading } from './read-topic.js';

/** What an order's stream and its messages must agree on. */
export interface EventCopy {
  readonly eventId: string;
  readonly type: string;
  readonly revision: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The stored form of an event's data: the time, the facts, and the personal part beside them. */
interface StoredData {
  readonly data: Fields;
}

export type Fields = Readonly<Record<string, unknown>>;

/**
 * Every order in the four places that hold it, by `tenant/id`. They are read without the code that keeps them
 * equal.
 */
export interface FourCopies {
  readonly streams: ReadonlyMap<string, readonly EventCopy[]>;
  readonly rows: ReadonlyMap<string, Fields>;
  readonly documents: ReadonlyMap<string, Fields>;
  /** First occurrences only: a message that was sent again does not count. */
  readonly messages: ReadonlyMap<string, readonly EventCopy[]>;
}

export interface Places {
  readonly eventStoreUrl: string;
  readonly postgresUrl: string;
  readonly elasticsearchUrl: string;
  readonly kafka: TopicReading;
}

const PAGE_DOCUMENTS = 1_000;

export async function readFourCopies(places: Places): Promise<FourCopies> {
  const streams = await readStreams(places.eventStoreUrl);
  const events = [...streams.values()].reduce((sum, stream) => sum + stream.length, 0);
  const { rows, searchIndex } = await readRows(places.postgresUrl);
  return {
    streams,
    rows,
    documents: await readDocuments(places.elasticsearchUrl, searchIndex),
    messages: await readMessages({ ...places.kafka, atLeast: events }),
  };
}

async function readStreams(connectionString: string): Promise<Map<string, EventCopy[]>> {
  const store = new DbClientEventStore({ connectionString });
  const reading = new AbortController();
  const streams = new Map<string, EventCopy[]>();
  try {
    const all = store.subscribeToAll({ after: null, streamPrefix: 'order-', signal: reading.signal });
    for await (const message of all) {
      if (message.kind === 'caught_up') break;
      if (message.kind !== 'event') continue;
      const { eventId, type, revision, stream, data } = message.event;
      const { tenantId, orderId } = parseOrderStream(stream)!;
      add(streams, `${tenantId}/${orderId}`, { eventId, type, revision, data: (data as StoredData).data });
    }
    return streams;
  } finally {
    reading.abort();
    await store.close();
  }
}

async function readRows(url: string): Promise<{ rows: Map<string, Fields>; searchIndex: string }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const active = await client.query<{ schema_name: string; search_index: string | null }>(
      'SELECT schema_name, search_index FROM orderlog.generations JOIN orderlog.active_generation ON id = generation',
    );
    const { schema_name: schema, search_index: searchIndex } = active.rows[0]!;
    if (searchIndex === null) throw new Error(`the active generation ${schema} has no search index`);
    const columns = summaryColumns.map(({ field, column, type }) =>
      type === 'int8' ? `${column}::float8 AS "${field}"` : `${column} AS "${field}"`,
    );
    const { rows } = await client.query<Fields>(`SELECT ${columns.join(', ')} FROM ${schema}.orders`);
    return { rows: new Map(rows.map((row) => [keyOf(row), row])), searchIndex };
  } finally {
    await client.end();
  }
}

async function readDocuments(node: string, index: string): Promise<Map<string, Fields>> {
  const client = new Client({ node });
  const documents = new Map<string, Fields>();
  try {
    await client.indices.refresh({ index });
    const { id } = await client.openPointInTime({ index, keep_alive: '1m' });
    const orders = { exists: { field: 'orderId' } }; // excludes the marker document of the index
    const page = {
      query: orders,
      pit: { id, keep_alive: '1m' },
      size: PAGE_DOCUMENTS,
      sort: '_shard_doc',
    } as const;
    for (let after: { search_after?: (string | number)[] } = {}; ;) {
      const { hits } = (await client.search<Fields>({ ...page, ...after })).hits;
      for (const { _source } of hits) documents.set(keyOf(_source!), _source!);
      if (hits.length < PAGE_DOCUMENTS) break;
      after = { search_after: hits.at(-1)!.sort as (string | number)[] };
    }
    await client.closePointInTime({ id });
    return documents;
  } finally {
    await client.close();
  }
}

async function readMessages(reading: TopicReading): Promise<Map<string, EventCopy[]>> {
  const messages = new Map<string, EventCopy[]>();
  const seen = new Set<string>();
  await readTopic(reading, ({ key, headers, value }) => {
    const eventId = headers['ce_id'] ?? '';
    if (seen.has(eventId)) return;
    seen.add(eventId);
    const tenantId = /^\/orderlog\/(.+)$/.exec(headers['ce_source'] ?? '')?.[1];
    add(messages, `${tenantId}/${key}`, {
      eventId,
      type: headers['ce_type'] ?? '',
      revision: Number(headers['ce_orderrevision']),
      data: JSON.parse(value) as Fields,
    });
  });
  return messages;
}

function add(copies: Map<string, EventCopy[]>, key: string, event: EventCopy): void {
  const known = copies.get(key);
  if (known) known.push(event);
  else copies.set(key, [event]);
}

function keyOf({ tenantId, orderId }: Fields): string {
  return `${String(tenantId)}/${String(orderId)}`;
}
