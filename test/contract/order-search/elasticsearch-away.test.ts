import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { Client } from '@elastic/elasticsearch';
import { ElasticsearchOrderSearch } from '#read-models/search/elasticsearch/elasticsearch-order-search.js';
import {
  createIndex,
  MARKER_ID,
  markerDocument,
} from '#read-models/search/elasticsearch/index-definition.js';
import { IndexRefresh } from '#read-models/search/elasticsearch/index-refresh.js';
import { searchDocumentId, searchDocumentOf } from '#read-models/search/search-document.js';
import { SearchUnavailable } from '#read-models/search/search-unavailable.js';
import { describeWith, startOwnEngine, type OwnEngine } from '../../support/engines.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';
import { orderOf, questionOf } from './shapes.js';

// An engine takes seconds to start, longer on a busy machine or where it is downloaded first.
jest.setTimeout(240_000);

const INDEX = 'orders-1';
/** Longer than a reader is ever kept waiting, also where this machine has much else to do. */
const ANSWERED_MS = 20_000;

describeWith('elasticsearch', 'the Elasticsearch adapter', () => {
  let engine: OwnEngine;
  let proxy: TcpProxy;
  let client: Client;
  let direct: Client;

  beforeAll(async () => {
    engine = await startOwnEngine('elasticsearch');
    proxy = await startTcpProxy(Number(new URL(engine.url).port));
    client = new Client({ node: `http://127.0.0.1:${proxy.port}` });
    direct = new Client({ node: engine.url });
    await createIndex(direct, INDEX, { refreshInterval: '-1' });
    const order = await orderOf({ ref: 'A1', names: ['White hanging heart'] });
    await direct.index({ index: INDEX, id: searchDocumentId(order), document: searchDocumentOf(order) });
    await direct.index({
      index: INDEX,
      id: MARKER_ID,
      document: markerDocument({ position: 5n, writeSeq: 0n }),
    });
    await direct.indices.refresh({ index: INDEX });
  });
  afterAll(async () => {
    await client?.close();
    await direct?.close();
    await proxy?.close();
    await engine?.stop();
  });

  const search = (current = INDEX, refreshed = INDEX) =>
    new ElasticsearchOrderSearch(client, {
      current: async () => current,
      refreshed: async () => refreshed,
    }).search(questionOf({ text: 'haert' }));
  const refresh = () =>
    new IndexRefresh(client, { current: async () => INDEX, refreshed: async () => INDEX });
  const answer = { total: 1, items: [{ reference: 'A1' }], indexedThrough: 5n };

  async function unavailable(work: () => Promise<unknown>): Promise<void> {
    const startedMs = performance.now();
    await expect(work()).rejects.toThrow(SearchUnavailable);
    expect(performance.now() - startedMs).toBeLessThan(ANSWERED_MS);
  }

  it('says that Elasticsearch is away after a kill, and answers again when it is back', async () => {
    expect(await search()).toMatchObject(answer);
    await engine.kill();
    await unavailable(search);
    await unavailable(() => refresh().refresh());
    await engine.restart();
    const back = await until(
      'it answers again',
      () =>
        search().catch((error: unknown) => {
          if (error instanceof SearchUnavailable) return null;
          throw error;
        }),
      120_000,
    );
    expect(back).toMatchObject(answer);
  });

  it('does not wait for an answer that does not come', async () => {
    proxy.holdAnswers();
    await unavailable(search);
    proxy.passAnswers();
    expect(await search()).toMatchObject(answer);
  });

  it('tries once more where a connection broke', async () => {
    expect(await search()).toMatchObject(answer);
    proxy.cut();
    expect(await search()).toMatchObject(answer);
  });

  it('says so when Elasticsearch has more to do than it can (429)', async () => {
    const breaker = 'indices.breaker.request.limit';
    await direct.cluster.putSettings({ persistent: { [breaker]: '1b' } });
    await unavailable(search);
    await direct.cluster.putSettings({ persistent: { [breaker]: null } });
    expect(await search()).toMatchObject(answer);
  });

  it('goes on in the index that took over from one that was dropped', async () => {
    expect(await search('dropped', INDEX)).toMatchObject(answer);
    await unavailable(() => search('dropped', 'dropped-too'));
  });

  it('keeps an index that is there, and refuses a document with a field that it does not know', async () => {
    await createIndex(direct, INDEX);
    expect(await search()).toMatchObject(answer);
    const order = await orderOf({ ref: 'A3', names: ['Crate'] });
    const document = { ...searchDocumentOf(order), colour: 'red' };
    const refused = direct.index({ index: INDEX, id: searchDocumentId(order), document });
    await expect(refused).rejects.toThrow(/strict_dynamic_mapping_exception/);
    const personal = { ...searchDocumentOf(order).personal, phone: '123' };
    const named = { ...searchDocumentOf(order), personal };
    await expect(
      direct.index({ index: INDEX, id: searchDocumentId(order), document: named }),
    ).rejects.toThrow(/strict_dynamic_mapping_exception/);
  });

  it('does not take an error of ours for Elasticsearch being away', async () => {
    await direct.indices.create({ index: 'other-fields', mappings: { dynamic: 'strict' } });
    await expect(search('other-fields')).rejects.not.toThrow(SearchUnavailable);
  });

  it('refreshes once for all who ask while a refresh is under way, and not before they asked', async () => {
    const order = await orderOf({ ref: 'A2', names: ['Crate'] });
    let requests = 0;
    client.diagnostic.on('request', (_error, result) => {
      if (result?.meta.request.params.path.endsWith('/_refresh')) requests += 1;
    });
    const refreshing = refresh();
    proxy.holdAnswers();
    const first = refreshing.refresh();
    await direct.index({ index: INDEX, id: searchDocumentId(order), document: searchDocumentOf(order) });
    const others = Array.from({ length: 3 }, () => refreshing.refresh());
    proxy.passAnswers();
    await Promise.all([first, ...others]);
    expect(requests).toBe(2);
    const found = new ElasticsearchOrderSearch(client, {
      current: async () => INDEX,
      refreshed: async () => INDEX,
    });
    expect(await found.search(questionOf({ text: 'crate' }))).toMatchObject({ total: 1 });
  });
});
