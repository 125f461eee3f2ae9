import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import type { Logger } from '#platform/logging.js';
import { createPool } from '#platform/postgres.js';
import { indexIsDropped } from '#read-models/generations/generation-states.js';
import {
  activeGeneration,
  generationById,
  newIndexName,
  type Generation,
} from '#read-models/generations/generation.js';
import { SEARCH_PROJECTION } from '#read-models/orders.projection.js';
import type { ProjectionKey } from '#read-models/projection-key.js';
import { CHECKPOINT_CHANNEL } from '#read-models/schema.js';
import { isClientError } from '#read-models/search/elasticsearch/client-errors.js';
import type { IndexReached } from '#read-models/search/elasticsearch/index-definition.js';
import { IndexBusy, IndexWriter } from '#read-models/search/elasticsearch/index-writer.js';
import { changedRows, type ChangedRows, type PageLimits } from '#read-models/stores/changed-rows.js';
import { NOTHING_REACHED, SearchProgressStore } from '#read-models/stores/search-progress.store.js';
import {
  ProjectionEngine,
  type Owned,
  type ProjectionState,
  type ProjectionWork,
} from '../engine/projection-engine.js';
import { FollowedStep, FollowedSteps, type SettledStep } from './followed-steps.js';
import { TimelyRefresh } from './timely-refresh.js';
import { Leases } from '../lease/leases.js';
import { ANSWER_LIMIT_MS } from '../lease/ownership.js';
import type { Throttle } from '../replay/throttle.js';
import { Wakeup } from '../engine/wakeup.js';

export interface SearchFollowerOptions {
  readonly client: Client;
  readonly postgresUrl: string;
  /** Chooses the generation whose index to keep; it may create one. */
  readonly generation: (pool: pg.Pool) => Promise<Generation>;
  readonly logger: Logger;
  /** The leases of the process; by default this follower has its own. */
  readonly leases?: Leases;
  /** Of one step. */
  readonly limits?: PageLimits;
  /** Throttles documents of rows present at the start; rows that come later are never held back. */
  readonly filling?: Throttle;
  /** Nobody searches the index yet: it is not refreshed, and steps are larger. */
  readonly inBulk?: boolean;
}

const LIMITS: PageLimits = { maxRows: 1_000, maxBytes: 4_000_000 };
const BULK_LIMITS: PageLimits = { maxRows: 2_000, maxBytes: 8_000_000 };
/**
 * The least time between steps while rows come one by one: the first after a pause goes at once, later ones together.
 */
const STEP_EVERY_MS = 50;
/** New rows are announced by NOTIFY; looking finds those announced while nobody listened. */
const LOOK_AGAIN_MS = 2_000;
/** After a time without writes that was as long, somebody else may have deleted the index or restored an older copy. */
const QUIET_MS = 500;

/**
 * Keeps the search index of a generation up to date with its order rows: the projection `search`. It follows
 * `orders`, perhaps in another process, and never holds it back.
 */
export class SearchFollower implements ProjectionWork {
  readonly name = SEARCH_PROJECTION;
  readonly totals = { documents: 0, refused: 0, steps: 0 };
  readonly engine: ProjectionEngine;
  generation: Generation | null = null;
  /** Whether its index is searched. */
  active = false;
  position: bigint | null = null;
  parked = 0;
  /** When the index last had all rows, or else was first kept here, in `performance.now()` time; null: neither yet. */
  completeAtMs: number | null = null;
  readonly #options: SearchFollowerOptions;
  readonly #pool: pg.Pool;
  /** The last write when this follower began; null: it has not begun yet. */
  #beganAtSeq: bigint | null = null;

