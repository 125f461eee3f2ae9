import type pg from 'pg';
import { StoreUnavailable } from '#event-store/errors.js';
import { isUnavailable } from '#platform/postgres.js';
import type { EventStore } from '#event-store/port.js';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import type { ElasticsearchConfig } from '#platform/search-settings.js';
import { listGenerations, type GenerationRecord } from '#read-models/generations/generation-list.js';
import { activeGeneration, type Generation } from '#read-models/generations/generation.js';
import { ReplaysStore, type ReplayRecord } from '#read-models/stores/replays.store.js';
import { isNotThereYet } from '#read-models/stores/rows-or-none.js';
import { countEvents } from '#read-models/stores/table-sizes.js';
import { CliError } from '../support/cli-error.js';
import { withEventStore } from '../support/event-store.js';
import { withPostgres } from '../support/postgres.js';
import { describeEngines, type EngineStatus } from './engines.js';
import {
  lagSeconds,
  storedProjections,
  type ProjectionStatus,
  type StoredProjection,
} from './projections.js';

export interface SystemStatus {
  readonly engines: readonly EngineStatus[];
  /** null: the event store does not answer; `engines` says why. */
  readonly eventStore: {
    /** null: there is no event yet. */
    readonly head: string | null;
    /** On the embedded store, the same as events a second. */
    readonly positionsPerSecond: number;
  } | null;
  /** null: no generation of this release is active, or PostgreSQL does not answer. */
  readonly generation: number | null;
  /** Generations that are being built or were given up. null: PostgreSQL does not answer. */
  readonly builds: readonly Build[] | null;
  /** null: PostgreSQL does not answer; `engines` says why. */
  readonly projections: readonly ProjectionStatus[] | null;
  /** The replay that is under way or was cut off; null: none, or PostgreSQL does not answer. */
  readonly replay: OpenReplay | null;
}

export type OpenReplay = ReplayRecord & Pick<GenerationRecord, 'ofThisRelease'>;
export type Build = Pick<GenerationRecord, 'id' | 'state' | 'madeBy' | 'ofThisRelease' | 'failure'>;

const MEASURED_FOR_MS = 1_000;
/** All statements here are short: one that takes longer counts as no answer. */
const STATEMENT_LIMIT_MS = 5_000;
/** PostgreSQL's error code for a statement that took too long (`query_canceled`). */
const TOO_LONG = '57014';

/**
 * State of the whole system, and how fast it moved during one second. What is away is reported as away.
 *
 * @throws CliError when no projector was ever started.
 */
export function describeSystem(options: {
  readonly postgresUrl: string;
  readonly eventStoreUrl: string;
  readonly elasticsearch: ElasticsearchConfig | null;
  readonly kafka: KafkaConfig | null;
}): Promise<SystemStatus> {
  const { elasticsearch, kafka } = options;
  const limits = { statementTimeoutMs: STATEMENT_LIMIT_MS };
  return withEventStore(options.eventStoreUrl, (eventStore) =>
    withPostgres(
      options.postgresUrl,
      'orderctl',
      async (pool) => {
        const known = await orAway(readModelsIn(pool));
        const generation = known === 'away' ? 'not known' : known.generation;
        const [engines, measured] = await Promise.all([
          describeEngines({ eventStore, pool, generation, elasticsearch, kafka }),
          measure(eventStore, known === 'away' ? null : { pool, generation: known.generation }),
        ]);
        if (known === 'away') return { engines, ...measured, generation: null, builds: null, replay: null };
        const { builds, replay } = known;
        return { engines, ...measured, generation: known.generation?.id ?? null, builds, replay };
      },
      limits,
    ),
  );
}

interface KnownReadModels {
  readonly generation: Generation | null;
  readonly builds: readonly Build[];
  readonly replay: OpenReplay | null;
}

/** @throws CliError when no projector was ever started */
async function readModelsIn(pool: pg.Pool): Promise<KnownReadModels> {
  const generations = await generationsIn(pool);
  const builds = generations
    .filter(({ state }) => state === 'building' || state === 'failed')
    .map(({ id, state, madeBy, ofThisRelease, failure }) => ({ id, state, madeBy, ofThisRelease, failure }));
  const [generation, open] = await Promise.all([activeGeneration(pool), new ReplaysStore(pool).open()]);
  const built = generations.find(({ id }) => id === open?.generation);
  // Where it was dropped meanwhile, this release can begin the replay anew.
  const replay = open === null ? null : { ...open, ofThisRelease: built?.ofThisRelease ?? true };
  return { builds, generation, replay };
}

