import type { EventStore } from '#event-store/port.js';
import type { KafkaPlace } from '#platform/kafka-settings.js';
import type { ElasticsearchPlace } from '#platform/search-settings.js';
import { ReplaysStore, type ReplayRecord } from '#read-models/stores/replays.store.js';
import { withEventStore } from '../support/event-store.js';
import { describeEngines, type EngineStatus } from './engines.js';
import {
  lagSeconds,
  storedProjections,
  type ProjectionStatus,
  type StoredProjection,
} from './projections.js';
import { withReadModels, type ReadModels } from './read-models.js';

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
  store: Pick<EventStore, 'headPosition' | 'subscribeToAll'>,
  readModels: ReadModels,
): Promise<Omit<SystemStatus, 'engines' | 'replay'>> {
  const earlier = await storedProjections(readModels);
  const earlierHead = await store.headPosition();
  const fromMs = performance.now();
  await new Promise((next) => setTimeout(next, MEASURED_FOR_MS));
  // The checkpoints first: read after the head, they could be ahead of it.
  const now = await storedProjections(readModels);
  const head = await store.headPosition();
  const seconds = (performance.now() - fromMs) / 1_000;
  const statuses = now.map(async (projection): Promise<ProjectionStatus> => {
    const { position } = projection;
    const before = earlier.find((one) => isSame(one, projection))?.position ?? position;
    const lag = (head ?? -1n) - (position ?? -1n);
    return {
      ...projection,
      position: position?.toString() ?? null,
      lag: String(lag > 0n ? lag : 0n),
      lagSeconds: lag > 0n ? await lagSeconds(store, position) : 0,
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

function isSame(one: StoredProjection, other: StoredProjection): boolean {
  return one.generation === other.generation && one.projection === other.projection;
}

async function eventsBetween(
  { pool, generation }: ReadModels,
  from: bigint | null,
  to: bigint | null,
): Promise<number> {
  if (from === to || to === null) return 0;
  const { rows } = await pool.query<{ events: string }>(
    `SELECT count(*) AS events FROM ${generation.schema}.order_history WHERE position > $1 AND position <= $2`,
    [from ?? -1n, to],
  );
  return Number(rows[0]!.events);
}
