import { activeGeneration, type Generation } from './generation.js';
import { madeFrom } from './made-from.js';
import { ORDERS_PROJECTION } from '../orders.projection.js';
import type { Queryable } from '../queryable.js';
import { SHARED_SCHEMA } from '../schema.js';

/**
 * How long a newly active generation is not read while it is behind what was read here. After that it is read as
 * it is: the event store then has fewer events than before.
 */
export const DRAWS_LEVEL_WITHIN_MS = 5_000;

/**
 * Which generation one process reads, and how far it knows projections to be. It changes generations so that no
 * read goes back in time.
 */
export class GenerationInUse {
  /** By `<generation>:<projection>`: a generation's checkpoints may be told before it is known to be active. */
  readonly #positions = new Map<string, bigint>();
  #generation: Generation | null = null;
  #storeId: string | null = null;
  /** The change of generation that is under way; reads that begin wait for it. */
  #changing: Promise<void> | null = null;
  /** Since when another generation is active than the one that is read; null: it is the same one. */
  #behindSinceMs: number | null = null;

  get generation(): Generation | null {
    return this.#generation;
  }

  /** Identity of the event store that the generation was made from; null: not known. */
  get storeId(): string | null {
    return this.#storeId;
  }

  /**
   * Whether the next notified checkpoint calls for a full look. It does when no generation is read yet: the very
   * first announces itself by its first checkpoint. It does when the event store is not known: a position means
   * something only together with its store. And it does when a generation that was behind may have drawn level.
   */
  get needsFullLook(): boolean {
    return this.#generation === null || this.#storeId === null || this.#behindSinceMs !== null;
  }

  /** The generation once it is not being changed: for a read that begins. */
  async settled(): Promise<Generation | null> {
    while (this.#changing !== null) await this.#changing;
    return this.#generation;
  }

  /** Where a projection is in the generation that is read; null: not known. */
  position(projection: string): bigint | null {
    return this.#generation === null ? null : this.#known(this.#generation, projection);
  }

  /** @param key `<generation>:<projection>` */
  advance(key: string, position: bigint): void {
    if ((this.#positions.get(key) ?? -1n) < position) this.#positions.set(key, position);
  }

  /** The next connection may reach a standby that has less: reads wait until it tells how far it is. */
  forgetPositions(): void {
    this.#positions.clear();
  }

  /** Reads the active generation and the checkpoints. One call at a time. */
  async look(db: Queryable): Promise<void> {
    const active = await this.#readAll(db);
    // null: this release cannot read the active generation, and keeps the one it had.
    if (active === null || active.id === this.#generation?.id) this.#behindSinceMs = null;
    else {
      this.#behindSinceMs ??= performance.now();
      await this.#change(db);
    }
  }

  /**
   * Changes to the active generation, unless that has less than what was read here: then it is tried again with
   * its next step. Reads that begin meanwhile wait until this is over, so that none sees more of the old
   * generation.
   */
  async #change(db: Queryable): Promise<void> {
    const changing = (async () => {
      const next = await this.#readAll(db);
      if (next === null || next.id === this.#generation?.id) return;
      const storeId = await madeFrom(db, { generation: next.rowsOf, projection: ORDERS_PROJECTION });
      if (!this.#isLevel(next, storeId)) return;
      this.#generation = next;
      this.#storeId = storeId;
      this.#behindSinceMs = null;
    })();
    this.#changing = changing.catch(() => {}); // the caller of `look` gets the error
    try {
      await changing;
    } finally {
      this.#changing = null;
    }
  }

  #isLevel(next: Generation, storeId: string | null): boolean {
    if (this.#generation === null || storeId !== this.#storeId) return true;
    const seen = this.#known(this.#generation, ORDERS_PROJECTION) ?? -1n;
    if ((this.#known(next, ORDERS_PROJECTION) ?? -1n) >= seen) return true;
    return performance.now() - (this.#behindSinceMs ?? 0) > DRAWS_LEVEL_WITHIN_MS;
  }

  #known({ id, rowsOf }: Generation, projection: string): bigint | null {
    return this.#positions.get(`${projection === ORDERS_PROJECTION ? rowsOf : id}:${projection}`) ?? null;
  }

  /** @returns the active generation; null: there is none that this release can read */
  async #readAll(db: Queryable): Promise<Generation | null> {
    const active = await activeGeneration(db);
    if (active === null) return null;
    const own = this.#generation ?? active;
    const { rows } = await db.query<{ generation: number; projection: string; position: string }>(
      `SELECT generation, projection, position FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = ANY ($1)`,
      [[active.id, active.rowsOf, own.id, own.rowsOf]],
    );
    for (const { generation, projection, position } of rows)
      this.advance(`${generation}:${projection}`, BigInt(position));
    if (active.id === this.#generation?.id) {
      this.#generation = active; // another index may have taken the place of its own
      this.#storeId = await madeFrom(db, { generation: active.rowsOf, projection: ORDERS_PROJECTION });
    }
    return active;
  }
}
