import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { StoreUnavailable } from '#event-store/errors.js';
import type { EventStore } from '#event-store/port.js';
import { until } from '../../support/until.js';
import { activeGeneration, idsOf, OF_GENERATION, rowsOf } from './load-rows.js';

export interface Settling {
  readonly store: Pick<EventStore, 'headPosition'>;
  readonly postgresUrl: string;
  readonly elasticsearch: boolean;
  readonly kafka: boolean;
}

const LOOK_EVERY_MS = 100;

/**
 * Waits until every projection has reached the end of the log and no parked event is tried again.
 *
 * @returns null, or what was not settled in time
 */
export async function untilSettled(settling: Settling, limitMs: number): Promise<string | null> {
  const { store, postgresUrl, elasticsearch, kafka } = settling;
  const wanted = ['orders', ...(elasticsearch ? ['search'] : []), ...(kafka ? ['relay'] : [])];
  const known = await until('the end of the log is known', () => headOf(store), limitMs);
  const head = known.position ?? -1n;
  const pool = new pg.Pool({ connectionString: postgresUrl, max: 1 });
  const deadlineMs = performance.now() + limitMs;
  try {
    for (;;) {
      const { reached, triedAgain } = await progress(pool);
      const isThere = wanted.every((projection) => (reached.get(projection) ?? -1n) >= head);
      if (isThere && triedAgain === 0) return null;
      if (performance.now() > deadlineMs) {
        const at = wanted.map((projection) => `${projection} at ${reached.get(projection) ?? 'nothing'}`);
        return `not settled in ${limitMs} ms: the log ends at ${head}, there is ${at.join(', ')}, and ${triedAgain} events are to be tried again`;
      }
      await setTimeout(LOOK_EVERY_MS);
    }
  } finally {
    await pool.end();
  }
}

/** Returns null while the event store cannot be reached. */
async function headOf(store: Settling['store']): Promise<{ position: bigint | null } | null> {
  try {
    return { position: await store.headPosition() };
  } catch (error) {
    if (error instanceof StoreUnavailable) return null;
    throw error;
  }
}

interface Progress {
  /** By projection. */
  readonly reached: ReadonlyMap<string, bigint>;
  /** Number of parked events that are tried again automatically. */
  readonly triedAgain: number;
}

async function progress(pool: pg.Pool): Promise<Progress> {
  const client = await pool.connect();
  try {
    const generation = await activeGeneration(client);
    if (generation === null) return { reached: new Map(), triedAgain: 0 };
    const rows = await rowsOf(
      client,
      `SELECT projection, position FROM orderlog.checkpoints WHERE ${OF_GENERATION}
       UNION ALL SELECT 'relay', position FROM orderlog.relays`,
      idsOf(generation),
    );
    const [parked] = await rowsOf(
      client,
      `SELECT count(*)::int AS transient FROM orderlog.quarantine
       WHERE kind = 'transient' AND (generation = 0 OR ${OF_GENERATION})`,
      idsOf(generation),
    );
    return {
      reached: new Map(rows.map((row) => [String(row['projection']), BigInt(String(row['position']))])),
      triedAgain: parked!['transient'] as number,
    };
  } finally {
    client.release();
  }
}
