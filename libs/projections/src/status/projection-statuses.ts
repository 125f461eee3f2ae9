import type { EventStore } from '#event-store/port.js';
import { ORDERS_PROJECTION, SEARCH_PROJECTION } from '#read-models/orders.projection.js';
import { parkedCounts } from '#read-models/stores/parked-counts.js';
import type { Queryable } from '#read-models/queryable.js';
import { commonStatus, type CommonStatus, type Surroundings } from './common-status.js';
import type { OrdersFollower } from '../orders/orders-follower.js';
import type { ReadModelKeeper } from '../generations/read-model-keeper.js';
import type { Relay } from '../relay/relay.js';
import { lackingMs } from './lacking.js';
import { relayStatus, type RelayStatus } from '../relay/relay-status.js';
import type { SearchFollower } from '../search/search-follower.js';

/** Status of a projection `orders`, for people and for metrics. */
export interface OrdersStatus extends CommonStatus {
  /** Received, not yet written. */
  readonly pendingEvents: number;
  readonly eventsPerSecond: number;
  readonly rowsPerSecond: number;
  readonly batchesPerSecond: number;
  readonly totals: Readonly<
    Record<'events' | 'duplicates' | 'filled' | 'parked' | 'rows' | 'batches', number>
  >;
}

/** Status of a projection `search`. */
export interface SearchStatus extends CommonStatus {
  readonly index: string | null;
  readonly totals: Readonly<Record<'documents' | 'refused' | 'steps', number>>;
}

export interface ProjectionStatuses {
  /** Those of rows, then those of indexes; the target generation comes first in both. */
  readonly projections: readonly (OrdersStatus | SearchStatus)[];
  /** null: none is configured. */
  readonly relay: RelayStatus | null;
}

const OLDEST_PARKED_MAX = 10;

/** Statuses of every projection that a keeper runs, and of the relay to Kafka. */
export async function projectionStatuses(
  { ordersFollowers, searchFollowers }: ReadModelKeeper,
  relay: Relay | null,
  stores: { readonly eventStore: Asked; readonly db: Queryable },
): Promise<ProjectionStatuses> {
  // A store that is away is told by the states of the projections.
  const [head, parked] = await Promise.all([
    stores.eventStore.headPosition().catch(() => null),
    parkedCounts(stores.db, OLDEST_PARKED_MAX).catch(() => null),
  ]);
  const around = { head, parked };
  const [ofRows, ofRelay] = await Promise.all([
    Promise.all(ordersFollowers.map((one) => ordersStatus(one, around, stores.eventStore))),
    relay && relayStatus(relay, around, stores.eventStore),
  ]);
  return {
    projections: [...ofRows, ...searchFollowers.map((one) => searchStatus(one, around))],
    relay: ofRelay,
  };
}

function searchStatus(follower: SearchFollower, around: Surroundings): SearchStatus {
  const { generation, active, position, engine, totals, completeAtMs } = follower;
  const projection = SEARCH_PROJECTION;
  const of = { projection, generation: generation?.id ?? null, active, position, isKnown: true, engine };
  const lagMs = completeAtMs === null ? null : Math.round(performance.now() - completeAtMs);
  return {
    ...commonStatus(of, around, lagMs),
    index: generation?.searchIndex ?? null,
    totals: { ...totals },
  };
}

type Asked = Pick<EventStore, 'headPosition' | 'subscribeToAll'>;

async function ordersStatus(
  follower: OrdersFollower,
  around: Surroundings,
  eventStore: Asked,
): Promise<OrdersStatus> {
  const { progress, generation, active, pendingEvents, engine, position } = follower;
  const { isKnown } = progress;
  const projection = ORDERS_PROJECTION;
  const of = { projection, generation: generation?.id ?? null, active, position, isKnown, engine };
  return {
    ...commonStatus(of, around, await lackingMs(eventStore, of, around)),
    pendingEvents,
    ...progress.rates(),
    totals: { ...progress.totals },
  };
}
