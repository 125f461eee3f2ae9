import type { Client } from '@elastic/elasticsearch';
import type { ElasticsearchConfig } from '#platform/search-settings.js';

/**
 * The client has hundreds of modules: a process without Elasticsearch starts sooner, and smaller, without them.
 * @throws when the CA file cannot be read
 */
export async function openElasticsearchClient(config: ElasticsearchConfig): Promise<Client> {
  const { createElasticsearchClient } = await import('./client.js');
  return createElasticsearchClient(config);
}
