import type { EventStore } from '#event-store/port.js';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import { LeasesStore, sessionOf } from '#read-models/stores/leases.store.js';
import type { ParkedEvent } from '#read-models/stores/quarantine.store.js';
import { RelayStore, relayLease, type RelayTarget } from '#read-models/stores/relay.store.js';
import { CliError } from '../support/cli-error.js';
import { withEventStore } from '../support/event-store.js';
import { relayedSoFar, topicAt, withRelays } from './relayed-so-far.js';

/**
 * Lease time, far longer than the work takes. If this process dies before that, the end of its database session
 * frees the lease.
 */
const FORGET_WITHIN_MS = 60_000;

/** An order of which nothing is sent from one of its events on. */
export interface ParkedOrder {
  readonly tenantId: string;
  readonly orderId: string;
  readonly fromRevision: number;
  readonly events: number;
  /** Why the first of them is parked. */
  readonly reason: string;
}

/** Positions are decimal strings. */
export interface RelayDescription {
  readonly topic: string;
  /** null: there is no such topic. */
  readonly clusterId: string | null;
  readonly partitions: number | null;
  /** All events up to here are in the topic or parked; null: none was sent yet. */
  readonly position: string | null;
  /** Position of the last event in the store; null: there is none. */
  readonly head: string | null;
  /** Positions from the relay to the head. On the embedded store each position is an event. */
  readonly lag: string;
  readonly parked: readonly ParkedOrder[];
}

/** @throws CliError when Kafka is away */
export async function describeRelay(
  config: KafkaConfig,
  addresses: { readonly postgresUrl: string; readonly eventStoreUrl: string },
): Promise<RelayDescription> {
  // The position is read first: read after the head, it could be ahead of the head.
  const { topic, position, parked } = await relayedSoFar(config, addresses.postgresUrl);
  const head = await withEventStore(addresses.eventStoreUrl, (store: EventStore) => store.headPosition());
  const lag = (head ?? -1n) - (position ?? -1n);
  return {
    topic: config.topic,
    clusterId: topic?.clusterId ?? null,
    partitions: topic?.partitions ?? null,
    position: position?.toString() ?? null,
    head: head?.toString() ?? null,
    lag: String(lag > 0n ? lag : 0n),
    parked: byOrder(parked),
  };
}

/**
 * Makes the relay begin anew at its next start. It then sends all events of its store once more; consumers know
 * them by `ce_id`.
 * @throws CliError when Kafka is away, a projector has the relay, or nothing was sent to that topic
 */
export async function renewRelay(config: KafkaConfig, postgresUrl: string): Promise<void> {
  const topic = await topicAt(config);
  const forgotten = topic && (await forgetSent(postgresUrl, topic));
  if (!forgotten)
    throw new CliError(`no relay has sent anything to the topic ${config.topic} of this Kafka yet`);
}

/**
 * Takes the lease of the relay meanwhile, so that no projector can take it.
 *
 * @returns whether anything had been sent
 * @throws CliError when a projector has the relay
 */
export async function forgetSent(postgresUrl: string, target: RelayTarget): Promise<boolean> {
  const forgotten = await withRelays(postgresUrl, async (db) => {
    const leases = new LeasesStore(db, `orderctl relay renew/${process.pid}`, FORGET_WITHIN_MS);
    const key = relayLease(target);
    const [seen = null] = await leases.look([key]);
    const free = seen === null || seen.free;
    const token = free ? await leases.take(key, seen, await sessionOf(db)) : null;
    if (token === null) {
      throw new CliError(
        `a projector owns the relay to ${target.topic}, and would go on from where it is: stop the projectors first`,
      );
    }
    try {
      return await new RelayStore(db, target).forget(token);
    } finally {
      await leases.release({ ...key, token, state: 'standby', restarts: 0, lastError: null });
    }
  });
  return forgotten ?? false;
}

function byOrder(events: readonly ParkedEvent[]): ParkedOrder[] {
  const orders = new Map<string, ParkedOrder>();
  for (const { tenantId, orderId, revision, reason } of events) {
    const key = `${tenantId}.${orderId}`;
    const known = orders.get(key) ?? { tenantId, orderId, fromRevision: revision, events: 0, reason };
    orders.set(key, { ...known, events: known.events + 1 });
  }
  return [...orders.values()];
}
