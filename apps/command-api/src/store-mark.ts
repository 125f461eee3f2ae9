import type { ExactEventStore } from '#event-store/port.js';
import { storeIdentity, storeMarkOf } from '#event-store/store-identity.js';

/** The mark that positions carry: of the store that answers now, which is asked once until it is lost sight of. */
export class StoreMark {
  readonly #eventStore: Pick<ExactEventStore, 'readStream' | 'appendExact'>;
  #mark: Promise<string> | null = null;

  constructor(eventStore: Pick<ExactEventStore, 'readStream' | 'appendExact'>) {
    this.#eventStore = eventStore;
  }

  /** @throws StoreUnavailable, and is asked again by the next command then */
  current(): Promise<string> {
    if (this.#mark !== null) return this.#mark;
    const asked = this.#ask();
    this.#mark = asked;
    asked.catch(() => {
      if (this.#mark === asked) this.#mark = null;
    });
    return asked;
  }

  /** Another store may answer at the same address by now. */
  forget(): void {
    this.#mark = null;
  }

  async #ask(): Promise<string> {
    return storeMarkOf(await storeIdentity(this.#eventStore));
  }
}
