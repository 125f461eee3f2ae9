import type { Client } from '@elastic/elasticsearch';
import { createIndex, COPIES, REFRESH_INTERVAL } from './index-definition.js';

/** Makes an index that is filled as fast as can be: nobody searches it, and nobody misses it. */
export async function beginBulk(client: Client, index: string): Promise<void> {
  await createIndex(client, index, { refreshInterval: '-1', replicas: 0 });
}

/** From now on it is like any other. */
export async function endBulk(client: Client, index: string): Promise<void> {
  await client.indices.putSettings({
    index,
    settings: { refresh_interval: REFRESH_INTERVAL, ...COPIES },
  });
  await client.indices.refresh({ index });
}
