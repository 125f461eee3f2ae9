import { ORDERS_PROJECTION } from '../orders.projection.js';
import { isNotThereYet } from '../stores/rows-or-none.js';
import { SHARED_SCHEMA } from '../schema.js';
import { bytesOf, cutPage } from './cut-page.js';
import { encodeFeedPlace, type FeedPlace } from './feed-place.js';
import { audienceConditions } from './order-filter.js';
import { EVENT_COLUMNS, eventOf, type EventRow, type HistoryEntry } from './order-history.reader.js';
import type { ReadModels } from './read-models.js';
import { allOf, Parameters } from './sql.js';

/** An event of any order of the tenant. */
export type FeedEvent = {
  readonly position: string;
  readonly orderId: string;
  readonly revision: number;
  /** Give it as `after` to go on behind this event. */
  readonly next: string;
} & Omit<HistoryEntry, 'changes' | 'revision'>;

/**
 * How many events a page examines for the types that are asked for: otherwise a page of a rare type would take as
 * long as all events.
 */
const LOOKED_AT = 10_000;

export interface FeedPage {
  readonly items: readonly FeedEvent[];
  /** Give it as `after` to go on. It moves on though no event matched. */
  readonly next: string;
  /** There may be more behind `next` already, also where this page has fewer events than the limit, or none. */
  readonly hasMore: boolean;
}

export interface FeedQuestion {
  readonly tenantId: string;
  /** The places that are told are of the same store. */
  readonly after: FeedPlace;
  readonly types: readonly string[] | null;
  readonly limit: number;
}

/**
 * The tenant's events after a place: first the late events, whose positions are not after that place, then the
 * others in the order of the event store. No event is missed. One owner writes positions in order, and each batch
 * becomes visible in one transaction with its checkpoint. An event that is written behind the checkpoint, or shown
 * by a flip, is noted as late in the same transaction. In a generation that is not active, as of a release beside
 * another one, the feed ends before an event that is parked in it alone: who reads on from the active one would not be
 * told of it.
 */
export async function readFeed(
  models: ReadModels,
  question: FeedQuestion,
  lookedAt = LOOKED_AT,
): Promise<FeedPage> {
  return models.read(async ({ id, rowsOf, schema }, pool) => {
    const ask = async (lateEvents: string) => {
      const { text, values } = feedStatement({ id, rowsOf, schema, lateEvents }, question, lookedAt);
      return (await pool.query<FeedRow>(text, values)).rows;
    };
    try {
      return pageOf(await ask(`${SHARED_SCHEMA}.late_events`), question);
    } catch (error) {
      if (!isNotThereYet(error)) throw error;
      return pageOf(await ask(NO_LATE_EVENTS), question); // no projector of this release has started yet
    }
  });
}

const NO_LATE_EVENTS = `(SELECT NULL::text AS tenant_id, NULL::uuid AS order_id, NULL::int AS revision,
  NULL::bigint AS seq WHERE false)`;

interface FeedSource {
  readonly id: number;
  readonly rowsOf: number;
  readonly schema: string;
  readonly lateEvents: string;
}

