import type { ParkedCount } from '#read-models/stores/parked-counts.js';
import type { ProjectionEngine, ProjectionState, RestartCause } from '../engine/projection-engine.js';

/** What is told of every projection. Positions are decimal strings. */
export interface CommonStatus {
  readonly projection: string;
  readonly state: ProjectionState;
  /** 0: of no generation; null: none was chosen yet. */
  readonly generation: number | null;
  /** Whether queries are answered from its generation; of the relay, always. */
  readonly active: boolean;
  /** Everything up to here is applied, or parked. */
  readonly position: string | null;
  /** Of the last event in the store; null when it is empty or away. */
  readonly headPosition: string | null;
  /**
   * Positions up to the head; on the embedded store these are events. null: not known, or another projector has
   * the lease.
   */
  readonly lag: string | null;
  /** How long something has been lacking; 0: nothing is; null: not known. */
  readonly lagMs: number | null;
  /** How long it has neither run nor stood by, or has kept failing without a write. */
  readonly downMs: number;
  /** How often it began again from its checkpoint, and why. */
  readonly restarts: Readonly<Record<RestartCause, number>>;
  readonly totals: Readonly<Record<string, number>>;
  readonly lastError: string | null;
  /** null: PostgreSQL does not say. */
  readonly parked: ParkedStatus | null;
}

export interface ParkedStatus {
  readonly orders: number;
  readonly events: number;
  /** A few orders, those that have waited longest. */
  readonly oldest: readonly {
    readonly tenantId: string;
    readonly orderId: string;
    /** Of the first event that could not be applied. */
    readonly revision: number;
    readonly reason: string;
    readonly parkedAt: string;
  }[];
}

/** What all statuses are made with. */
export interface Surroundings {
  /** null: the event store is empty or away. */
  readonly head: bigint | null;
  /** null: PostgreSQL is away. */
  readonly parked: readonly ParkedCount[] | null;
}

/** A projection, as it stands. */
export interface Followed {
  readonly projection: string;
  readonly generation: number | null;
  readonly active: boolean;
  readonly position: bigint | null;
  /** Whether the checkpoint was read: until then, a null position does not mean the beginning. */
  readonly isKnown: boolean;
  readonly engine: ProjectionEngine;
}

/** @param lagMs what to tell when the projection is not at the head */
export function commonStatus(
  of: Followed,
  { head, parked }: Surroundings,
  lagMs: number | null,
): Omit<CommonStatus, 'totals'> {
  const { projection, generation, active, position, isKnown, engine } = of;
  const { state, downMs, restarts, lastError } = engine;
  const known = !isKnown || state === 'standby' || head === null ? null : head - (position ?? -1n);
  const lag = known !== null && known < 0n ? 0n : known;
  return {
    projection,
    state,
    generation,
    active,
    position: position?.toString() ?? null,
    headPosition: head?.toString() ?? null,
    lag: lag?.toString() ?? null,
    lagMs: lag === null ? null : lag === 0n ? 0 : lagMs,
    downMs: Math.round(downMs),
    restarts: { ...restarts },
    lastError,
    parked: parked && parkedStatus(parked, projection, generation),
  };
}

function parkedStatus(
  parked: readonly ParkedCount[],
  projection: string,
  generation: number | null,
): ParkedStatus {
  const found = parked.find((one) => one.projection === projection && one.generation === generation);
  if (found === undefined) return { orders: 0, events: 0, oldest: [] };
  const { orders, events, oldest } = found;
  return {
    orders,
    events,
    oldest: oldest.map(({ parkedAt, ...order }) => ({ ...order, parkedAt: parkedAt.toISOString() })),
  };
}
