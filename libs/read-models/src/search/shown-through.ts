import { setTimeout as delay } from 'node:timers/promises';
import { DRAWS_LEVEL_WITHIN_MS } from '../read-from.js';
import type { OrderSearchPage } from './order-search.js';

const LOOK_AGAIN_MS = 20;

type Page = Pick<OrderSearchPage, 'indexedThrough' | 'shownThrough'>;

/** A page, and where it is from. */
export interface Asked<T> {
  readonly source: string;
  readonly page: T;
}

/**
 * How new the events are that searches of one process have shown, so that none shows older ones after a flip. The index
 * that takes the place of another was as far as that in the moment of the flip; but who had not heard of it saw the other
 * one go on, and what the new one has is found with its next refresh only.
 */
export class ShownThrough {
  /** What was searched last. It does not go back by itself. */
  #source: string | null = null;
  #position = -1n;

  /**
   * A page that shows no less than those before it; or, where none draws level in time, what there is.
   * @param ask the source that is to be searched now; while one waits that may become another
   * @param refresh lets the next answer show all that the source has
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
