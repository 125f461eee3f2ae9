import type { Generation } from '#read-models/generations/generation.js';
import type { OpenedOrder, UnappliedEvent } from '#read-models/stores/bulk-load.store.js';
import { BulkRows, type CopyPart } from '#read-models/stores/bulk-rows.js';
import { KnownWords } from '#read-models/stores/known-words.js';
import { OneAtATime } from '../engine/one-at-a-time.js';
import { foldOrders, type OrderToFold } from './fold-orders.js';

export interface FoldStep {
  readonly orders: readonly OrderToFold[];
  /** Orders opened since the step before. */
  readonly opened: readonly OpenedOrder[];
  readonly firstWriteSeq: number;
}

export interface FoldedOrders {
  readonly parts: readonly CopyPart[];
  readonly parked: readonly UnappliedEvent[];
  /** To be called when the parts are not needed any more. */
  readonly release: () => void;
}

/** Makes rows of orders, one step after the other; the memory of a released step serves the next. */
export class OrderFolder {
  readonly #generation: Generation;
  readonly #words = new KnownWords();
  readonly #free: BulkRows[] = [];
  readonly #oneAtATime = new OneAtATime();

  constructor(generation: Generation) {
    this.#generation = generation;
  }

  /** Begins when the step before is folded. */
  fold(step: FoldStep): Promise<FoldedOrders> {
    return this.#oneAtATime.run(() => this.#fold(step));
  }

  async #fold({ orders, opened, firstWriteSeq }: FoldStep): Promise<FoldedOrders> {
    const rows = this.#free.pop() ?? new BulkRows(this.#generation);
    for (const order of opened) rows.opened(order, order.fromRevision);
    const parked = await foldOrders(orders, firstWriteSeq, rows, this.#words);
    const release = () => {
      rows.clear();
      this.#free.push(rows);
    };
    return { parts: rows.parts(), parked, release };
  }
}