async function generationsIn(pool: pg.Pool): Promise<GenerationRecord[]> {
  try {
    return await listGenerations(pool);
  } catch (error) {
    if (!isNotThereYet(error)) throw error;
    throw new CliError('there are no read models yet: start a projector, which builds them');
  }
}

interface Measured {
  readonly pool: pg.Pool;
  readonly generation: Generation | null;
}

/** @param measured null: PostgreSQL does not answer */
async function measure(
  store: Pick<EventStore, 'headPosition' | 'subscribeToAll'>,
  measured: Measured | null,
): Promise<Pick<SystemStatus, 'eventStore' | 'projections'>> {
  const earlier = await storedOrAway(measured);
  const earlierHead = await orAway(store.headPosition());
  const fromMs = performance.now();
  await new Promise((next) => setTimeout(next, MEASURED_FOR_MS));
  // The checkpoints are read first: read after the head, they could be ahead of it.
  const now = earlier === 'away' ? earlier : await storedOrAway(measured);
  const head = earlierHead === 'away' ? earlierHead : await orAway(store.headPosition());
  const seconds = (performance.now() - fromMs) / 1_000;
  const projections =
    measured === null || earlier === 'away' || now === 'away'
      ? null
      : await nullWhereAway(statusesOf(store, measured, { earlier, now, head, seconds }));
  if (head === 'away' || earlierHead === 'away') return { eventStore: null, projections };
  const moved = Number((head ?? 0n) - (earlierHead ?? 0n));
  const positionsPerSecond = Math.round(moved / seconds);
  return { eventStore: { head: head?.toString() ?? null, positionsPerSecond }, projections };
}

interface Moved {
  readonly earlier: readonly StoredProjection[];
  readonly now: readonly StoredProjection[];
  readonly head: bigint | null | 'away';
  readonly seconds: number;
}

function statusesOf(
  store: Pick<EventStore, 'subscribeToAll'>,
  measured: Measured,
  { earlier, now, head, seconds }: Moved,
): Promise<ProjectionStatus[]> {
  const statuses = now.map(async (projection): Promise<ProjectionStatus> => {
    const { position } = projection;
    const before = earlier.find((one) => isSame(one, projection));
    const events = await eventsBetween(measured, before === undefined ? position : before.position, position);
    return {
      ...projection,
      position: position?.toString() ?? null,
      ...(await lagOf(store, head, position)),
      eventsPerSecond: events === null ? null : Math.round(events / seconds),
    };
  });
  return Promise.all(statuses);
}

function storedOrAway(measured: Measured | null): Promise<StoredProjection[] | 'away'> {
  return measured === null ? Promise.resolve('away') : orAway(storedProjections(measured));
}

async function lagOf(
  store: Pick<EventStore, 'subscribeToAll'>,
  head: bigint | null | 'away',
  position: bigint | null,
): Promise<Pick<ProjectionStatus, 'lag' | 'lagSeconds'>> {
  if (head === 'away') return { lag: null, lagSeconds: null };
  const lag = (head ?? -1n) - (position ?? -1n);
  if (lag <= 0n) return { lag: '0', lagSeconds: 0 };
  const seconds = await orAway(lagSeconds(store, position));
  return { lag: lag.toString(), lagSeconds: seconds === 'away' ? null : seconds };
}

async function orAway<T>(asked: Promise<T>): Promise<T | 'away'> {
  try {
    return await asked;
  } catch (error) {
    const isTooLong = (error as { code?: unknown }).code === TOO_LONG;
    if (error instanceof StoreUnavailable || isUnavailable(error) || isTooLong) return 'away';
    throw error;
  }
}

async function nullWhereAway<T>(asked: Promise<T>): Promise<T | null> {
  const answer = await orAway(asked);
  return answer === 'away' ? null : answer;
}

function isSame(one: StoredProjection, other: StoredProjection): boolean {
  return one.generation === other.generation && one.projection === other.projection;
}

/** Returns null when no generation of this release is active, and so no rows to count events in. */
async function eventsBetween(
  { pool, generation }: Measured,
  from: bigint | null,
  to: bigint | null,
): Promise<number | null> {
  if (generation === null) return null;
  if (from === to || to === null) return 0;
  return countEvents(pool, generation, from ?? -1n, to);
}
