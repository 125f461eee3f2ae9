import type pg from 'pg';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import { findTopic, type Topic } from '#projections/relay/topic.js';
import { activeGeneration } from '#read-models/generations/generation.js';
import type { Queryable } from '#read-models/queryable.js';
import { madeFrom } from '#read-models/generations/made-from.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import { SkippedEvents } from '#read-models/skipped-events.js';
import type { ParkedEvent } from '#read-models/stores/quarantine.store.js';
import { relayLease, RelayStore, skippedByRelays } from '#read-models/stores/relay.store.js';
import { inWords, openKafka } from '../support/kafka.js';
import { withPostgres } from '../support/postgres.js';

/** How far a relay is in a topic. */
export interface RelayedSoFar {
  /** null: there is no such topic. */
  readonly topic: Topic | null;
  /** All events up to here are in the topic or parked; null: none was sent yet. */
  readonly position: bigint | null;
  /** Sorted by order; the events of one order are in the order of its stream. */
  readonly parked: readonly ParkedEvent[];
  /** Events that a person has skipped, in this topic or any other. */
  readonly skipped: SkippedEvents;
  /**
   * Identity of the event store that the relay sends from. Before it has sent anything, the identity of the store
   * that the read models are made from. null: not known.
   */
  readonly storeId: string | null;
}

/** @throws CliError when Kafka is away */
export async function relayedSoFar(config: KafkaConfig, postgresUrl: string): Promise<RelayedSoFar> {
  const topic = await topicAt(config);
  const stored = await withRelays(postgresUrl, async (db) => {
    const store = topic && new RelayStore(db, topic);
    return {
      position: (await store?.position()) ?? null,
      parked: (await store?.parked()) ?? [],
      skipped: await skippedByRelays(db),
      storeId: (topic && (await madeFrom(db, relayLease(topic)))) ?? (await storeOfReadModels(db)),
    };
  });
  return { topic, position: null, parked: [], skipped: new SkippedEvents(), storeId: null, ...stored };
}

async function storeOfReadModels(db: Queryable): Promise<string | null> {
  const active = await activeGeneration(db);
  if (active === null) return null;
  return madeFrom(db, { generation: active.rowsOf, projection: ORDERS_PROJECTION });
}

/** Returns null when there is no such topic. @throws CliError when Kafka is away */
export async function topicAt(config: KafkaConfig): Promise<Topic | null> {
  const kafka = await openKafka(config);
  return findTopic(kafka, config).catch((error: unknown) => {
    throw inWords(error, config);
  });
}

/** Returns null when no relay has run. */
export function withRelays<T>(
  postgresUrl: string,
  work: (db: pg.PoolClient) => Promise<T>,
): Promise<T | null> {
  return withPostgres(postgresUrl, 'orderctl relay', async (pool) => {
    const db = await pool.connect();
    try {
      const { rows } = await db.query<{ there: boolean }>(
        `SELECT to_regclass('orderlog.relays') IS NOT NULL AS there`,
      );
      return rows[0]!.there ? await work(db) : null;
    } finally {
      db.release();
    }
  });
}
