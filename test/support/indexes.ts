import type { Client } from '@elastic/elasticsearch';

/** Removes every index whose name begins with `prefix`. Elasticsearch itself refuses to delete by a pattern. */
export async function removeIndexes(client: Client, prefix: string): Promise<void> {
  const index = Object.keys(await client.indices.get({ index: `${prefix}*` }));
  if (index.length > 0) await client.indices.delete({ index });
}
