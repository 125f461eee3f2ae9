import { Client } from '@elastic/elasticsearch';
import type { DocumentFact } from '../checker/facts.js';

/** The document that says how far the index is, and is no order's. */
const MARKER = 'indexed-through';
/** More than a run places. */
const MAX_DOCUMENTS = 10_000;

/** Every document of an index, as a search of it sees them now. */
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
      .filter(({ _id }) => _id !== MARKER)
      .map(({ _id, _version, _source }) => ({ id: _id!, version: _version!, source: _source! }));
  } finally {
    await client.close();
  }
}
