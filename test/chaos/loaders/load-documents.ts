import { Client } from '@elastic/elasticsearch';
import { OWN_IDS } from '#read-models/search/elasticsearch/index-definition.js';
import type { DocumentFact } from '../checker/facts.js';

/** More than a run places. */
const MAX_DOCUMENTS = 10_000;

/** Every order's document of an index, as a search sees it now. */
export async function loadDocuments(url: string, index: string): Promise<readonly DocumentFact[]> {
  const client = new Client({ node: url, maxRetries: 0, requestTimeout: 10_000 });
  try {
    await client.indices.refresh({ index });
    const { hits } = await client.search<Record<string, unknown>>({
      index,
      size: MAX_DOCUMENTS,
      version: true,
      query: { match_all: {} },
    });
    return hits.hits
      .filter(({ _id }) => !OWN_IDS.includes(_id!))
      .map(({ _id, _version, _source }) => ({ id: _id!, version: _version!, source: _source! }));
  } finally {
    await client.close();
  }
}
