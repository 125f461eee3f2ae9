import { SEARCH_PROJECTION, ORDERS_PROJECTION } from '../orders.projection.js';
import type { ReadModels } from '../readers/read-models.js';
import {
  SearchUnavailable,
  type OrderSearch,
  type OrderSearchPage,
  type OrderSearchQuestion,
} from './order-search.js';

/** An engine that has documents before it shows them. */
export interface RefreshedSearch extends OrderSearch {
  /** Shows what it has now. @throws SearchUnavailable */
  refresh(): Promise<void>;
}

/** The search port on whatever the active generation is searched in; a flip changes it between two questions. */
export class ActiveSearch implements OrderSearch {
  readonly #models: ReadModels;
  readonly #postgres: OrderSearch;
  readonly #elasticsearch: RefreshedSearch | null;

  /** @param elasticsearch null: none is configured */
  constructor(models: ReadModels, postgres: OrderSearch, elasticsearch: RefreshedSearch | null) {
    this.#models = models;
    this.#postgres = postgres;
    this.#elasticsearch = elasticsearch;
  }

  /** The projection that has to reach a position for a search to show it. */
  projection(): Promise<string> {
    return this.#models.read(async ({ searchIndex }) =>
      searchIndex === null ? ORDERS_PROJECTION : SEARCH_PROJECTION,
    );
  }

  /**
   * Lets the next search show all that the engine has: asked for only when a reader waits for it.
   * @throws SearchUnavailable
   */
  refresh(): Promise<void> {
    return this.#models.read(async ({ searchIndex }) => {
      if (searchIndex !== null) await this.#configured().refresh();
    });
  }

  search(question: OrderSearchQuestion): Promise<OrderSearchPage> {
    return this.#models.read(({ searchIndex }) =>
      (searchIndex === null ? this.#postgres : this.#configured()).search(question),
    );
  }

  #configured(): RefreshedSearch {
    if (this.#elasticsearch !== null) return this.#elasticsearch;
    throw new SearchUnavailable(
      'orders are searched in Elasticsearch, but ORDERLOG_ELASTICSEARCH_URL is not set here',
    );
  }
}
