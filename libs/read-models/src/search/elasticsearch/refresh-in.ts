import type { Client } from '@elastic/elasticsearch';

/** Makes searches of an index see all that it has acknowledged. @param client null: none is configured, nothing is done */
export function refreshIn(client: Client | null): (index: string) => Promise<void> {
  return async (index) => void (await client?.indices.refresh({ index }));
}
