import type { ProjectionState } from '../engine/projection-engine.js';
import type { Relay } from './relay.js';

/** Where the relay is, for people and for `orderctl relay status`. Positions are decimal strings. */
export interface RelayStatus {
  readonly state: ProjectionState;
  /** null: Kafka was not reached yet, or another one relays. */
  readonly clusterId: string | null;
  readonly topic: string | null;
  readonly partitions: number | null;
  /** All events up to here are in the topic, or parked. */
  readonly position: string | null;
  /** Of the last event in the store; null when it is empty or away. */
  readonly headPosition: string | null;
  /** Positions up to the head; events, on the embedded store. null when that is not known. */
  readonly lag: string | null;
  /** How old the news in the topic is; 0 when it has all of it, null when that is not known. */
  readonly lagMs: number | null;
  /** Received, not yet acknowledged. */
  readonly pendingEvents: number;
  readonly eventsPerSecond: number;
  readonly totals: Readonly<Record<'events' | 'batches' | 'parked', number>>;
  readonly parked: { readonly orders: number; readonly events: number };
  readonly lastError: string | null;
}

/** @param head of the event store; null: it is away */
export function relayStatus(relay: Relay, head: bigint | null): RelayStatus {
  const { state, topic, sending, pendingEvents, lastError } = relay;
  const position = sending?.position ?? null;
  const lag = sending === null || head === null ? null : head - (position ?? -1n);
  return {
    state,
    clusterId: topic?.clusterId ?? null,
    topic: topic?.topic ?? null,
    partitions: topic?.partitions ?? null,
    position: position?.toString() ?? null,
    headPosition: head?.toString() ?? null,
    lag: lag === null ? null : String(lag > 0n ? lag : 0n),
    lagMs: lag === null ? null : lagMs(lag, sending?.lastRecordedAt ?? null),
    pendingEvents,
    eventsPerSecond: sending?.rate.perSecond() ?? 0,
    totals: { events: 0, batches: 0, parked: 0, ...sending?.totals },
    parked: { orders: sending?.parkedOrders ?? 0, events: sending?.parkedEvents ?? 0 },
    lastError,
  };
}

function lagMs(lag: bigint, lastRecordedAt: string | null): number | null {
  if (lag <= 0n) return 0;
  return lastRecordedAt === null ? null : Math.max(0, Date.now() - Date.parse(lastRecordedAt));
}
