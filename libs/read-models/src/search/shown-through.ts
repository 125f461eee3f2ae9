import { setTimeout as delay } from 'node:timers/promises';
import { DRAWS_LEVEL_WITHIN_MS } from '../read-from.js';
import type { OrderSearchPage } from './order-search.js';

const LOOK_AGAIN_MS = 20;

type Page = Pick<OrderSearchPage, 'indexedThrough'>;

/**
 * How far the searches of one process have shown the events, so that none shows less after a flip. The index that takes the
 * place of another was as far as that in the moment of the flip; but who had not heard of it saw the other one go on, and
 * what the new one has is found with its next refresh only.
 */
export class ShownThrough {
  /** What was searched last. It does not go back by itself. */
  #source: string | null = null;
  #position = -1n;

  /**
   * A page that shows no less than those before it.
   * @param source what it was found in
   * @param again the same question, once all that the source has is found
   */
  async level<T extends Page>(source: string, first: T, again: () => Promise<T>): Promise<T> {
    const untilMs = performance.now() + DRAWS_LEVEL_WITHIN_MS;
    let page = first;
    while (!this.#takes(source, page.indexedThrough ?? -1n, performance.now() >= untilMs)) {
      await delay(LOOK_AGAIN_MS);
      page = await again();
    }
    return page;
  }

  #takes(source: string, position: bigint, whatever: boolean): boolean {
    if (source === this.#source) {
      if (position > this.#position) this.#position = position;
      return true;
    }
    if (position < this.#position && !whatever) return false;
    this.#source = source;
    this.#position = position;
    return true;
  }
}
