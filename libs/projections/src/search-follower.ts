import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import type { Logger } from '#platform/logging.js';
import { createPool } from '#platform/postgres.js';
import { newIndexName, type Generation } from '#read-models/generations.js';
import { SEARCH_PROJECTION } from '#read-models/orders.projection.js';
import { CHECKPOINT_CHANNEL } from '#read-models/schema.js';
import type { IndexReached } from '#read-models/search/elasticsearch/index-definition.js';
import { IndexWriter } from '#read-models/search/elasticsearch/index-writer.js';
import { NOTHING_REACHED, SearchFeedStore } from '#read-models/stores/search-feed.store.js';
import { FollowedStep, FollowedSteps, type SettledStep } from './followed-steps.js';
import { messageOf, OwnershipLost, pause } from './interruptions.js';
import { Ownership } from './ownership.js';

export interface SearchFollowerOptions {
  readonly client: Client;
  readonly postgresUrl: string;
  /** The one whose rows go into an index, made where there is none. */
  readonly generation: (pool: pg.Pool) => Promise<Generation>;
  readonly logger: Logger;
  /** Of one step. */
  readonly limits?: { readonly maxRows: number; readonly maxBytes: number };
}

/** `waiting`: a store is away, or the index cannot be written; it is tried again. */
export type FollowerState = 'starting' | 'standby' | 'catching_up' | 'live' | 'waiting';

const LIMITS = { maxRows: 500, maxBytes: 2_000_000 };
/** Between two steps while rows come one by one: a search sees them with the next refresh anyway. */
const CALM_INTERVAL_MS = 25;
/** Rows are told of by NOTIFY; this is for what was told while nobody listened. */
const LOOK_AGAIN_MS = 2_000;

/**
 * Keeps the search index of a generation up to date with its order rows: the projection `search`. It follows
 * `orders`, perhaps in another process, and holds it back never.
 */
export class SearchFollower {
  readonly totals = { documents: 0, refused: 0, steps: 0 };
  state: FollowerState = 'starting';
  generation: Generation | null = null;
  position: bigint | null = null;
  parked = 0;
  lastError: string | null = null;
  readonly #options: SearchFollowerOptions;
  readonly #pool: pg.Pool;

