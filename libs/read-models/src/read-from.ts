import { activeGeneration, type Generation } from './generations.js';
import { madeFrom } from './made-from.js';
import { ORDERS_PROJECTION } from './orders.projection.js';
import type { Queryable } from './queryable.js';
import { SHARED_SCHEMA } from './schema.js';

/** So long what is active and behind what was read here is not read: then the events are fewer than before. */
export const DRAWS_LEVEL_WITHIN_MS = 5_000;

/** Which generation one process reads, and how far it knows projections to be; changed so that no read goes back. */
export class ReadFrom {
  /** By generation and projection: a generation may be told of before it is known to be active. */
  readonly #positions = new Map<string, bigint>();
  #generation: Generation | null = null;
  #storeId: string | null = null;
  /** Reads that begin wait for it: the generation is being changed. */
  #changing: Promise<void> | null = null;
  /** Since when another one is active than the one that is read. */
  #behindSinceMs: number | null = null;

  get generation(): Generation | null {
    return this.#generation;
  }

  /** Identity of the event store that it was made from; null: not known. */
  get storeId(): string | null {
    return this.#storeId;
  }

  /**
   * Whether more than the next checkpoint is to be asked for: the very first generation announces itself by its first
   * checkpoint; a position means something only together with the store that it is of; and a generation that was behind
   * may have drawn level.
   */
  get isOpen(): boolean {
    return this.#generation === null || this.#storeId === null || this.#behindSinceMs !== null;
  }

  /** The generation once it is not being changed: for a read that begins. */
  async settled(): Promise<Generation | null> {
    while (this.#changing !== null) await this.#changing;
    return this.#generation;
  }

  /** Where a projection is in it; null: not known. */
  position(projection: string): bigint | null {
    return this.#generation === null ? null : this.#known(this.#generation, projection);
  }

  /** @param key `<generation>:<projection>` */
  advance(key: string, position: bigint): void {
    if ((this.#positions.get(key) ?? -1n) < position) this.#positions.set(key, position);
  }

  /** Who answers next may be a standby that has less: reads wait until it says how far it is. */
  forgetPositions(): void {
    this.#positions.clear();
  }

  /** Asks for all of it. One at a time. */
  async look(db: Queryable): Promise<void> {
    const active = await this.#readAll(db);
    // One that this release can't read: keep the one it had.
    if (active === null || active.id === this.#generation?.id) this.#behindSinceMs = null;
    else {
      this.#behindSinceMs ??= performance.now();
      await this.#change(db);
    }
  }

  /**
   * From one generation to another, unless it has less than what was read here: then it is tried again with its
   * next step. Reads that begin meanwhile wait for the moment that this takes, so that none sees more of the old one.
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
    this.#changing = changing.catch(() => {}); // whoever looks has it thrown
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

  /** @returns the active one; null when there is none that this release can read */
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
