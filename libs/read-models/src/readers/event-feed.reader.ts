import { SHARED_SCHEMA } from '../schema.js';
import { audienceConditions } from './order-filter.js';
import { EVENT_COLUMNS, eventOf, type EventRow, type HistoryEntry } from './order-history.reader.js';
import type { ReadModels } from './read-models.js';
import { allOf, Parameters } from './sql.js';

/** An event of any order of the tenant. */
export type FeedEvent = {
  readonly position: string;
  readonly orderId: string;
  readonly revision: number;
} & Omit<HistoryEntry, 'changes' | 'revision'>;

export interface FeedPage {
  readonly items: readonly FeedEvent[];
  /** Give it as `after` to go on. It moves on though no event matched. */
  readonly next: string;
}

export interface FeedQuestion {
  readonly tenantId: string;
  /** A position; -1 for the beginning. */
  readonly after: bigint;
  readonly types: readonly string[] | null;
  readonly limit: number;
}

/**
 * The tenant's events after a position, in the order of the event store. None is skipped that becomes
 * visible later: one owner writes positions in order, and each batch becomes visible in one transaction
 * together with the checkpoint after it. What this statement sees up to that checkpoint is therefore
 * all there is up to it, and every later event has a later position.
 */
export async function readFeed(models: ReadModels, question: FeedQuestion): Promise<FeedPage> {
  const { after, types, limit } = question;
  return models.read(async ({ rowsOf, schema }, pool) => {
    const parameters = new Parameters();
    const generation = parameters.add(rowsOf);
    const conditions = [
      ...audienceConditions({ tenantId: question.tenantId, customerId: null }, parameters, 'o'),
      `o.position > ${parameters.add(after.toString())}`,
      'o.position <= c.position',
    ];
    if (types !== null && types.length > 0) {
      conditions.push(`o.type = ANY(${parameters.add(types)}::text[])`);
    }
    // The outer join brings the checkpoint also where no event matches, from the same snapshot.
    const text = `WITH c AS (
        SELECT position FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = ${generation} AND projection = 'orders'
      )
      SELECT c.position AS checkpoint, e.* FROM c LEFT JOIN LATERAL (
        SELECT o.position, o.order_id, o.revision, ${EVENT_COLUMNS} FROM ${schema}.order_history o
        WHERE ${allOf(conditions)} ORDER BY o.position LIMIT ${parameters.add(limit)}
      ) e ON true ORDER BY e.position`;
    const { rows } = await pool.query<FeedRow>(text, parameters.values);
    const items = rows.filter((row) => row.position !== null).map(feedEventOf);
    return { items, next: nextPosition(question, items, rows[0]?.checkpoint ?? null) };
  });
}

interface FeedRow extends EventRow {
  readonly checkpoint: string;
  readonly position: string | null;
  readonly order_id: string;
  readonly revision: number;
}

function feedEventOf(row: FeedRow): FeedEvent {
  return { position: row.position!, orderId: row.order_id, revision: row.revision, ...eventOf(row) };
}

function nextPosition(
  { after, limit }: FeedQuestion,
  items: readonly FeedEvent[],
  checkpoint: string | null,
): string {
  const last = items.at(-1)?.position;
  if (items.length === limit && last !== undefined) return last;
  // Everything up to the checkpoint was looked at.
  const seen = checkpoint === null || BigInt(checkpoint) < after ? after : BigInt(checkpoint);
  return seen.toString();
}