  constructor(options: SearchFollowerOptions) {
    this.#options = options;
    this.#pool = createPool(options.postgresUrl, {
      max: 1,
      applicationName: 'orderlog projector search',
      statementTimeoutMs: 0,
    });
  }

  /** Returns when the signal aborts. Whatever keeps the index from being written is waited for. */
  async run(signal: AbortSignal): Promise<void> {
    let attempts = 0;
    while (!signal.aborted) {
      const before = this.totals.steps;
      try {
        await this.#own(signal);
      } catch (error) {
        if (signal.aborted) break;
        if (this.totals.steps > before) attempts = 0;
        this.#failed(error);
        await pause(attempts++, signal);
      }
    }
    await this.#pool.end();
  }

  async #own(signal: AbortSignal): Promise<void> {
    const generation = await this.#options.generation(this.#pool);
    this.generation = generation;
    const ownership = await Ownership.acquire({
      connectionString: this.#options.postgresUrl,
      projection: SEARCH_PROJECTION,
      generation: generation.id,
      signal,
      onStandby: () => this.#become('standby'),
    });
    try {
      this.#become('catching_up');
      await this.#follow(ownership, generation, AbortSignal.any([signal, ownership.lost]));
    } catch (error) {
      throw ownership.lost.aborted ? new OwnershipLost(error) : error;
    } finally {
      await ownership.release();
    }
  }

  async #follow({ db }: Ownership, generation: Generation, signal: AbortSignal): Promise<void> {
    const store = new SearchFeedStore(db, generation);
    const news = new News(signal);
    db.on('notification', ({ payload }) => {
      if (payload?.startsWith(`${generation.rowsOf}:orders:`)) news.tell();
    });
    await db.query(`LISTEN ${CHECKPOINT_CHANNEL}`);
    const { writer, reached: start } = await this.#open(store, generation);
    const steps = new FollowedSteps(store, writer, start, await store.parked());
    const { maxRows, maxBytes } = this.#options.limits ?? LIMITS;
    const read = (after: bigint) => store.changed(after, maxRows, maxBytes);
    let ahead = start;
    let before: FollowedStep | null = null;
    let reading = read(ahead.writeSeq);
    while (!signal.aborted) {
      const page = await reading;
      const step = new FollowedStep(page, ahead, writer.write(page.orders));
      ahead = step.reached;
      // While these rows are being written, the next ones are read, and documents made of them.
      if (!page.complete) reading = read(ahead.writeSeq);
      reading.catch(() => {}); // thrown where it is awaited
      if (before !== null) this.#stepped(await steps.settle(before), steps);
      before = page.complete ? null : step;
      if (!page.complete) continue;
      this.#stepped(await steps.settle(step), steps);
      this.#become('live');
      await news.heard(LOOK_AGAIN_MS);
      await delay(CALM_INTERVAL_MS, undefined, { signal });
      news.forget();
      reading = read(ahead.writeSeq);
    }
  }

  /** Where to go on: the index itself knows what it has, whatever became of either store meanwhile. */
  async #open(
    store: SearchFeedStore,
    generation: Generation,
  ): Promise<{ writer: IndexWriter; reached: IndexReached }> {
    const { client, logger } = this.#options;
    const name = generation.searchIndex!;
    const writer = new IndexWriter(client, name);
    const marker = await writer.open();
    if (marker === null) return { writer, reached: NOTHING_REACHED };
    if (marker.writeSeq > (await store.lastWriteSeq())) {
      // Its versions are above those to come, and would win over them.
      const instead = newIndexName(name);
      logger.warn({ index: name, instead }, 'the index is of rows that are no more: another one is built');
      await store.replaceIndex(instead);
      await writer.remove();
      throw new IndexReplaced(`the index ${name} was replaced by ${instead}`);
    }
    const checkpoint = await store.checkpoint();
    if (checkpoint.writeSeq >= marker.writeSeq) return { writer, reached: marker };
    return { writer, reached: checkpoint };
  }

  #stepped({ page, reached, refused }: SettledStep, { parked }: FollowedSteps): void {
    for (const { tenantId, orderId, revision, reason } of refused) {
      this.#options.logger.error({ tenantId, orderId, revision, reason }, 'the index refuses a document');
    }
    this.totals.documents += page.orders.length - refused.length;
    this.totals.refused += refused.length;
    this.totals.steps += 1;
    this.parked = parked.size;
    this.position = reached.position < 0n ? null : reached.position;
    this.lastError = null;
  }

  #become(state: FollowerState): void {
    if (this.state === state) return;
    this.state = state;
    const { generation, position } = this;
    this.#options.logger.info(
      { state, generation: generation?.id, index: generation?.searchIndex, position: position?.toString() },
      `search is ${state}`,
    );
  }

  #failed(error: unknown): void {
    if (error instanceof IndexReplaced) return; // told already
    this.#become('waiting');
    const message = messageOf(error);
    // The same every second would bury what else is logged.
    if (message !== this.lastError) this.#options.logger.warn({ err: error }, 'the index is not written');
    this.lastError = message;
  }
}

/** The generation has another index now: begin anew with that one. */
class IndexReplaced extends Error {}

/** Whether something was told since it was last asked. */
class News {
  readonly #signal: AbortSignal;
  #heard = false;
  #wake: (() => void) | null = null;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
  }

  tell(): void {
    this.#heard = true;
    this.#wake?.();
  }

  forget(): void {
    this.#heard = false;
  }

  async heard(timeoutMs: number): Promise<void> {
    if (this.#heard || this.#signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }
}
