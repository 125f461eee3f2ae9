import type { Client } from '@elastic/elasticsearch';
import { askActive, type ActiveIndexSource } from './active-index-source.js';
import { available, readerPatience } from './requests.js';

/** Makes what Elasticsearch has acknowledged findable at once, for a reader that waits for it. */
export class IndexRefresh {
  readonly #client: Client;
  readonly #indexes: ActiveIndexSource;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(client: Client, indexes: ActiveIndexSource) {
    this.#client = client;
    this.#indexes = indexes;
  }

  /**
   * Resolves after a refresh that began after this call: one that is under way may have come too early.
   * All who ask meanwhile share the next one.
   *
   * @throws SearchUnavailable
   */
  refresh(): Promise<void> {
    if (this.#running === null) return this.#start();
    this.#next ??= this.#running.then(
      () => this.#startNext(),
      () => this.#startNext(),
    );
    return this.#next;
  }

  #startNext(): Promise<void> {
    this.#next = null;
    return this.#start();
  }

  #start(): Promise<void> {
    const running = available(() =>
      askActive(this.#indexes, async (index) => {
        await this.#client.indices.refresh({ index }, readerPatience);
      }),
    ).finally(() => {
      if (this.#running === running) this.#running = null;
    });
    this.#running = running;
    return running;
  }
}
