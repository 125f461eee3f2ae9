import type { Client } from '@elastic/elasticsearch';

/** Every index whose name begins so. Elasticsearch itself refuses to delete by a pattern. */
export async function removeIndexes(client: Client, prefix: string): Promise<void> {
  const index = Object.keys(await client.indices.get({ index: `${prefix}*` }));
  if (index.length > 0) await client.indices.delete({ index });
}
