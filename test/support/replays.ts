import { createLogger } from '#platform/logging.js';
import { replay, type Replayed, type ReplayOptions } from '#projections/replay/replay.js';
import type { ReplayPhase, ReplayRequest } from '#read-models/stores/replays.store.js';
import { checkpointOf } from '#read-models/checkpoints.js';
import { activeGeneration } from '#read-models/generations/generation.js';
import { ENGINES_MS, type ProjectionBench } from './projections.js';
import { until } from './until.js';

/** So small that an open order is written and opened again after a few other orders. */
export const SMALL = { openBytes: 60_000, stepBytes: 20_000, stepEvents: 50 };

export function replayOn(
  { eventStore, postgresUrl }: Pick<ProjectionBench, 'eventStore' | 'postgresUrl'>,
  {
    request = {},
    ...options
  }: Partial<Omit<ReplayOptions, 'request'>> & { request?: Partial<ReplayRequest> } = {},
): Promise<Replayed> {
  return replay({
    ...{ eventStore, postgresUrl, elasticsearch: null, logger: createLogger('replay', 'silent') },
    request: { searchOnly: false, sample: null, throttle: null, keep: false, ...request },
    signal: new AbortController().signal,
    limits: SMALL,
    ...options,
  });
}

/** A clock for a replay that does not really wait, and the seconds that each phase would have waited. */
export function waitedByPhase() {
  const seconds: Partial<Record<ReplayPhase, number>> = {};
  let phase: ReplayPhase = 'loading';
  let nowMs = 0;
  const wait = async (ms: number, signal?: AbortSignal) => {
    signal?.throwIfAborted();
    nowMs += ms;
    seconds[phase] = (seconds[phase] ?? 0) + ms / 1_000;
  };
  const onProgress = (progress: { readonly phase: ReplayPhase }) => void (phase = progress.phase);
  return { seconds, onProgress, clock: { now: () => nowMs, wait } };
}

/** Keeps the generations of a bench, and waits until the active one has everything that is in the log now. */
export async function liveOn(bench: ProjectionBench): Promise<void> {
  bench.keep();
  const head = (await bench.eventStore.headPosition()) ?? -1n;
  await until(
    'the projector is at the head',
    async () => {
      const active = await activeGeneration(bench.pool);
      return active && ((await checkpointOf(bench.pool, active.rowsOf, 'orders')) ?? -1n) >= head;
    },
    2 * ENGINES_MS,
  );
}

const COMPARED = {
  orders: 't',
  order_history: 't',
  // The revision is left out: a search row keeps the revision that it was written at, and later events that change
  // no search do not move it.
  order_search: '(t.tenant_id, t.order_id, t.words, t.skus, t.phrases, t.personal::text)',
  search_words: 't',
};

/** Rows that only one of two generations has, by table, as text. */
export async function rowsThatDiffer(bench: ProjectionBench, one: string, other: string): Promise<string[]> {
  const differing: string[] = [];
  for (const [table, row] of Object.entries(COMPARED)) {
    const rowsOf = (schema: string) => `SELECT ${row}::text AS row FROM ${schema}.${table} t`;
    const rows = await bench.rows<{ row: string }>(
      `(${rowsOf(one)} EXCEPT ALL ${rowsOf(other)}) UNION ALL (${rowsOf(other)} EXCEPT ALL ${rowsOf(one)})`,
    );
    differing.push(...rows.map((each) => `${table}: ${each.row}`));
  }
  return differing;
}
