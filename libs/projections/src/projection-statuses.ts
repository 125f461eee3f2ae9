import type { EventStore } from '#event-store/port.js';
import { ORDERS_PROJECTION, SEARCH_PROJECTION } from '#read-models/orders.projection.js';
import type { ProjectionState } from './engine/projection-engine.js';
import type { Projector } from './projector.js';
import type { KeptGeneration, ReadModelKeeper } from './read-model-keeper.js';
import type { Relay } from './relay/relay.js';
import { relayStatus, type RelayStatus } from './relay/relay-status.js';
import type { SearchFollower } from './search-follower.js';

/** Where a projector is, for people and for `orderctl status`. Positions are decimal strings. */
export interface ProjectorStatus {
  readonly projection: string;
  readonly state: ProjectionState;
  readonly generation: number | null;
  /** Whether queries are answered from that generation. */
  readonly active: boolean;
  /** Everything up to here is in the rows. */
  readonly position: string | null;
  /** Of the last event in the store; null when it is empty or away. */
  readonly headPosition: string | null;
  /** Received, not yet written. */
  readonly pendingEvents: number;
  /** How old the news in the rows is; 0 when they have all of it, null when that is not known. */
  readonly lagMs: number | null;
  readonly eventsPerSecond: number;
  readonly rowsPerSecond: number;
  readonly batchesPerSecond: number;
  readonly totals: Readonly<
    Record<'events' | 'duplicates' | 'filled' | 'parked' | 'rows' | 'batches', number>
  >;
  /** What waits now, tried again or for a person; null: another one is the owner. */
  readonly parked: { readonly orders: number; readonly events: number } | null;
  readonly lastError: string | null;
}

/** The same for the projection into a search index. */
export interface SearchStatus {
  readonly projection: string;
  readonly state: ProjectionState;
  readonly generation: number | null;
  readonly index: string | null;
  /** All events up to here can be found, as soon as the index is refreshed. */
  readonly position: string | null;
  readonly headPosition: string | null;
  /** Orders whose document the index refuses. */
  readonly parked: number;
  readonly totals: Readonly<Record<'documents' | 'refused' | 'steps', number>>;
  readonly lastError: string | null;
}

/** Of every projection that a keeper runs, those of this release's generation first, and of the relay to Kafka. */
export async function projectionStatuses(
  { target, previous }: ReadModelKeeper,
  relay: Relay | null,
  eventStore: Pick<EventStore, 'headPosition'>,
): Promise<{ projections: (ProjectorStatus | SearchStatus)[]; relay: RelayStatus | null }> {
  const head = await eventStore.headPosition().catch(() => null); // away: the status says so by `state`
  const ofKept = ({ projector, search }: KeptGeneration) => [
    projectorStatus(projector, head),
    ...(search ? [searchStatus(search, head)] : []),
  ];
  return {
    projections: [target, previous].flatMap((kept) => (kept ? ofKept(kept) : [])),
    relay: relay && relayStatus(relay, head),
  };
}

function searchStatus(follower: SearchFollower, head: bigint | null): SearchStatus {
  const { state, generation, position, parked, totals, lastError } = follower;
  return {
    projection: SEARCH_PROJECTION,
    state,
    generation: generation?.id ?? null,
    index: generation?.searchIndex ?? null,
    position: position?.toString() ?? null,
    headPosition: head?.toString() ?? null,
    parked,
    totals: { ...totals },
    lastError,
  };
}

function projectorStatus(projector: Projector, head: bigint | null): ProjectorStatus {
  const { progress, state, generation, active, pendingEvents, lastError } = projector;
  return {
    projection: ORDERS_PROJECTION,
    state,
    generation: generation?.id ?? null,
    active,
    position: progress.position?.toString() ?? null,
    headPosition: head?.toString() ?? null,
    pendingEvents,
    lagMs: lagMs(projector, head),
    ...progress.rates(),
    totals: { ...progress.totals },
    parked: projector.quarantine && {
      orders: projector.quarantine.orders,
      events: projector.quarantine.events,
    },
    lastError,
  };
}

function lagMs({ progress, state }: Projector, head: bigint | null): number | null {
  if (state === 'standby') return null; // another one writes
  if (head === null) return state === 'live' ? 0 : null;
  if ((progress.position ?? -1n) >= head) return 0;
  return progress.lastRecordedAt === null
    ? null
    : Math.max(0, Date.now() - Date.parse(progress.lastRecordedAt));
}