// The outer join tells how far the statement has looked even if no event matches, all from one snapshot. Once a
// flip has left this generation, late events are neither given nor counted as read: another generation may be the
// one that shows them.
function feedStatement(
  { id, rowsOf, schema, lateEvents }: FeedSource,
  { tenantId, after, types, limit }: FeedQuestion,
  lookedAt: number,
): { text: string; values: unknown[] } {
  const parameters = new Parameters();
  const generation = parameters.add(rowsOf);
  const position = `${parameters.add(after.position.toString())}::bigint`;
  const passed = `${parameters.add(after.late?.toString() ?? null)}::bigint`;
  const tenant = parameters.add(tenantId);
  const wanted = audienceConditions({ tenantId, customerId: null }, parameters, 'o');
  const inReach = allOf([...wanted, `o.position > ${position}`, 'o.position <= c.position']);
  const isOfTypes = types !== null && types.length > 0;
  const last = isOfTypes
    ? `(SELECT o.position FROM ${schema}.order_history o WHERE ${inReach}
        ORDER BY o.position OFFSET ${lookedAt - 1} LIMIT 1)`
    : 'NULL::bigint';
  if (isOfTypes) wanted.push(`o.type = ANY(${parameters.add(types)}::text[])`);
  const most = parameters.add(limit);
  const selected = `o.position, o.order_id, o.revision, ${EVENT_COLUMNS}, ${bytesOf('o.data')} AS bytes`;
  const found = `
      (SELECT l.seq, ${selected} FROM ${lateEvents} l
        JOIN ${schema}.order_history o USING (tenant_id, order_id, revision)
        WHERE ${allOf([...wanted, `l.tenant_id = ${tenant}`, `l.seq > ${passed}`, 'l.seq <= late.seen', `o.position <= ${position}`])}
        ORDER BY l.seq LIMIT ${most})
      UNION ALL
      (SELECT NULL, ${selected} FROM ${schema}.order_history o
        WHERE ${allOf([...wanted, `o.position > ${position}`, 'o.position <= coalesce(looked.last, looked.checkpoint)'])}
        ORDER BY o.position LIMIT ${most})
      ORDER BY seq, position LIMIT ${most}`;
  // Without a position: an event that is missing, and may be anywhere. What was noted as late is told by the active
  // generation all the same.
  const isParked = (alias: string, rows: string) =>
    `${alias}.projection = '${ORDERS_PROJECTION}' AND ${alias}.generation = ${rows} AND ${alias}.tenant_id = ${tenant}`;
  const activeRows = '(SELECT rows_of FROM active)';
  const heldBefore = `coalesce(q.position - 1, ${position})`;
  const held = `SELECT min(${heldBefore}) FROM ${SHARED_SCHEMA}.quarantine q
    WHERE ${activeRows} <> ${generation} AND ${isParked('q', generation)} AND ${heldBefore} >= ${position}
      AND NOT EXISTS (SELECT FROM ${SHARED_SCHEMA}.quarantine too
        WHERE ${isParked('too', activeRows)} AND too.order_id = q.order_id AND too.revision = q.revision)
      AND NOT EXISTS (SELECT FROM ${lateEvents} l WHERE l.tenant_id = ${tenant} AND l.order_id = q.order_id
        AND l.revision = q.revision AND l.seq > coalesce(${passed}, 0))`;
  const text = `WITH active AS MATERIALIZED (
      SELECT coalesce(g.rows_of, g.id) AS rows_of FROM ${SHARED_SCHEMA}.active_generation a
      JOIN ${SHARED_SCHEMA}.generations g ON g.id = a.generation
    ), c AS (
      SELECT least(position, (${held})) AS position
      FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = ${generation} AND projection = '${ORDERS_PROJECTION}'
    ), looked AS MATERIALIZED (
      SELECT c.position AS checkpoint, ${last} AS last FROM c
    ), late AS (
      SELECT CASE WHEN EXISTS (SELECT FROM ${SHARED_SCHEMA}.active_generation WHERE generation = ${parameters.add(id)})
        THEN (SELECT coalesce(max(seq), 0) FROM ${lateEvents} l WHERE l.tenant_id = ${tenant}) END AS seen
    )
    SELECT looked.checkpoint, looked.last, late.seen, e.* FROM looked CROSS JOIN late LEFT JOIN LATERAL (
      ${cutPage(found, 'o.seq, o.position')}
    ) e ON true ORDER BY e.seq, e.position`;
  return { text, values: parameters.values };
}

interface FeedRow extends EventRow {
  readonly checkpoint: string;
  /** Position of the last event that was examined; null: all up to the checkpoint were. */
  readonly last: string | null;
  /** Number of the last late event; null: not known, because another generation is active. */
  readonly seen: string | null;
  /** Number of a late event; null: the event is not late. */
  readonly seq: string | null;
  readonly position: string | null;
  /** How many events there were before the page was cut (`cutPage`); null: none. */
  readonly found: number | null;
  readonly order_id: string;
  readonly revision: number;
}

function pageOf(rows: readonly FeedRow[], { after, limit }: FeedQuestion): FeedPage {
  const [first] = rows;
  if (!first) return { items: [], next: encodeFeedPlace(after), hasMore: false };
  const late = first.seen === null ? (after.late ?? 0n) : BigInt(first.seen);
  const items = rows.filter((row) => row.position !== null).map((row) => feedEventOf(row, after, late));
  const isCut = items.length < (first.found ?? 0);
  if (items.length === limit || isCut) return { items, next: items.at(-1)!.next, hasMore: true };
  const looked = BigInt(first.last ?? first.checkpoint);
  const position = looked < after.position ? after.position : looked;
  return { items, next: encodeFeedPlace({ ...after, position, late }), hasMore: first.last !== null };
}

function feedEventOf(row: FeedRow, after: FeedPlace, late: bigint): FeedEvent {
  const position = row.position!;
  const next =
    row.seq === null ? { ...after, position: BigInt(position), late } : { ...after, late: BigInt(row.seq) };
  return {
    position,
    orderId: row.order_id,
    revision: row.revision,
    next: encodeFeedPlace(next),
    ...eventOf(row),
  };
}
