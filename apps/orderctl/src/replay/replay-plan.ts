import type pg from 'pg';
import type { Client } from '@elastic/elasticsearch';
import type { EventStore } from '#event-store/port.js';
import { activeToReplay } from '#projections/replay/replay-begin.js';
import { listGenerations, superseded } from '#read-models/generations/generation-list.js';
import { ReplaysStore } from '#read-models/stores/replays.store.js';
import { tableSizes } from '#read-models/stores/table-sizes.js';

/** What a replay would do, and an estimate of how much work it is. */
export interface ReplayPlan {
  /** Number of the generation that queries are answered from. */
  readonly active: number;
  readonly searchOnly: boolean;
  /** Positions of the log up to its current end. */
  readonly positions: number;
  readonly events: number;
  readonly orders: number;
  /** An estimate of what the new tables and index will take beside the existing ones. */
  readonly tableBytes: number;
  readonly indexBytes: number | null;
  /** Estimated from the last replay, in proportion to the events; null: none was completed yet. */
  readonly seconds: number | null;
  /** Generations that are dropped after the flip, unless they are kept. */
  readonly dropped: readonly number[];
}

/** @throws NoReadModels, CannotReplay */
export async function planReplay(
  pool: pg.Pool,
  eventStore: Pick<EventStore, 'headPosition'>,
  elasticsearch: Client | null,
  { searchOnly, keep }: { readonly searchOnly: boolean; readonly keep: boolean },
): Promise<ReplayPlan> {
  const active = await activeToReplay(pool, elasticsearch, { searchOnly });
  const { searchIndex } = active;
  const { orders, events, bytes } = await tableSizes(pool, active);
  const last = await new ReplaysStore(pool).lastDone(searchOnly);
  const worked = Object.values(last?.seconds ?? {}).reduce((sum, seconds) => sum + seconds, 0);
  // A replay of the index alone counts no events, so it is expected to take as long as the last one.
  const share = searchOnly || last === null || last.events === 0 ? 1 : events / last.events;
  const generations = await listGenerations(pool);
  const previous = generations.filter(({ role, ofThisRelease }) => role === 'previous' && ofThisRelease);
  return {
    active: active.id,
    searchOnly,
    positions: Number((await eventStore.headPosition()) ?? -1n) + 1,
    events,
    orders,
    tableBytes: searchOnly ? 0 : bytes,
    indexBytes: searchIndex === null ? null : await sizeOf(elasticsearch, searchIndex),
    seconds: last === null ? null : worked * share,
    dropped: keep ? [] : [...superseded(generations), ...previous].map(({ id }) => id),
  };
}

async function sizeOf(elasticsearch: Client | null, index: string): Promise<number | null> {
  if (elasticsearch === null) return null;
  const { indices } = await elasticsearch.indices.stats({ index, metric: 'store' });
  return indices?.[index]?.primaries?.store?.size_in_bytes ?? null;
}
