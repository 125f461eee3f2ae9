import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Client } from '@elastic/elasticsearch';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';

export interface ElasticsearchStub {
  readonly url: string;
  /** Of the stub alone. */
  readonly client: Client;
  close(): Promise<void>;
}

/** Answers in the place of an Elasticsearch, for what a real one does not do when it is asked to. */
export async function elasticsearchStub(answer: RequestListener): Promise<ElasticsearchStub> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json').setHeader('x-elastic-product', 'Elasticsearch');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const client = createElasticsearchClient({ url, apiKey: null, caFile: null });
  return {
    url,
    client,
    async close() {
      await client.close();
      server.closeAllConnections();
      server.close();
    },
  };
}
