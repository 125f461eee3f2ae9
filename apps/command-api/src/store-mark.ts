import type { ExactEventStore } from '#event-store/port.js';
import { storeIdentity, storeMarkOf } from '#event-store/store-identity.js';

/** The mark of the event store, which positions carry. The store is asked once, and again after `forget`. */
export class StoreMark {
  readonly #eventStore: Pick<ExactEventStore, 'readStream' | 'appendExact'>;
  #mark: Promise<string> | null = null;

  constructor(eventStore: Pick<ExactEventStore, 'readStream' | 'appendExact'>) {
    this.#eventStore = eventStore;
  }

  /** @throws StoreUnavailable; the next call asks the store again */
  current(): Promise<string> {
    if (this.#mark !== null) return this.#mark;
    const asked = this.#ask();
    this.#mark = asked;
    asked.catch(() => {
      if (this.#mark === asked) this.#mark = null;
    });
    return asked;
  }

  /** To be called when the connection was lost: another store may answer at the same address by now. */
  forget(): void {
    this.#mark = null;
  }

  async #ask(): Promise<string> {
    return storeMarkOf(await storeIdentity(this.#eventStore));
  }
}
