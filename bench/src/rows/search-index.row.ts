import type { Client } from '@elastic/elasticsearch';
import pg from 'pg';
import type { EventStore } from '#event-store/port.js';
import { createLogger } from '#platform/logging.js';
import { BULK_LIMITS } from '#projections/rebuild/kept-meanwhile.js';
import { SearchFollower, type SearchFollowerOptions } from '#projections/search-follower.js';
import type { Generation } from '#read-models/generations.js';
import { SHARED_SCHEMA } from '#read-models/schema.js';
import { beginBulk, endBulk } from '#read-models/search/elasticsearch/bulk-index.js';
import { createIndex } from '#read-models/search/elasticsearch/index-definition.js';
import { importFile } from '../imported-file.js';
import { interleave, runWhole, type Row } from '../measure.js';
import { benchClient, newIndexPrefix, removeIndexes } from '../search-engine.js';
import { activeIndex, untilPositionVisible } from '../settle.js';
import type { System } from '../system.js';

const TARGET_RATIO = 0.7;
const REBUILD_TARGET_RATIO = 0.8;
const LOOK_EVERY_MS = 2;
const BULK_DOCUMENTS = 1_000;
const BULK_MAX_BYTES = 4_000_000;

/**
 * All documents of imported orders into an empty index that is searched meanwhile: the follower, which reads the
 * rows and makes documents of them, against `_bulk` alone with the same documents, ready made.
 */
export function searchIndex(system: System, store: EventStore, file: string | null): Promise<Row> {
  return filled(system, store, file, { name: 'search-index', target: TARGET_RATIO });
}

/** The same into an index that nobody searches yet, as `orderctl replay --search-only` fills it: no refresh, no replica. */
export function rebuildSearch(system: System, store: EventStore, file: string | null): Promise<Row> {
  return filled(system, store, file, { name: 'rebuild-search', target: REBUILD_TARGET_RATIO, inBulk: true });
}

async function filled(
  system: System,
  store: EventStore,
  file: string | null,
  { name, target, inBulk = false }: { name: string; target: number; inBulk?: boolean },
): Promise<Row> {
  await importFile(system, file);
  await untilPositionVisible(system, store);
  const client = benchClient();
  const pool = new pg.Pool({ connectionString: system.postgresUrl, max: 1 });
  const prefix = newIndexPrefix();
  const create = inBulk ? beginBulk : createIndex;
  const end = async (index: string) => (inBulk ? endBulk(client, index) : undefined);
  try {
    const documents = await documentsOf(client, await activeIndex(system));
    const { length: count } = documents;
    return await interleave(
      { name, target },
      {
        ours: async (i) => {
          const generation = await anotherGeneration(pool, i, `${prefix}-ours-${i}`);
          await create(client, generation.searchIndex!);
          return runWhole(count, async () => {
            await followed(client, system.postgresUrl, generation, count, inBulk ? BULK_LIMITS : null);
            await end(generation.searchIndex!);
          });
        },
        raw: async (i) => {
          const index = `${prefix}-raw-${i}`;
          await create(client, index);
          return runWhole(count, async () => {
            await sent(client, index, documents);
            await end(index);
          });
        },
      },
    );
  } finally {
    await removeIndexes(client, prefix);
    await Promise.all([client.close(), pool.end()]);
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

/** The rows of the system's own one, to be followed from their beginning into another index. */
async function anotherGeneration(pool: pg.Pool, repetition: number, index: string): Promise<Generation> {
  const { rows } = await pool.query<{ id: number; schema: string }>(
    `WITH own AS (SELECT schema_name AS schema FROM ${SHARED_SCHEMA}.generations
       JOIN ${SHARED_SCHEMA}.active_generation ON id = generation), added AS (
       INSERT INTO ${SHARED_SCHEMA}.generations (id, schema_name, fingerprint, search_index)
       SELECT 1000 + $1, schema || $2, $2, $2 FROM own RETURNING id
     ) SELECT id, schema FROM added, own`,
    [repetition, index],
  );
  const [one] = rows;
  return { ...one!, fingerprint: index, searchIndex: index, rowsOf: one!.id };
}

async function followed(
  client: Client,
  postgresUrl: string,
  generation: Generation,
  count: number,
  limits: SearchFollowerOptions['limits'] | null,
): Promise<void> {
  const logger = createLogger('bench', 'silent');
  const follower = new SearchFollower({
    ...{ client, postgresUrl, generation: async () => generation, logger },
    ...(limits ? { limits } : {}),
  });
  const stop = new AbortController();
  const ended = follower.run(stop.signal);
  while (follower.totals.documents < count || follower.state !== 'live') {
    await new Promise((later) => setTimeout(later, LOOK_EVERY_MS));
    if (follower.lastError !== null) throw new Error(`the follower waits: ${follower.lastError}`);
  }
  stop.abort();
  await ended;
}

/** Two requests under way, as the follower has. */
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
