import pg from 'pg';
import type { EventStore } from '#event-store/port.js';
import { until } from '../../support/until.js';
import { activeGeneration, rowsOf } from './load-rows.js';

export interface Settling {
  readonly store: Pick<EventStore, 'headPosition'>;
  readonly postgresUrl: string;
  readonly elasticsearch: boolean;
  readonly kafka: boolean;
}

/** Until every projection has come to the end of the log. @throws when one does not in time */
export async function untilSettled(settling: Settling, limitMs: number): Promise<void> {
  const { store, postgresUrl, elasticsearch, kafka } = settling;
  const wanted = ['orders', ...(elasticsearch ? ['search'] : []), ...(kafka ? ['relay'] : [])];
  const head = (await store.headPosition()) ?? -1n;
  const pool = new pg.Pool({ connectionString: postgresUrl, max: 1 });
  let reached = new Map<string, bigint>();
  try {
    await until(
      `all projections are at ${head}`,
      async () => {
        reached = await positions(pool);
        return wanted.every((projection) => (reached.get(projection) ?? -1n) >= head);
      },
      limitMs,
    ).catch((error: unknown) => {
      const at = [...reached].map(([projection, position]) => `${projection} at ${position}`).join(', ');
      throw new Error(`the system does not settle: head ${head}, ${at || 'no projection'}`, { cause: error });
    });
  } finally {
    await pool.end();
  }
}

async function positions(pool: pg.Pool): Promise<Map<string, bigint>> {
  const client = await pool.connect();
  try {
    const generation = await activeGeneration(client);
    if (generation === null) return new Map();
    const rows = await rowsOf(
      client,
      `SELECT projection, position FROM orderlog.checkpoints WHERE generation = $1
       UNION ALL SELECT 'relay', position FROM orderlog.relays`,
      [generation.id],
    );
    return new Map(rows.map((row) => [String(row['projection']), BigInt(String(row['position']))]));
  } finally {
    client.release();
  }
}
