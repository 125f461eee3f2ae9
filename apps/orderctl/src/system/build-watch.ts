import type pg from 'pg';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { counted } from '#platform/counted.js';
import { createPool } from '#platform/postgres.js';
import { listGenerations, type GenerationRecord } from '#read-models/generations/generation-list.js';
import { duration } from '../support/progress.js';

const TELL_EVERY_MS = 3_000;

/**
 * After an upgrade, or with another search engine, the read models are built before queries are answered. This
 * class tells how far the build is and whether it moves.
 */
export class BuildWatch {
  readonly #pool: pg.Pool;
  readonly #store: DbClientEventStore;
  readonly #tell: (line: string) => void;
  #begun: { readonly generation: number; readonly position: bigint; readonly atMs: number } | null = null;
  /** Rows and documents together, as of the last look; null: there was none. */
  #last: bigint | null = null;
  /** Documents as of the last line that was told. */
  #told: bigint | null = null;
  #toldMs = -Infinity;
  #toldFailed: number | null = null;

  constructor(readUrl: string, eventStoreUrl: string, tell: (line: string) => void) {
    this.#pool = createPool(readUrl, { max: 1, applicationName: 'orderctl up', statementTimeoutMs: 2_000 });
    this.#store = new DbClientEventStore({ connectionString: eventStoreUrl });
    this.#tell = tell;
  }

  /** Must be called before a projector of this release starts. */
  async announce(): Promise<void> {
    const active = (await this.#generations()).find(({ role }) => role === 'active');
    if (active === undefined || isKept(active)) return;
    this.#tell(
      active.ofThisRelease
        ? `the read models (generation ${active.id}) were set aside: new ones are built beside them`
        : `the read models (generation ${active.id}) are of another release: this release builds its own beside them before it is ready`,
    );
  }

  /**
   * Looks once, and reports every few seconds.
   * @returns whether the build has moved since the last look, or is to be waited for although it does not: orders are
   * compared, Elasticsearch does not take the documents, or what was built waits for a person
   */
  async moved(): Promise<boolean> {
    const generations = await this.#generations();
    const building = beingBuilt(generations);
    if (building === null) return this.#isGivenUp(generations);
    const head = await this.#store.headPosition().catch(() => null);
    const rows = building.position ?? 0n;
    const documents = building.searchIndex === null ? rows : (building.searchPosition ?? 0n);
    if (this.#begun?.generation !== building.id) {
      this.#begun = { generation: building.id, position: rows, atMs: performance.now() };
      this.#last = null; // another one is built, from its beginning
    }
    const moved = this.#last === null || rows + documents > this.#last;
    this.#last = rows + documents;
    if (performance.now() - this.#toldMs >= TELL_EVERY_MS) {
      this.#toldMs = performance.now();
      this.#tell(this.#progress(rows, documents, head ?? 0n));
      this.#told = documents;
    }
    return moved || (head !== null && rows >= head);
  }

  /** Whether projectors of this release have given up their read models, and build no others until these are dropped. */
  #isGivenUp(generations: readonly GenerationRecord[]): boolean {
    if (!areReplaced(generations)) return false;
    const given = generations.findLast(({ ofThisRelease, state }) => ofThisRelease && state === 'failed');
    if (given === undefined) return false;
    if (this.#toldFailed !== given.id)
      this.#tell(
        `read models: generation ${given.id} was given up: ${given.failure}. Once the cause is gone, \`orderctl generations drop ${given.id}\` has it built anew`,
      );
    this.#toldFailed = given.id;
    return true;
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.end(), this.#store.close()]);
  }

  async #generations(): Promise<GenerationRecord[]> {
    // PostgreSQL may be away, or hold only the tables of an earlier release: nothing is being built then.
    return listGenerations(this.#pool).catch(() => []);
  }

  #progress(rows: bigint, documents: bigint, head: bigint): string {
    if (documents >= head)
      return 'read models: all events are applied; orders are being compared with their events';
    if (rows >= head) {
      const stands = this.#told === documents; // rows go on growing meanwhile
      const waits = stands ? '; it waits for Elasticsearch, and queries wait for it' : '';
      return `search index: ${percentOf(documents, head)}% filled${waits}`;
    }
    const { position: from, atMs } = this.#begun!;
    const perSecond = Number(rows - from) / ((performance.now() - atMs) / 1_000);
    const left = Number(head - rows);
    const time = perSecond > 0 ? `, about ${duration(left / perSecond)} left` : '';
    return `read models: ${percentOf(rows, head)}% built, ${counted(Math.round(perSecond), 'position')}/s${time}`;
  }
}

function percentOf(position: bigint, head: bigint): number {
  return Math.floor((100 * Number(position)) / Math.max(1, Number(head)));
}

type Told = Pick<GenerationRecord, 'role' | 'state' | 'ofThisRelease'>;

/**
 * The generation that is being built before queries can be answered. null: none, or the active one is of this
 * release and kept.
 */
export function beingBuilt<Generation extends Told>(generations: readonly Generation[]): Generation | null {
  return areReplaced(generations) ? (generations.findLast(isKept) ?? null) : null;
}

/** Whether there is an active generation, and a projector of this release builds another one in its place. */
function areReplaced(generations: readonly Told[]): boolean {
  const active = generations.find(({ role }) => role === 'active');
  return active !== undefined && !isKept(active);
}

/** Whether a projector of this release builds the generation or keeps it up to date. */
function isKept({ ofThisRelease, state }: Told): boolean {
  return ofThisRelease && (state === 'building' || state === 'ready');
}
