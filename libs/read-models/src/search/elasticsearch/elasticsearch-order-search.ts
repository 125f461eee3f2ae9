import type { Client } from '@elastic/elasticsearch';
import { seeksTexts, soughtOf } from '../highlights.js';
import {
  searchSortOf,
  type OrderSearch,
  type OrderSearchPage,
  type OrderSearchQuestion,
} from '../order-search.js';
import type { SearchTerm } from '../search-terms.js';
import { searchTextOf } from '../search-text.js';
import { SearchUnavailable } from '../search-unavailable.js';
import { elasticsearchTerms, guessedTerms, isAsGuessed } from './elasticsearch-terms.js';
import { askIndex, available, isIndexMissing } from './requests.js';
import { searchPageOf, type FoundDocument } from './search-answer.js';
import { searchRequest } from './search-request.js';

/** Knows the index of the active generation without asking on every request. */
export interface ActiveIndexSource {
  /** @throws NoActiveGeneration */
  current(): Promise<string>;
  /** Asks anew: the index that was current is gone. @throws NoActiveGeneration */
  refreshed(): Promise<string>;
}

/** The search port on Elasticsearch. */
export class ElasticsearchOrderSearch implements OrderSearch {
  readonly #client: Client;
  readonly #indexes: ActiveIndexSource;

  constructor(client: Client, indexes: ActiveIndexSource) {
    this.#client = client;
    this.#indexes = indexes;
  }

  async search(question: OrderSearchQuestion): Promise<OrderSearchPage> {
    const index = await this.#indexes.current();
    try {
      return await this.#searchIn(index, question);
    } catch (error) {
      if (!isIndexMissing(error)) throw error;
      return this.#searchInOther(question, error);
    }
  }

  /** Once more, where the index was dropped after a flip. */
  async #searchInOther(question: OrderSearchQuestion, cause: unknown): Promise<OrderSearchPage> {
    const index = await this.#indexes.refreshed();
    try {
      return await this.#searchIn(index, question);
    } catch (error) {
      throw isIndexMissing(error) ? new SearchUnavailable(cause) : error;
    }
  }

  /** Most words are known and no names: what they find is asked for while that is looked up. */
  #searchIn(index: string, question: OrderSearchQuestion): Promise<OrderSearchPage> {
    return available(async () => {
      const { audience, facets, limit } = question;
      const sort = searchSortOf(question);
      const text = searchTextOf(question.text);
      const ask = (terms: readonly SearchTerm[]) => {
        const seeks = seeksTexts(soughtOf(question, text, terms));
        const request = searchRequest(question, text, terms, sort, seeks);
        return askIndex<FoundDocument>(this.#client, { index, ...request });
      };
      const [terms, guessed] = await Promise.all([
        elasticsearchTerms(this.#client, index, audience.tenantId, text),
        ask(guessedTerms(text)),
      ]);
      const answer = terms.every(isAsGuessed) ? guessed : await ask(terms);
      return searchPageOf(answer, facets, limit, sort, soughtOf(question, text, terms));
    });
  }
}
