import type { Client, estypes } from '@elastic/elasticsearch';
import { PAGE_MAX_BYTES } from '../../readers/cut-page.js';
import type { Audience } from '../../readers/order-filter.js';
import { seeksTexts, soughtOf } from '../highlights.js';
import {
  searchSortOf,
  type OrderSearch,
  type OrderSearchPage,
  type OrderSearchQuestion,
} from '../order-search.js';
import type { SearchTerm } from '../search-terms.js';
import { searchTextOf, type SearchText } from '../search-text.js';
import { SearchUnavailable } from '../search-unavailable.js';
import { ShownThrough, type Asked } from '../shown-through.js';
import { askActive, type ActiveIndexSource } from './active-index-source.js';
import { asksTheSame, elasticsearchTerms, guessedTerms } from './elasticsearch-terms.js';
import { IndexRefresh } from './index-refresh.js';
import { KnownTerms } from './known-terms.js';
import { AnswerTooLarge, askIndex, available } from './requests.js';
import { searchPageOf, type FoundDocument } from './search-answer.js';
import { searchRequest } from './search-request.js';
import { isSameIndex, seenIndex, type SeenIndex } from './seen-index.js';

/** By how much a page is asked for anew when it is too large: a hundred orders may be a hundred megabytes. */
const SMALLER_BY = 4;

/** The search port on Elasticsearch. */
export class ElasticsearchOrderSearch implements OrderSearch {
  readonly #client: Client;
  readonly #indexes: ActiveIndexSource;
  readonly #shown: ShownThrough;
  readonly #refresh: IndexRefresh;
  readonly #known = new KnownTerms();
  /** How far the index was in the last search. */
  #seen: SeenIndex | null = null;

  /**
   * @param shown what all searches of this process have shown
   * @param refresh shared by all who wait for one
   */
  constructor(
    client: Client,
    indexes: ActiveIndexSource,
    shown = new ShownThrough(),
    refresh = new IndexRefresh(client, indexes),
  ) {
    this.#client = client;
    this.#indexes = indexes;
    this.#shown = shown;
    this.#refresh = refresh;
  }

  search(question: OrderSearchQuestion): Promise<OrderSearchPage> {
    return this.#shown.level(
      () => this.#asked(question),
      // A refresh fails where Elasticsearch is too busy, or the index is lost: the next one may succeed.
      () => this.#refresh.refresh().catch(unlessPassing),
    );
  }

  #asked(question: OrderSearchQuestion): Promise<Asked<OrderSearchPage>> {
    return askActive(this.#indexes, async (index) => ({
      source: index,
      page: await this.#pageOf(index, question),
    }));
  }

  async #pageOf(index: string, question: OrderSearchQuestion): Promise<OrderSearchPage> {
    for (let { limit } = question; ; limit = Math.ceil(limit / SMALLER_BY)) {
      try {
        return await available(() => this.#pageOfSize(index, { ...question, limit }));
      } catch (error) {
        if (!(error instanceof AnswerTooLarge) || limit === 1) throw error;
      }
    }
  }

  /** @throws AnswerTooLarge where it is of more than one order */
  async #pageOfSize(index: string, question: OrderSearchQuestion): Promise<OrderSearchPage> {
    const { audience, facets, limit } = question;
    const sort = searchSortOf(question);
    const text = searchTextOf(question.text);
    const found = await this.#found(index, audience, text, (terms) => {
      const seeks = seeksTexts(soughtOf(question, text, terms));
      const request = searchRequest(question, text, terms, sort, seeks);
      const maxBytes = limit === 1 ? undefined : PAGE_MAX_BYTES;
      return askIndex<FoundDocument>(this.#client, { index, ...request }, maxBytes);
    });
    return searchPageOf(found.answer, facets, limit, sort, soughtOf(question, text, found.terms));
  }

  /**
   * What words stand for is looked up once for as long as nothing is indexed. The search is sent at the same time
   * as the lookup, with what the words stood for last, or else as known words that name nobody, as most words are.
   * The guess is mostly right, and then its answer is used.
   */
  async #found(
    index: string,
    audience: Audience,
    text: SearchText,
    ask: (terms: readonly SearchTerm[]) => Promise<FoundAnswer>,
  ): Promise<{ terms: readonly SearchTerm[]; answer: FoundAnswer }> {
    const key = JSON.stringify([index, audience, text.words, text.unfinished]);
    const known = this.#known.get(key);
    const guess = known?.terms ?? guessedTerms(text);
    const asking = ask(guess);
    if (known?.seen && this.#seen && isSameIndex(known.seen, this.#seen)) {
      const answer = await asking;
      this.#seen = seenIndex(answer);
      if (isSameIndex(known.seen, this.#seen)) return { terms: guess, answer };
    }
    const looking = elasticsearchTerms(this.#client, index, audience, text);
    const [resolved, answer] = await Promise.all([looking, asking]);
    this.#known.set(key, resolved);
    this.#seen = seenIndex(answer);
    const { terms } = resolved;
    return { terms, answer: asksTheSame(terms, guess) ? answer : await ask(terms) };
  }
}

type FoundAnswer = estypes.SearchResponse<FoundDocument>;

function unlessPassing(error: unknown): void {
  if (!(error instanceof SearchUnavailable)) throw error;
}
