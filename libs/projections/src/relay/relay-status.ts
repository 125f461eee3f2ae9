import type { EventStore } from '#event-store/port.js';
import { relayProjection } from '#read-models/stores/relay.store.js';
import { commonStatus, type CommonStatus, type Surroundings } from '../status/common-status.js';
import { lackingMs } from '../status/lacking.js';
import type { Relay } from './relay.js';

/** Where the relay is, for people and for metrics. */
export interface RelayStatus extends CommonStatus {
  /** null: Kafka was not reached yet. */
  readonly clusterId: string | null;
  readonly topic: string | null;
  readonly partitions: number | null;
  /** Received, not yet acknowledged. */
  readonly pendingEvents: number;
  readonly eventsPerSecond: number;
  readonly totals: Readonly<Record<'events' | 'batches' | 'parked', number>>;
}

export async function relayStatus(
  relay: Relay,
  around: Surroundings,
  eventStore: Pick<EventStore, 'subscribeToAll'>,
): Promise<RelayStatus> {
  const { topic, sending, pendingEvents, engine, position, name } = relay;
  const projection = topic === null ? name : relayProjection(topic);
  const of = { projection, generation: 0, active: true, position, isKnown: sending !== null, engine };
  return {
    ...commonStatus(of, around, await lackingMs(eventStore, of, around)),
    clusterId: topic?.clusterId ?? null,
    topic: topic?.topic ?? null,
    partitions: topic?.partitions ?? null,
    pendingEvents,
    eventsPerSecond: sending?.rate.perSecond() ?? 0,
    totals: { events: 0, batches: 0, parked: 0, ...sending?.totals },
  };
}
