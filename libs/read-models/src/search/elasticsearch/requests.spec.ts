import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '@elastic/elasticsearch';
import { SearchUnavailable } from '../search-unavailable.js';
import { createElasticsearchClient } from './client.js';
import { askIndex, available, isIndexMissing } from './requests.js';

const JSON_TYPE = 'application/vnd.elasticsearch+json;compatible-with=9';
const errorOf = (type: string) => JSON.stringify({ error: { type, reason: 'as told' } });

describe('a search whose answer is none', () => {
  let server: Server;
  let client: Client;
  let answer: { status: number; type: string; body: string };

  beforeEach(async () => {
    server = createServer((request, response) => {
      const product = answer.type === JSON_TYPE ? { 'x-elastic-product': 'Elasticsearch' } : {};
      request.resume().once('end', () => {
        response.writeHead(answer.status, { 'content-type': answer.type, ...product }).end(answer.body);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    client = createElasticsearchClient({ url: `http://127.0.0.1:${port}`, apiKey: null, caFile: null });
  });
  afterEach(async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
  });

  const ask = () => available(() => askIndex(client, { index: 'orders-1' }));

  it.each([
    ['a page of a proxy', 200, 'text/html', '<html>maintenance</html>'],
    ['a page that is not found', 404, 'text/html', '<html>no such page</html>'],
    ['a failure of a proxy', 500, 'text/html', 'no'],
    ['wrong credentials', 401, JSON_TYPE, errorOf('security_exception')],
    ['a right that is missing', 403, JSON_TYPE, errorOf('security_exception')],
    ['a closed index', 400, JSON_TYPE, errorOf('index_closed_exception')],
    ['half an answer', 200, JSON_TYPE, '{"hits":'],
  ])('is one that may be asked again later: %s', async (_what, status, type, body) => {
    answer = { status, type, body };
    await expect(ask()).rejects.toBeInstanceOf(SearchUnavailable);
  });

  it('is an error of ours where Elasticsearch refuses the question', async () => {
    answer = { status: 400, type: JSON_TYPE, body: errorOf('search_phase_execution_exception') };
    await expect(ask()).rejects.not.toBeInstanceOf(SearchUnavailable);
  });

  it('says that the index is missing, since another may have taken its place', async () => {
    answer = { status: 404, type: JSON_TYPE, body: errorOf('index_not_found_exception') };
    const error: unknown = await ask().catch((thrown: unknown) => thrown);
    expect(isIndexMissing(error)).toBe(true);
  });
});
