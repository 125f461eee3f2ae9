import type { Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import type { ExactEventStore } from '#event-store/port.js';
import { otherStore } from '#event-store/store-identity.js';
import { listGenerations } from '#read-models/generations/generation-list.js';
import {
  activeGeneration,
  createGeneration,
  generationById,
  prefixOfIndexName,
  requireActiveGeneration,
  type Generation,
} from '#read-models/generations/generation.js';
import { madeFrom } from '#read-models/generations/made-from.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import type { Queryable } from '#read-models/queryable.js';
import { ReplaysStore, type ReplayRecord, type ReplayRequested } from '#read-models/stores/replays.store.js';
import { missingElasticsearch } from '../generations/flip.js';
import { CannotReplay } from './errors.js';
import { freeForgotten, freeIfPossible, type Freeing } from './freeing.js';
import { ReplayCancelled } from './replay-control.js';
import { recordEnd } from './replay-end.js';

export interface BegunReplay {
  readonly record: ReplayRecord;
  /** What the replay builds. */
  readonly generation: Generation;
}

export interface BeginOptions extends Freeing {
  readonly eventStore: ExactEventStore;
  readonly request: ReplayRequested;
  /** The replay that this process has begun or continued before: what it requests is recorded by then. null: none. */
  readonly begunId: number | null;
}

/** Defaults of a new replay; a continued one keeps what it was asked for. */
const UNLESS_TOLD = { sample: null, throttle: null, keep: false } as const;

/**
 * The replay that was begun before, otherwise a new one.
 * @throws CannotReplay when nothing was begun, ReplayCancelled when what was begun was cancelled and is gone
 */
export async function beginOrContinue(options: BeginOptions): Promise<BegunReplay> {
  const store = new ReplaysStore(options.pool);
  const open = await openReplay(store, options);
  return open === null ? begin(store, options) : resume(store, open, options);
}

/** The replay to continue; null: there is none, or its generation was dropped, or began to be, meanwhile. */
async function openReplay(store: ReplaysStore, freeing: Freeing): Promise<ReplayRecord | null> {
  const { pool, onNote } = freeing;
  const open = await store.open();
  if (open === null) return null;
  const built = (await listGenerations(pool)).find(({ id }) => id === open.generation);
  if (built && built.state !== 'dropping') return open;
  const cancelled = open.asked === 'cancel';
  const why = built?.failure ?? `generation ${open.generation} was dropped`;
  await recordEnd(store, open, cancelled, why);
  if (cancelled) {
    if (built) await freeIfPossible(built, freeing);
    throw new ReplayCancelled();
  }
  onNote?.(
    `generation ${open.generation} of the replay that began ${open.startedAt.toISOString()} was dropped: beginning anew`,
  );
  return null;
}

async function resume(
  store: ReplaysStore,
  open: ReplayRecord,
  { pool, elasticsearch, request, begunId, onNote }: BeginOptions,
): Promise<BegunReplay> {
  const kind = open.searchOnly ? 'of the search index alone' : 'of the rows and the index';
  if (open.searchOnly !== request.searchOnly)
    throw new CannotReplay(
      `a replay ${kind} was begun and is not finished: continue it with \`orderctl replay resume\`, or end it with \`orderctl replay cancel\``,
    );
  const generation = await generationById(pool, open.generation);
  if (open.asked === 'cancel') return { record: open, generation };
  refuseWithoutElasticsearch(generation, elasticsearch);
  if (begunId === null) {
    await store.goOn(open.id, { ...open, ...request });
    onNote?.(
      `continuing the replay into generation ${open.generation}, which began ${open.startedAt.toISOString()}`,
    );
  } else if (open.asked === 'run' && open.state === 'paused') await store.become(open.id, 'running');
  return { record: (await store.open())!, generation };
}

async function begin(store: ReplaysStore, options: BeginOptions): Promise<BegunReplay> {
  const { pool, eventStore, elasticsearch, request, signal, onNote } = options;
  const forgotten = await freeForgotten(options);
  if (forgotten.length > 0) onNote?.(`dropped what was left of generation ${forgotten.join(', ')}`);
  signal.throwIfAborted();
  const active = await activeToReplay(pool, elasticsearch, request);
  await refuseOtherStore(
    pool,
    active,
    eventStore,
    'or, if its orders were moved, have the read models built anew with `orderctl read-models renew`',
  );
  const indexPrefix = active.searchIndex === null ? null : prefixOfIndexName(active.searchIndex);
  const generation = await createGeneration(pool, {
    ...{ indexPrefix, madeBy: 'replay', bulk: true },
    ...(request.searchOnly ? { rowsOf: active } : {}),
  });
  return { record: await store.begin(generation.id, { ...UNLESS_TOLD, ...request }), generation };
}

/**
 * The generation that a replay builds another one beside.
 * @throws NoReadModels, and CannotReplay where only an index is asked for and the generation has none, or where it
 * has one and there is no Elasticsearch to make another in
 */
export async function activeToReplay(
  db: Queryable,
  elasticsearch: Client | null,
  { searchOnly }: Pick<ReplayRequested, 'searchOnly'>,
): Promise<Generation> {
  const active = await requireActiveGeneration(db);
  refuseWithoutElasticsearch(active, elasticsearch);
  if (!searchOnly || active.searchIndex !== null) return active;
  throw new CannotReplay(
    'orders are searched in PostgreSQL, which needs no index of its own: leave out --search-only',
  );
}

/** All rows would be loaded before their index is missed. @throws CannotReplay */
function refuseWithoutElasticsearch(generation: Generation, elasticsearch: Client | null): void {
  const missing = missingElasticsearch(generation, elasticsearch);
  if (missing !== null) throw new CannotReplay(missing);
}

/**
 * Refuses to go on from another store than the one that was begun with. The active generation is asked about too:
 * where nothing was loaded yet, it alone tells.
 * @throws CannotReplay
 */
export async function refuseToBuildFromOther(
  pool: pg.Pool,
  built: Generation,
  eventStore: ExactEventStore,
): Promise<void> {
  const active = await activeGeneration(pool);
  for (const generation of active === null ? [built] : [built, active])
    await refuseOtherStore(pool, generation, eventStore, 'or end the replay with `orderctl replay cancel`');
}

/** Queries would be answered from another system's orders after the flip. @throws CannotReplay */
async function refuseOtherStore(
  pool: pg.Pool,
  { id, rowsOf }: Generation,
  eventStore: ExactEventStore,
  remedy: string,
): Promise<void> {
  const boundTo = await madeFrom(pool, { generation: rowsOf, projection: ORDERS_PROJECTION });
  const other = await otherStore(eventStore, boundTo);
  if (other === null) return;
  throw new CannotReplay(
    `generation ${id} is made from event store ${boundTo}, but this is ${other}: give the address of the former, ${remedy}`,
  );
}
