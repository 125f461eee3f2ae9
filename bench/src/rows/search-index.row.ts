import type { Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import { createPool } from '#platform/postgres.js';
import { REFRESH_WITHIN_MS } from '#projections/search/timely-refresh.js';
import type { Generation } from '#read-models/generations/generation.js';
import { SHARED_SCHEMA } from '#read-models/schema.js';
import { beginBulk, endBulk } from '#read-models/search/elasticsearch/bulk-index.js';
import { createIndex } from '#read-models/search/elasticsearch/index-definition.js';
import { buildRows } from '../built-rows.js';
import { Child } from '../child.js';
import { DEFAULT_EVENTS, fillLog, type LogOptions } from '../filled-log.js';
import type { FollowRequest } from '../follow-process.js';
import { interleave, runWhole, type Row } from '../measure.js';
import { benchClient, newIndexPrefix, removeIndexes } from '../search-engine.js';

const TARGET_RATIO = 0.7;
const REBUILD_TARGET_RATIO = 0.8;
const BULK_DOCUMENTS = 1_000;
const BULK_MAX_BYTES = 4_000_000;

/**
 * Follows all orders of a log into an empty index that can be searched meanwhile. The follower, which reads rows
 * and makes documents of them, is compared with `_bulk` alone, which gets the same documents ready made.
 */
export function searchIndex(options: LogOptions): Promise<readonly Row[]> {
  return filled(options, { name: 'search-index', target: TARGET_RATIO });
}

/**
 * As `searchIndex`, into an index that is not searched yet, as `orderctl replay --search-only` fills it: without
 * refreshes and replicas.
 */
export function rebuildSearch(options: LogOptions): Promise<readonly Row[]> {
  return filled(options, { name: 'rebuild-search', target: REBUILD_TARGET_RATIO, inBulk: true });
}

async function filled(
  { file, events }: LogOptions,
  { name, target, inBulk = false }: { name: string; target: number; inBulk?: boolean },
): Promise<readonly Row[]> {
  const log = await fillLog(events ?? DEFAULT_EVENTS, file);
  const { postgresUrl } = log;
  const client = benchClient();
  const pool = createPool(postgresUrl, { max: 1, applicationName: 'bench', statementTimeoutMs: 0 });
  const prefix = newIndexPrefix();
  const refreshInterval = `${REFRESH_WITHIN_MS}ms`;
  const create = (index: string) =>
    inBulk ? beginBulk(client, index) : createIndex(client, index, { refreshInterval });
  const end = async (index: string) => (inBulk ? endBulk(client, index) : undefined);
  try {
    const { generation: built } = await buildRows(log, pool, prefix);
    const count = await rowsOf(pool, built);
    const indexed = async (name: string) => {
      const generation = await withIndex(pool, built, name);
      await create(name);
      const follower = new Child('./follow-process.js');
      await follower.told();
      const lane = await runWhole(count, async () => {
        follower.send({ postgresUrl, generation, count, inBulk } satisfies FollowRequest);
        await follower.told();
        await end(name);
      });
      await follower.ended();
      return lane;
    };
    await indexed(`${prefix}-first`);
    const documents = await documentsOf(client, `${prefix}-first`);
    const row = await interleave(
      { name, target },
      {
        ours: (i) => indexed(`${prefix}-ours-${i}`),
        raw: async (i) => {
          const index = `${prefix}-raw-${i}`;
          await create(index);
          return runWhole(count, async () => {
            await sent(client, index, documents);
            await end(index);
          });
        },
      },
    );
    return [row];
  } finally {
    await removeIndexes(client, prefix);
    await Promise.all([client.close(), pool.end()]);
    await log.stop();
  }
}

interface Document {
  readonly id: string;
  readonly source: string;
}

async function documentsOf(client: Client, index: string): Promise<Document[]> {
  const documents: Document[] = [];
  await client.indices.refresh({ index });
  const found = client.helpers.scrollSearch<unknown>({
    index,
    query: { exists: { field: 'orderId' } },
    size: 500,
  });
  for await (const { body } of found) {
    for (const { _id, _source } of body.hits.hits) {
      documents.push({ id: _id!, source: JSON.stringify(_source) });
    }
  }
  return documents;
}

async function rowsOf(pool: pg.Pool, { schema }: Generation): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${schema}.orders`);
  return rows[0]!.count;
}

/** A generation of the same rows with another index, which is followed from the beginning of the rows. */
async function withIndex(pool: pg.Pool, built: Generation, index: string): Promise<Generation> {
  const { rows } = await pool.query<{ id: number }>(
    `INSERT INTO ${SHARED_SCHEMA}.generations (id, schema_name, fingerprint, search_index, rows_of)
     SELECT max(id) + 1, $2, $1, $1, $3 FROM ${SHARED_SCHEMA}.generations RETURNING id`,
    [index, built.schema, built.rowsOf],
  );
  return { ...built, id: rows[0]!.id, fingerprint: index, searchIndex: index };
}

/** Sends the documents with two requests under way, like the follower. */
async function sent(client: Client, index: string, documents: readonly Document[]): Promise<void> {
  const bulks = bulksOf(documents).values();
  const send = async () => {
    for (const bulk of bulks) {
      const operations = bulk.flatMap(({ id, source }, version) => [
        { index: { _id: id, version: version + 1, version_type: 'external_gte' as const } },
        source,
      ]);
      const { errors } = await client.bulk({ index, operations, filter_path: ['errors', 'items.*.status'] });
      if (errors) throw new Error('a document was refused');
    }
  };
  await Promise.all([send(), send()]);
}

function bulksOf(documents: readonly Document[]): Document[][] {
  const bulks: Document[][] = [[]];
  let bytes = 0;
  for (const document of documents) {
    const last = bulks.at(-1)!;
    if (last.length >= BULK_DOCUMENTS || bytes >= BULK_MAX_BYTES) {
      bulks.push([document]);
      bytes = document.source.length;
    } else {
      last.push(document);
      bytes += document.source.length;
    }
  }
  return bulks;
}
