import type { Client } from '@elastic/elasticsearch';
import { createIndex, COPIES, REFRESH_INTERVAL } from './index-definition.js';

/**
 * Creates an index to be filled as fast as can be, without refreshes and replicas: nobody searches it yet, and
 * nobody misses it when it is lost.
 */
export async function beginBulk(client: Client, index: string): Promise<void> {
  await createIndex(client, index, { refreshInterval: '-1', replicas: 0 });
}

/** Gives a filled index the refresh interval and the replicas of any other, and refreshes it. */
export async function endBulk(client: Client, index: string): Promise<void> {
  await client.indices.putSettings({
    index,
    settings: { refresh_interval: REFRESH_INTERVAL, ...COPIES },
  });
  await client.indices.refresh({ index });
}
