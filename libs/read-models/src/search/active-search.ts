import type { Client } from '@elastic/elasticsearch';
import { ORDERS_PROJECTION, SEARCH_PROJECTION } from '../orders.projection.js';
import type { ActiveGenerationSource, ReadGeneration, ReadModels } from '../readers/read-models.js';
import { ElasticsearchOrderSearch } from './elasticsearch/elasticsearch-order-search.js';
import { IndexRefresh } from './elasticsearch/index-refresh.js';
import type { OrderSearch, OrderSearchPage, OrderSearchQuestion } from './order-search.js';
import { PostgresOrderSearch } from './postgres-order-search.js';
import { SearchUnavailable } from './search-unavailable.js';
import { ShownThrough, type Asked } from './shown-through.js';

interface IndexSearch {
  readonly search: OrderSearch;
  readonly index: IndexRefresh;
}

/** The search port on the engine of the active generation. A flip may change the engine between two questions. */
export class ActiveSearch implements OrderSearch {
  readonly #models: ReadModels;
  readonly #tables: OrderSearch;
  readonly #shown = new ShownThrough();
  readonly #elasticsearch: IndexSearch | null;

  /** @param client null: no Elasticsearch is configured */
  constructor(models: ReadModels, generations: ActiveGenerationSource, client: Client | null) {
    this.#models = models;
    this.#tables = new PostgresOrderSearch(models);
    this.#elasticsearch = client && inElasticsearch(client, generations, this.#shown);
  }

  /** The projection that has to reach a position for a search to show it. */
  projection(): Promise<string> {
    return this.#models.read(async ({ searchIndex }) =>
      searchIndex === null ? ORDERS_PROJECTION : SEARCH_PROJECTION,
    );
  }

  /**
   * Makes the next search show all that the engine has. Called only when a reader waits for a change.
   * @throws SearchUnavailable
   */
  refresh(): Promise<void> {
    return this.#onItsEngine(
      async () => {}, // rows are seen as soon as they are written
      ({ index }) => index.refresh(),
    );
  }

  search(question: OrderSearchQuestion): Promise<OrderSearchPage> {
    return this.#onItsEngine(
      () => this.#shown.level(() => this.#askedInTables(question)),
      ({ search }) => search.search(question),
    );
  }

  /** Checks the engine again each time: while the question waits, a flip may change to an index. */
  #askedInTables(question: OrderSearchQuestion): Promise<Asked<OrderSearchPage>> {
    return this.#models.read(async ({ searchIndex }) => {
      if (searchIndex !== null) throw new SearchedElsewhere('the active generation has an index');
      return { source: 'tables', page: await this.#tables.search(question) };
    });
  }

  async #onItsEngine<T>(tables: () => Promise<T>, index: (engine: IndexSearch) => Promise<T>): Promise<T> {
    const ask = () =>
      this.#models.read(({ searchIndex }) => (searchIndex === null ? tables() : index(this.#configured())));
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof SearchedElsewhere)) throw error;
      return ask(); // the generation changed between the choice of an engine and its question
    }
  }

  #configured(): IndexSearch {
    if (this.#elasticsearch !== null) return this.#elasticsearch;
    throw new SearchUnavailable(
      new Error('orders are searched in an Elasticsearch index, but ORDERLOG_ELASTICSEARCH_URL is not set'),
    );
  }
}

function inElasticsearch(
  client: Client,
  generations: ActiveGenerationSource,
  shown: ShownThrough,
): IndexSearch {
  const indexes = {
    current: async () => indexOf(await generations.current()),
    refreshed: async () => indexOf(await generations.refreshed()),
  };
  const index = new IndexRefresh(client, indexes);
  return { search: new ElasticsearchOrderSearch(client, indexes, shown, index), index };
}

/** The generation that is active now is searched in another engine. */
class SearchedElsewhere extends Error {}

function indexOf({ searchIndex }: ReadGeneration): string {
  if (searchIndex === null) throw new SearchedElsewhere('the active generation has no index');
  return searchIndex;
}
