import type { Client } from '@elastic/elasticsearch';
import type { EventStore } from '#event-store/port.js';
import { filterOf } from '#read-models/readers/order-filter.js';
import { ElasticsearchOrderSearch } from '#read-models/search/elasticsearch/elasticsearch-order-search.js';
import type { OrderSearchQuestion } from '#read-models/search/order-search.js';
import { compared, inTurn, ratioOfP99, runLane, WARM_UPS, type Row } from '../measure.js';
import { importFile } from '../imported-file.js';
import { searchBody } from '../questions.js';
import { benchClient } from '../search-engine.js';
import { activeIndex, untilPositionVisible } from '../settle.js';
import { searchOrders, type System } from '../system.js';

const SEARCHES = 1_000;
/** p99 of the raw query over ours. */
const TARGET_RATIO = 1 / 1.3;

interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly querystring: string;
  readonly body: Record<string, unknown>;
}

/**
 * Asks the same questions through query-api, and as the query that query-api sends to Elasticsearch for each, by a
 * plain client. Only ours looks up what a misspelt word stands for. The ratio compares the two p99.
 */
export async function searchElasticsearch(
  system: System,
  store: EventStore,
  file: string | null,
): Promise<Row> {
  await importFile(system, file);
  await untilPositionVisible(system, store);
  const client = benchClient();
  try {
    const queries = await queriesOf(client, await activeIndex(system));
    const lanes = await inTurn(
      {
        ours: () => runLane(SEARCHES, 1, (i) => searchOrders(system, searchBody(i))),
        raw: () => runLane(SEARCHES, 1, (i) => send(client, queries[i]!)),
      },
      { warmUps: WARM_UPS },
    );
    return compared({ name: 'search-elasticsearch', target: TARGET_RATIO }, lanes, ratioOfP99);
  } finally {
    await client.close();
  }
}

/** The last request that the adapter makes for a question is the query; the requests before it look up words. */
async function queriesOf(client: Client, index: string): Promise<RawRequest[]> {
  const always = async () => index;
  const search = new ElasticsearchOrderSearch(client, { current: always, refreshed: always });
  let last: RawRequest | null = null;
  client.diagnostic.on('request', (_error, result) => {
    if (result === null) return;
    const { method, path, querystring, body } = result.meta.request.params;
    const asked = { method, path, querystring: String(querystring ?? '') };
    last = { ...asked, body: JSON.parse(body as string) as Record<string, unknown> };
  });
  const queries: RawRequest[] = [];
  for (let i = 0; i < SEARCHES; i++) {
    await search.search(questionOf(searchBody(i)));
    queries.push(last!);
  }
  client.diagnostic.removeAllListeners('request');
  return queries;
}

function questionOf(body: Record<string, unknown>): OrderSearchQuestion {
  return {
    audience: { tenantId: 'default', customerId: null },
    sku: null,
    email: null,
    skuPrefix: null,
    numberPrefix: null,
    referencePrefix: null,
    sort: 'relevance',
    cursor: null,
    ...body,
    filter: filterOf(body['filters'] as object),
  } as unknown as OrderSearchQuestion;
}

async function send(client: Client, request: RawRequest): Promise<void> {
  await client.transport.request(request);
}