  constructor(options: SearchFollowerOptions) {
    this.#options = options;
    const { postgresUrl, logger, leases = new Leases(postgresUrl) } = options;
    this.engine = new ProjectionEngine(this, { postgresUrl, logger, leases });
    this.#pool = createPool(postgresUrl, {
      max: 1,
      applicationName: 'orderlog projector search',
      statementTimeoutMs: ANSWER_LIMIT_MS, // an answer that never comes would keep its one connection
    });
  }

  get state(): ProjectionState {
    return this.engine.state;
  }

  get lastError(): string | null {
    return this.engine.lastError;
  }

  get written(): number {
    return this.totals.steps;
  }

  isAway(error: unknown): boolean {
    return isClientError(error, 'ElasticsearchClientError') || error instanceof IndexBusy;
  }

  /** Returns when the signal aborts. Whatever keeps the index from being written is waited for. */
  async run(signal: AbortSignal): Promise<void> {
    await this.engine.run(signal);
    await this.#pool.end();
  }

  async prepare(): Promise<ProjectionKey> {
    const generation = await this.#options.generation(this.#pool);
    this.generation = generation;
    this.active = (await activeGeneration(this.#pool))?.id === generation.id;
    return { generation: generation.id, projection: SEARCH_PROJECTION };
  }

  isDropped(): Promise<boolean> {
    return indexIsDropped(this.#pool, this.generation!);
  }

  async follow({ db, token, lease, signal }: Owned): Promise<void> {
    const generation = await generationById(this.#pool, lease.generation); // its index may be another one by now
    this.generation = generation;
    const store = new SearchProgressStore(db, generation);
    const refresh = new TimelyRefresh(() => this.#refresh(generation, signal));
    const news = new Wakeup();
    signal.addEventListener('abort', () => news.wake(), { once: true });
    const hear = ({ payload }: pg.Notification) => {
      if (payload?.startsWith(`${generation.rowsOf}:orders:`)) news.wake();
    };
    db.on('notification', hear);
    try {
      await db.query(`LISTEN ${CHECKPOINT_CHANNEL}`);
      const opened = await this.#open(store, generation, token);
      if (opened === null) return; // the generation has another index now, or none: begin anew with what it has
      const { writer, reached } = opened;
      if (this.state !== 'live') this.engine.become('catching_up');
      this.completeAtMs ??= performance.now();
      this.#beganAtSeq ??= (await store.rowsEnd()).writeSeq;
      const steps = new FollowedSteps({ store, writer, token }, reached, await store.parked());
      const read = (after: bigint) => changedRows(db, generation, after, this.#limits(after));
      refresh.wrote(0); // the previous owner may have left writes without a refresh
      await this.#step({ read, writer, steps, refresh, news, start: reached, signal });
    } finally {
      await refresh.stop();
      db.off('notification', hear);
    }
  }

  /**
   * A step is settled in both stores while the next is read, made and written: searches wait for no extra round trip.
   */
  async #step({ read: readPage, writer, steps, refresh, news, start, signal }: Stepping): Promise<void> {
    let begunMs = 0;
    const read = (after: bigint) => {
      begunMs = performance.now();
      const page = readPage(after);
      page.catch(() => {}); // thrown where it is awaited
      return page;
    };
    let ahead = start;
    let reading = read(ahead.writeSeq);
    let settling = Promise.resolve();
    try {
      while (!signal.aborted) {
        const page = await reading;
        await this.#heldBack(page, signal);
        const step = new FollowedStep(page, ahead, writer.write(page.orders, page));
        ahead = step.reached;
        if (!page.complete) reading = read(ahead.writeSeq);
        await settling;
        settling = this.#settle(step, steps, refresh);
        settling.catch(() => news.wake()); // thrown where it is awaited: waking brings that forward
        if (!page.complete) continue;
        const quietFromMs = performance.now();
        await news.wait(LOOK_AGAIN_MS);
        if (performance.now() - quietFromMs >= QUIET_MS) await isAsLeft(writer, steps);
        const leftMs = begunMs + STEP_EVERY_MS - performance.now();
        if (leftMs > 0) await delay(leftMs, undefined, { signal });
        news.forget();
        reading = read(ahead.writeSeq);
      }
    } finally {
      await settling.catch(() => {}); // reported already, or another error ended the loop
    }
  }

  /** With a rate, a page of rows present at the start holds at most one second's worth. */
  #limits(afterSeq: bigint): PageLimits {
    const { inBulk = false, limits = inBulk ? BULK_LIMITS : LIMITS, filling } = this.#options;
    if (afterSeq >= this.#beganAtSeq!) return limits;
    return { ...limits, maxRows: Math.min(limits.maxRows, filling?.perSecond ?? Infinity) };
  }

  /** Only rows present at the start are throttled, or the index might never catch up. */
  async #heldBack({ orders }: ChangedRows, signal: AbortSignal): Promise<void> {
    const old = orders.filter(({ writeSeq }) => writeSeq <= this.#beganAtSeq!);
    if (old.length > 0) await this.#options.filling?.passed(old.length, signal);
  }

  /**
   * Opens the index and finds where to go on: the index itself knows what it has, whatever became of either store
   * meanwhile. null: another index takes its place, or the index was dropped.
   */
  async #open(
    store: SearchProgressStore,
    generation: Generation,
    token: bigint,
  ): Promise<{ writer: IndexWriter; reached: IndexReached } | null> {
    const { client, logger } = this.#options;
    const name = generation.searchIndex!;
    const writer = new IndexWriter(client, name);
    const marker = await writer.open();
    if (await this.isDropped()) {
      await writer.remove(); // `open` may have created it again
      return null;
    }
    const last = await writer.lastWrite();
    const rowsEnd = await store.rowsEnd(); // asked last: the previous owner may still be writing
    const isAhead = (it: IndexReached) => it.writeSeq > rowsEnd.writeSeq || it.position > rowsEnd.position;
    if (isAhead(marker ?? NOTHING_REACHED) || isAhead(last) || !(await store.isOfTheseRows(last))) {
      // The versions of its documents are above those to come, or were given a second time: they would win over others.
      const instead = newIndexName(name);
      logger.warn(
        { index: name, instead },
        'the index belongs to rows that no longer exist; building a new one',
      );
      await store.replaceIndex(token, instead);
      await writer.remove();
      return null;
    }
    // Flips go by the checkpoint: none may be made to this index until it is filled again.
    const reached = await store.setBack(token, marker ?? NOTHING_REACHED);
    return { writer, reached };
  }

  async #settle(step: FollowedStep, steps: FollowedSteps, refresh: TimelyRefresh): Promise<void> {
    const settled = await steps.settle(step);
    this.#stepped(settled, steps);
    if (settled.isNews) refresh.wrote(ageMs(step.page));
    if (step.page.complete) this.engine.become('live');
  }

  /** If the request fails, the changes wait for Elasticsearch's own interval (`REFRESH_INTERVAL`). */
  async #refresh({ searchIndex }: Generation, signal: AbortSignal): Promise<void> {
    if (this.#options.inBulk) return;
    try {
      await this.#options.client.indices.refresh({ index: searchIndex! }, { signal });
    } catch (error) {
      if (!signal.aborted)
        this.#options.logger.warn(
          { err: error, index: searchIndex },
          'refreshing the index failed: changes show later',
        );
    }
  }

  #stepped({ page, reached, refused }: SettledStep, { parked }: FollowedSteps): void {
    for (const { tenantId, orderId, revision, reason } of refused) {
      this.#options.logger.error({ tenantId, orderId, revision, reason }, 'the index refuses a document');
    }
    this.totals.documents += page.orders.length - refused.length;
    this.totals.refused += refused.length;
    this.totals.steps += 1;
    this.parked = parked.size;
    if (page.complete) this.completeAtMs = performance.now();
    this.position = reached.position < 0n ? null : reached.position;
  }
}

/** @throws IndexBusy where the index has less than it was told to have: it has to be opened, and filled, again */
async function isAsLeft(writer: IndexWriter, { told }: FollowedSteps): Promise<void> {
  if (await writer.isAsFar(told)) return;
  throw new IndexBusy('the index is gone, or an older copy of it was restored');
}

/** Age of the change that has waited longest; 0 where only a position is new. */
function ageMs({ firstUpdatedAt }: ChangedRows): number {
  return firstUpdatedAt === null ? 0 : Date.now() - Date.parse(firstUpdatedAt);
}

interface Stepping {
  /** Reads the rows written after that number. */
  readonly read: (afterSeq: bigint) => Promise<ChangedRows>;
  readonly writer: IndexWriter;
  readonly steps: FollowedSteps;
  readonly refresh: TimelyRefresh;
  readonly news: Wakeup;
  readonly start: IndexReached;
  readonly signal: AbortSignal;
}
