import { randomBytes } from 'node:crypto';
import type { Client } from '@elastic/elasticsearch';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';

/** What `npm run engines -- up elasticsearch` prints. */
export const ELASTICSEARCH_VARIABLE = 'ELASTICSEARCH_URL';

export function benchClient(): Client {
  return createElasticsearchClient({ url: process.env[ELASTICSEARCH_VARIABLE]!, apiKey: null, caFile: null });
}

/** Prefix for the indexes of one run, so that they can be found and removed. */
export function newIndexPrefix(): string {
  return `bench-${randomBytes(4).toString('hex')}`;
}

export async function removeIndexes(client: Client, prefix: string): Promise<void> {
  const index = Object.keys(await client.indices.get({ index: `${prefix}*` }));
  if (index.length > 0) await client.indices.delete({ index });
}
