import pg from 'pg';
import type { IndexSample, Sample } from '../checker/facts.js';
import { keyOfRow } from '../checker/story.js';
import { loadDocuments } from './load-documents.js';
import {
  activeGeneration,
  idsOf,
  inSnapshot,
  loadLate,
  loadParked,
  loadSkips,
  OF_GENERATION,
  rowsOf,
  type ActiveGeneration,
} from './load-rows.js';

export interface SampledFrom {
  readonly postgresUrl: string;
  /** null: orders are searched in PostgreSQL. */
  readonly elasticsearchUrl: string | null;
}

/**
 * Checkpoint, rows and quarantine in one snapshot, and the documents that the index holds just after it. By then
 * the index may hold more than the search checkpoint in the snapshot says, never less.
 * @returns null when there is no generation yet
 * @throws when PostgreSQL is away
 */
export async function takeSample(from: SampledFrom, atMs: number): Promise<Sample | null> {
  const db = new pg.Client({ connectionString: from.postgresUrl, connectionTimeoutMillis: 3_000 });
  db.on('error', () => {}); // reported by the query that it interrupts
  try {
    await db.connect();
    return await sampleOf(db, from, atMs);
  } finally {
    await db.end();
  }
}

async function sampleOf(db: pg.Client, from: SampledFrom, atMs: number): Promise<Sample | null> {
  const snapshot = await inSnapshot(db, async () => {
    const generation = await activeGeneration(db);
    if (generation === null) return null;
    const { schema } = generation;
    const checkpoints = await rowsOf(
      db,
      `SELECT projection, position FROM orderlog.checkpoints WHERE ${OF_GENERATION}`,
      idsOf(generation),
    );
    const orders = await rowsOf(db, `SELECT tenant_id, order_id, revision FROM ${schema}.orders`);
    const [history] = await rowsOf(db, `SELECT count(*)::int AS rows FROM ${schema}.order_history`);
    const position = (projection: string) => {
      const row = checkpoints.find((one) => one['projection'] === projection);
      return row === undefined ? null : BigInt(String(row['position']));
    };
    return {
      generation,
      searchCheckpoint: position('search'),
      late: await loadLate(db, generation),
      checkpoint: position('orders'),
      historyRows: history!['rows'] as number,
      revisions: new Map(orders.map((row) => [keyOfRow(row), row['revision'] as number])),
      parked: await loadParked(db, generation),
      skips: await loadSkips(db, 'orders'),
    };
  });
  if (snapshot === null) return null;
  const { generation, searchCheckpoint, late, ...seen } = snapshot;
  return {
    ...seen,
    generation: generation.id,
    atMs,
    index: await indexOf(from, generation, searchCheckpoint, late),
  };
}

async function indexOf(
  { elasticsearchUrl }: SampledFrom,
  { index }: ActiveGeneration,
  checkpoint: bigint | null,
  late: ReadonlySet<string>,
): Promise<IndexSample | null> {
  if (elasticsearchUrl === null || index === null || checkpoint === null) return null;
  try {
    const documents = await loadDocuments(elasticsearchUrl, index);
    const revisions = documents.map(({ id, source }) => [id, source['revision'] as number] as const);
    return { checkpoint, revisions: new Map(revisions), late };
  } catch {
    return null; // Elasticsearch is away, as it may be during a run
  }
}
