import type pg from 'pg';
import { nextOrderEventAgeMs } from '#event-store/next-order-event.js';
import type { EventStore } from '#event-store/port.js';
import { ERROR_PAUSE_MAX_MS } from '#projections/engine/projection-engine.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import { SHARED_SCHEMA } from '#read-models/schema.js';
import { parkedCounts, type LongestParked } from '#read-models/stores/parked-counts.js';
import type { Generation } from '#read-models/generations/generation.js';

/** State of one projection, from its checkpoint and its owner's lease. Positions are decimal strings. */
export interface ProjectionStatus {
  /** `relay:<cluster>:<topic>` for the relay. */
  readonly projection: string;
  /** 0: the projection belongs to no generation. */
  readonly generation: number;
  /** Commit position in the event store; null: it has no event yet. */
  readonly position: string | null;
  /**
   * Positions up to the head. On the embedded store each position is an event. null: the event store does not
   * answer.
   */
  readonly lag: string | null;
  /** Age of the oldest event that the projection lacks; 0: it lacks none. null: the event store does not answer. */
  readonly lagSeconds: number | null;
  readonly updatedAt: string | null;
  /**
   * Rate during the measurement; counted in the rows of the active generation. null: no generation of this release
   * is active.
   */
  readonly eventsPerSecond: number | null;
  /**
   * As its owner reports; still `failing` or `waiting` where an owner that fails has given it back until its next
   * attempt. `unowned` when no projector has it.
   */
  readonly state: string;
  /** Host, process id and a number of the projector that owns it; null: none does at the moment. */
  readonly owner: string | null;
  /** How often its owner began again from the checkpoint. */
  readonly restarts: number;
  readonly lastError: string | null;
  readonly parked: {
    readonly orders: number;
    readonly events: number;
    /** The order that has waited longest. */
    readonly oldest: LongestParked | null;
    /** The few orders that have waited longest, the oldest first. */
    readonly longest: readonly LongestParked[];
  };
}

/** What PostgreSQL stores about a projection. */
export type StoredProjection = Pick<
  ProjectionStatus,
  'projection' | 'generation' | 'updatedAt' | 'state' | 'owner' | 'restarts' | 'lastError' | 'parked'
> & { readonly position: bigint | null };

interface Row {
  readonly projection: string;
  readonly generation: number;
  readonly position: string | null;
  readonly updated_at: Date | null;
  readonly holder: string | null;
  /** Given back by an owner that fails, for so short a time that it may well try again. */
  readonly pausing: boolean | null;
  readonly state: string | null;
  readonly restarts: number | null;
  readonly last_error: string | null;
}

/** How many parked orders are listed; the others are only counted. */
const LONGEST_MAX = 5;
/** The longest pause between two attempts, and the time that it takes to own a projection again. */
const GIVEN_BACK_MAX_MS = ERROR_PAUSE_MAX_MS + 5_000;

/**
 * The projections of the active generation and of the generation whose rows it shares, the relays, and every
 * projection that somebody owns now, or has given back until the next attempt.
 */
export async function storedProjections({
  pool,
  generation,
}: {
  readonly pool: pg.Pool;
  readonly generation: Generation | null;
}): Promise<StoredProjection[]> {
  const [{ rows }, parked] = await Promise.all([
    pool.query<Row>(
      `WITH known AS (
         SELECT generation, projection, nullif(position, -1) AS position, updated_at
         FROM ${SHARED_SCHEMA}.checkpoints
         UNION ALL
         SELECT 0, 'relay:' || cluster_id || ':' || topic, position, updated_at FROM ${SHARED_SCHEMA}.relays
       ), owned AS (
         SELECT generation, projection, state, restarts, last_error,
           CASE WHEN expires_at > now() THEN holder END AS holder,
           -- a lease that is given back expires at that moment
           holder IS NULL AND expires_at > now() - $3::int * interval '1 millisecond'
             AND state IN ('failing', 'waiting') AND last_error IS NOT NULL AS pausing
         FROM ${SHARED_SCHEMA}.leases
       )
       SELECT * FROM known FULL JOIN owned USING (generation, projection)
       WHERE generation IN (0, $1) OR holder IS NOT NULL OR pausing
         OR (generation = $2 AND projection = '${ORDERS_PROJECTION}')
       ORDER BY generation = 0, generation DESC, projection`,
      [generation?.id ?? null, generation?.rowsOf ?? null, GIVEN_BACK_MAX_MS],
    ),
    parkedCounts(pool, LONGEST_MAX),
  ]);
  return rows.map((row) => {
    const found = parked.find(
      (one) => one.projection === row.projection && one.generation === row.generation,
    );
    return {
      projection: row.projection,
      generation: row.generation,
      position: row.position === null ? null : BigInt(row.position),
      updatedAt: row.updated_at?.toISOString() ?? null,
      state: row.holder === null && row.pausing !== true ? 'unowned' : row.state!,
      owner: row.holder,
      restarts: row.restarts ?? 0,
      lastError: row.last_error,
      parked: {
        orders: found?.orders ?? 0,
        events: found?.events ?? 0,
        oldest: found?.oldest[0] ?? null,
        longest: found?.oldest ?? [],
      },
    };
  });
}

/**
 * Age of the next event after a position, in seconds; 0 when there is none, null when its metadata cannot be read.
 *
 * @throws StoreUnavailable
 */
export async function lagSeconds(
  eventStore: Pick<EventStore, 'subscribeToAll'>,
  position: bigint | null,
): Promise<number | null> {
  const sinceMs = await nextOrderEventAgeMs(eventStore, position);
  return sinceMs === null ? null : Math.round(sinceMs / 100) / 10;
}
