import { setTimeout as delay } from 'node:timers/promises';
import { DRAWS_LEVEL_WITHIN_MS } from '../generations/generation-in-use.js';
import type { OrderSearchPage } from './order-search.js';

const LOOK_AGAIN_MS = 20;

type Page = Pick<OrderSearchPage, 'indexedThrough' | 'shownThrough'>;

/** A page, and where it is from. */
export interface Asked<T> {
  readonly source: string;
  readonly page: T;
}

/**
 * How new the events are that searches of one process have shown, so that none shows older ones after a flip. In
 * the moment of the flip the new index was as far as the old one. But a process that had not heard of the flip may
 * have shown later events from the old index, and a search finds what the new index has only after its next
 * refresh.
 */
export class ShownThrough {
  /** The source that was searched last. Searches of one source never go back. */
  #source: string | null = null;
  #position = -1n;

  /**
   * A page that shows no less than the pages before it; or, if the source does not draw level in time, the page
   * that there is.
   * @param ask asks the source that is to be searched now; another may take its place during the wait
   * @param refresh makes the next answer show all that the source has
   */
  async level<T extends Page>(
    ask: () => Promise<Asked<T>>,
    refresh: () => Promise<void> = async () => {},
  ): Promise<T> {
    const untilMs = performance.now() + DRAWS_LEVEL_WITHIN_MS;
    let asked = await ask();
    while (!this.#takes(asked, performance.now() >= untilMs)) {
      await delay(LOOK_AGAIN_MS);
      await refresh();
      asked = await ask();
    }
    return asked.page;
  }

  #takes({ source, page: { indexedThrough, shownThrough } }: Asked<Page>, whatever: boolean): boolean {
    const isLevel = source === this.#source || (indexedThrough ?? -1n) >= this.#position;
    if (!isLevel && !whatever) return false;
    const shown = shownThrough ?? -1n;
    if (source !== this.#source || shown > this.#position) this.#position = shown;
    this.#source = source;
    return true;
  }
}
