import type { ProjectionKey } from '../projection-key.js';
import type { Queryable } from '../queryable.js';
import { SHARED_SCHEMA } from '../schema.js';
import { rowsOrNone } from './rows-or-none.js';

/**
 * Why an event is parked. `permanent`: trying again helps only once something else has changed. `transient`: it is
 * tried again by itself. `behind`: an earlier event of its order is parked, and it was not tried.
 */
export type ParkedKind = 'permanent' | 'transient' | 'behind';

/** An event that is to be parked. */
export interface EventToPark {
  readonly tenantId: string;
  readonly orderId: string;
  readonly revision: number;
  /** null: the event itself is missing. */
  readonly position: bigint | null;
  readonly eventId: string | null;
  readonly type: string | null;
  readonly kind: ParkedKind;
  readonly reason: string;
  readonly tries: number;
  /** Delay until the next try, from now; null: it is not tried again by itself. */
  readonly nextTryAfterMs: number | null;
}

/**
 * A parked event, or a refused document. A document is of no single event: its position, event id and type are
 * null.
 */
export interface ParkedEvent extends ProjectionKey, Omit<EventToPark, 'nextTryAfterMs'> {
  readonly parkedAt: Date;
  readonly firstTriedAt: Date | null;
  readonly lastTriedAt: Date | null;
  readonly nextTryAt: Date | null;
}

/** An order with something parked: its first parked event, and how many there are. */
export interface ParkedOrder extends ParkedEvent {
  readonly lastRevision: number;
  readonly events: number;
}

/** The reason of every event that is parked only because an earlier one is. */
export const BEHIND_REASON = 'an earlier event of the order is parked';

const TEXT_CHARACTERS = 1_000;
const EVENT = `projection, generation, tenant_id AS "tenantId", order_id AS "orderId", revision, position,
  event_id AS "eventId", type, kind, reason, tries, parked_at AS "parkedAt", first_tried_at AS "firstTriedAt",
  last_tried_at AS "lastTriedAt", next_try_at AS "nextTryAt"`;

type Row<T extends ParkedEvent> = Omit<T, 'position'> & { readonly position: string | null };

/** A text that PostgreSQL can store: the error message about an event may quote its content, with NUL characters. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\ufffd').slice(0, TEXT_CHARACTERS);
}

/**
 * Every order with something parked: in one projection and generation, or, without a scope, in the active
 * generation and in the relay.
 */
export async function parkedOrders(db: Queryable, scope?: ProjectionKey): Promise<ParkedOrder[]> {
  // A generation with only an index of its own reads the rows of another generation: what is parked in either
  // counts.
  const served = `generation = 0 OR generation IN (SELECT unnest(ARRAY[g.id, g.rows_of])
    FROM ${SHARED_SCHEMA}.active_generation a JOIN ${SHARED_SCHEMA}.generations g ON g.id = a.generation)`;
  const rows = await rowsOrNone<Row<ParkedOrder>>(
    db,
    `SELECT DISTINCT ON (projection, generation, tenant_id, order_id) ${EVENT},
       max(revision) OVER one AS "lastRevision", (count(*) OVER one)::int AS events
     FROM ${SHARED_SCHEMA}.quarantine WHERE ${scope ? 'projection = $1 AND generation = $2' : served}
     WINDOW one AS (PARTITION BY projection, generation, tenant_id, order_id)
     ORDER BY projection, generation, tenant_id, order_id, revision`,
    scope ? [scope.projection, scope.generation] : [],
  );
  return rows.map(withPosition);
}

/** Everything that is parked of an order, by projection and generation, each in the order of its stream. */
export async function parkedEventsOf(db: Queryable, orderId: string): Promise<ParkedEvent[]> {
  const rows = await rowsOrNone<Row<ParkedEvent>>(
    db,
    `SELECT ${EVENT} FROM ${SHARED_SCHEMA}.quarantine WHERE order_id = $1
     ORDER BY projection, generation, tenant_id, revision`,
    [orderId],
  );
  return rows.map(withPosition);
}

/** Everything that is parked in one projection, by order, each order's in the order of its stream. */
export async function parkedEvents(
  db: Queryable,
  { projection, generation }: ProjectionKey,
): Promise<ParkedEvent[]> {
  const rows = await rowsOrNone<Row<ParkedEvent>>(
    db,
    `SELECT ${EVENT} FROM ${SHARED_SCHEMA}.quarantine WHERE projection = $1 AND generation = $2
     ORDER BY tenant_id, order_id, revision`,
    [projection, generation],
  );
  return rows.map(withPosition);
}

function withPosition<T extends ParkedEvent>({ position, ...row }: Row<T>): T {
  return { ...row, position: position === null ? null : BigInt(position) } as unknown as T;
}
