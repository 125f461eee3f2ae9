import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { elasticsearchStub, type ElasticsearchStub } from '#test/support/elasticsearch-stub.js';
import { SearchUnavailable } from '../search-unavailable.js';
import { IndexRefresh } from './index-refresh.js';

const MISSING = { error: { type: 'index_not_found_exception', reason: 'no such index' }, status: 404 };

describe('a refresh of the index that is active', () => {
  let elasticsearch: ElasticsearchStub;
  let there: string;
  let refreshed: string[];

  beforeEach(async () => {
    [there, refreshed] = ['orders-2', []];
    elasticsearch = await elasticsearchStub((request, response) => {
      const index = request.url!.split('/')[1]!;
      response.writeHead(index === there ? 200 : 404);
      response.end(JSON.stringify(index === there ? {} : MISSING));
      if (index === there) refreshed.push(index);
    });
  });
  afterEach(() => elasticsearch.close());

  const refresh = () =>
    new IndexRefresh(elasticsearch.client, {
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
