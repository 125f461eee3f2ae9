import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '@elastic/elasticsearch';
import { SearchUnavailable } from '../search-unavailable.js';
import { createElasticsearchClient } from './client.js';
import { IndexRefresh } from './index-refresh.js';

const MISSING = { error: { type: 'index_not_found_exception', reason: 'no such index' }, status: 404 };

describe('a refresh of the index that is active', () => {
  let server: Server;
  let client: Client;
  let there: string;
  let refreshed: string[];

  beforeEach(async () => {
    [there, refreshed] = ['orders-2', []];
    server = createServer((request, response) => {
      const index = request.url!.split('/')[1]!;
      const headers = { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' };
      response.writeHead(index === there ? 200 : 404, headers);
      response.end(JSON.stringify(index === there ? {} : MISSING));
      if (index === there) refreshed.push(index);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    client = createElasticsearchClient({ url: `http://127.0.0.1:${port}`, apiKey: null, caFile: null });
  });
  afterEach(async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
  });

  const refresh = () =>
    new IndexRefresh(client, {
      current: async () => 'orders-1',
      refreshed: async () => 'orders-2',
    }).refresh();

  it('is made in the index that took over from one that was dropped', async () => {
    await refresh();
    expect(refreshed).toEqual(['orders-2']);
  });

  it('cannot be made where the index is lost', async () => {
    there = 'another';
    await expect(refresh()).rejects.toThrow(SearchUnavailable);
  });
});
