import type { Client } from '@elastic/elasticsearch';
import { openElasticsearchClient } from '#read-models/search/elasticsearch/open-client.js';
import type { Connection } from './connection.js';

/** A client of the Elasticsearch that is named, or that the system on the data folder uses; null: there is none. */
export async function openElasticsearch(connection: Connection): Promise<Client | null> {
  const config = await connection.elasticsearch();
  return config && openElasticsearchClient(config);
}
