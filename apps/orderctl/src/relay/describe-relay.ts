import type pg from 'pg';
import type { EventStore } from '#event-store/port.js';
import type { KafkaPlace } from '#platform/kafka-settings.js';
import { createKafka } from '#platform/kafka.js';
import { createLogger } from '#platform/logging.js';
import { createPool } from '#platform/postgres.js';
import { findTopic } from '#projections/relay/topic.js';
import { LeasesStore, sessionOf } from '#read-models/stores/leases.store.js';
import type { ParkedEvent } from '#read-models/stores/quarantine.store.js';
import { RelayStore, relayLease, type RelayTarget } from '#read-models/stores/relay-store.js';
import { CliError } from '../support/cli-error.js';
import { withEventStore } from '../support/event-store.js';
import { inWords } from '../support/kafka.js';

/** Far more than it takes; an end before that is told by the session's. */
const FORGET_WITHIN_MS = 60_000;

/** An order of which nothing is sent from an event on. */
export interface ParkedOrder {
  readonly tenantId: string;
  readonly orderId: string;
  readonly fromRevision: number;
  readonly events: number;
  /** Of the first. */
  readonly reason: string;
}

/** Positions are decimal strings. */
export interface RelayDescription {
  readonly topic: string;
  /** null: there is no such topic. */
  readonly clusterId: string | null;
  readonly partitions: number | null;
  /** All events up to here are in the topic, or parked; null: none was sent yet. */
  readonly position: string | null;
  /** Of the last event in the store; null: there is none. */
  readonly head: string | null;
  /** Positions up to the head; events, on the embedded store. */
  readonly lag: string;
  readonly parked: readonly ParkedOrder[];
}

/** @throws CliError when Kafka is away */
export async function describeRelay(
  place: KafkaPlace,
  addresses: { readonly postgresUrl: string; readonly eventStoreUrl: string },
): Promise<RelayDescription> {
  const topic = await topicAt(place);
  // The position first: read after the head, it could be ahead of it.
  const stored = topic && (await readStored(addresses.postgresUrl, topic));
  const head = await withEventStore(addresses.eventStoreUrl, (store: EventStore) => store.headPosition());
  const position = stored?.position ?? null;
  const lag = (head ?? -1n) - (position ?? -1n);
  return {
    topic: place.topic,
    clusterId: topic?.clusterId ?? null,
    partitions: topic?.partitions ?? null,
    position: position?.toString() ?? null,
    head: head?.toString() ?? null,
    lag: String(lag > 0n ? lag : 0n),
    parked: byOrder(stored?.parked ?? []),
  };
}

/**
 * The relay begins anew at its next start: all of its store's events once more, which consumers know by `ce_id`.
 * @throws CliError when Kafka is away, a projector has the relay, or nothing was sent to that topic
 */
export async function renewRelay(place: KafkaPlace, postgresUrl: string): Promise<void> {
  const topic = await topicAt(place);
  const forgotten = topic && (await forgetSent(postgresUrl, topic));
  if (!forgotten) throw new CliError(`no relay has sent anything to ${place.topic} of this Kafka yet`);
}

/**
 * Owns the relay itself meanwhile, so that no projector takes it between.
 *
 * @returns whether anything had been sent
 * @throws CliError when a projector has the relay
 */
export async function forgetSent(postgresUrl: string, target: RelayTarget): Promise<boolean> {
  const forgotten = await withRelayStore(postgresUrl, target, async (store, db) => {
    const leases = new LeasesStore(db, `orderctl relay renew/${process.pid}`, FORGET_WITHIN_MS);
    const key = relayLease(target);
    const [seen = null] = await leases.look([key]);
    const free = seen === null || seen.free;
    const token = free ? await leases.take(key, seen, await sessionOf(db)) : null;
    if (token === null) {
      throw new CliError(
        `a projector has the relay to ${target.topic}, and would go on from where it is: stop the projectors, then renew`,
      );
    }
    try {
      return await store.forget(token);
    } finally {
      await leases.release({ ...key, token, state: 'standby', restarts: 0, lastError: null });
    }
  });
  return forgotten ?? false;
}

/** null: it is not there. */
async function topicAt(
  place: KafkaPlace,
): Promise<{ clusterId: string; topic: string; partitions: number } | null> {
  const kafka = createKafka(place, 'orderctl', createLogger('orderctl', 'silent'));
  return findTopic(kafka, place).catch((error: unknown) => {
    throw inWords(error, place);
  });
}

function readStored(
  postgresUrl: string,
  target: RelayTarget,
): Promise<{ position: bigint | null; parked: readonly ParkedEvent[] } | null> {
  return withRelayStore(postgresUrl, target, async (store) => ({
    position: await store.position(),
    parked: await store.parked(),
  }));
}

/** null: no relay has run. */
async function withRelayStore<T>(
  postgresUrl: string,
  target: RelayTarget,
  work: (store: RelayStore, db: pg.PoolClient) => Promise<T>,
): Promise<T | null> {
  const pool = createPool(postgresUrl, { max: 1, applicationName: 'orderctl relay', statementTimeoutMs: 0 });
  try {
    const db = await pool.connect();
    try {
      const { rows } = await db.query<{ there: boolean }>(
        `SELECT to_regclass('orderlog.relays') IS NOT NULL AS there`,
      );
      return rows[0]!.there ? await work(new RelayStore(db, target), db) : null;
    } finally {
      db.release();
    }
  } finally {
    await pool.end();
  }
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
