import type { Logger } from '#platform/logging.js';
import type { Generation } from '#read-models/generations/generation.js';

interface Runnable {
  run(signal: AbortSignal): Promise<void>;
}

interface Running<T> {
  readonly one: T;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** One runner for each of a set of generations, begun and ended as generations come and go. */
export class KeptSet<T extends Runnable> {
  readonly #begin: (generation: Generation) => T | null;
  readonly #logger: Logger;
  readonly #running = new Map<number, Running<T>>();
  readonly #ending = new Set<Promise<void>>();

  /** @param begin returns null when the generation cannot be kept here */
  constructor(begin: (generation: Generation) => T | null, logger: Logger) {
    this.#begin = begin;
    this.#logger = logger;
  }

  get running(): T[] {
    return [...this.#running.values()].map(({ one }) => one);
  }

  /** Keeps exactly these generations from now on. A runner that ended by itself is begun again. */
  keep(generations: readonly Generation[]): void {
    const wanted = new Map(generations.map((one) => [one.id, one]));
    for (const [id, { stop }] of this.#running) {
      if (!wanted.has(id)) stop.abort();
    }
    for (const [id, generation] of wanted) {
      if (!this.#running.has(id)) this.#start(id, generation);
    }
  }

  async stop(): Promise<void> {
    for (const { stop } of this.#running.values()) stop.abort();
    await Promise.all(this.#ending);
  }

  #start(id: number, generation: Generation): void {
    const one = this.#begin(generation);
    if (one === null) return;
    const stop = new AbortController();
    const ended = one
      .run(stop.signal)
      .catch((err: unknown) => {
        // Its tables may have been dropped while it wrote them. Whatever the error, other generations go on.
        if (!stop.signal.aborted)
          this.#logger.error({ err, generation: id }, 'a generation is no longer kept up to date');
      })
      .finally(() => {
        this.#running.delete(id);
        this.#ending.delete(ended);
      });
    this.#running.set(id, { one, stop, ended });
    this.#ending.add(ended);
  }
}
