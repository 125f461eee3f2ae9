import type { EventStore } from '#event-store/port.js';
import type { KafkaPlace } from '#platform/kafka-settings.js';
import type { ElasticsearchPlace } from '#platform/search-settings.js';
import { SHARED_SCHEMA } from '#read-models/schema.js';
import { ReplaysStore, type ReplayRecord } from '#read-models/stores/replays.store.js';
import { withEventStore } from '../support/event-store.js';
import { describeEngines, type EngineStatus } from './engines.js';
import { withReadModels, type ReadModels } from './read-models.js';

export interface ProjectionStatus {
  readonly projection: string;
  /** Commit position in the event store. */
  readonly position: string;
  /** Positions up to the head; events, on the embedded store. */
  readonly lag: string;
  readonly updatedAt: string;
  /** While this was measured. */
  readonly eventsPerSecond: number;
}

export interface SystemStatus {
  readonly engines: readonly EngineStatus[];
  readonly eventStore: {
    /** null: no event yet. */
    readonly head: string | null;
    /** Events a second, on the embedded store. */
    readonly positionsPerSecond: number;
  };
  readonly generation: number;
  readonly projections: readonly ProjectionStatus[];
  /** That is under way, or was cut off; null: none. */
  readonly replay: ReplayRecord | null;
}

interface Checkpoint {
  readonly projection: string;
  readonly position: bigint;
  readonly updatedAt: Date;
}

const MEASURED_FOR_MS = 1_000;

/**
 * Where everything is now, and how fast it has moved for a second.
 *
 * @throws CliError when there are no read models.
 */
export function describeSystem(options: {
  readonly postgresUrl: string;
  readonly eventStoreUrl: string;
  readonly elasticsearch: ElasticsearchPlace | null;
  readonly kafka: KafkaPlace | null;
}): Promise<SystemStatus> {
  const { elasticsearch, kafka } = options;
  return withEventStore(options.eventStoreUrl, (eventStore) =>
    withReadModels(options.postgresUrl, async (readModels) => {
      const [engines, measured, replay] = await Promise.all([
        describeEngines({ eventStore, ...readModels, elasticsearch, kafka }),
        measure(eventStore, readModels),
        new ReplaysStore(readModels.pool).open(),
      ]);
      return { engines, ...measured, replay };
    }),
  );
}

async function measure(
  store: Pick<EventStore, 'headPosition'>,
  readModels: ReadModels,
): Promise<Omit<SystemStatus, 'engines' | 'replay'>> {
  const earlier = await checkpoints(readModels);
  const earlierHead = await store.headPosition();
  const fromMs = performance.now();
  await new Promise((next) => setTimeout(next, MEASURED_FOR_MS));
  // The checkpoints first: read after the head, they could be ahead of it.
  const now = await checkpoints(readModels);
  const head = await store.headPosition();
  const seconds = (performance.now() - fromMs) / 1_000;
  const statuses = now.map(async (checkpoint): Promise<ProjectionStatus> => {
    const { projection, position, updatedAt } = checkpoint;
    const before = earlier.find((one) => one.projection === projection)?.position ?? position;
    return {
      projection,
      position: String(position),
      lag: String(largest((head ?? 0n) - position, 0n)),
      updatedAt: updatedAt.toISOString(),
      eventsPerSecond: Math.round((await eventsBetween(readModels, before, position)) / seconds),
    };
  });
  const moved = Number((head ?? 0n) - (earlierHead ?? 0n));
  return {
    eventStore: {
      head: head === null ? null : String(head),
      positionsPerSecond: Math.round(moved / seconds),
    },
    generation: readModels.generation.id,
    projections: await Promise.all(statuses),
  };
}

async function checkpoints({ pool, generation }: ReadModels): Promise<Checkpoint[]> {
  const { rows } = await pool.query<{ projection: string; position: string; updated_at: Date }>(
    `SELECT projection, position, updated_at FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = $1 ORDER BY 1`,
    [generation.id],
  );
  return rows.map((row) => ({
    projection: row.projection,
    position: BigInt(row.position),
    updatedAt: row.updated_at,
  }));
}

async function eventsBetween({ pool, generation }: ReadModels, from: bigint, to: bigint): Promise<number> {
  if (from === to) return 0;
  const { rows } = await pool.query<{ events: string }>(
    `SELECT count(*) AS events FROM ${generation.schema}.order_history WHERE position > $1 AND position <= $2`,
    [from, to],
  );
  return Number(rows[0]!.events);
}

function largest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
