import { sameContent } from '#domain/equality.js';
import type { Order } from '#domain/order/state.js';
import type { OrderStreams } from '../order-streams.js';
import type { SnapshotObserver } from './snapshot-observer.js';

/** Compared too seldom to need more at a time; a fold of ten thousand events takes a while. */
const AT_ONCE = 1;

export interface SnapshotChecksOptions {
  readonly streams: OrderStreams;
  readonly observer: SnapshotObserver;
  /** One load in so many is compared, chosen at random; 0: none. */
  readonly oneIn: number;
  /** From 0 up to, but not, 1. */
  readonly random: () => number;
  /** Told what all the events make of an order that its snapshot made something else of. */
  readonly onDifferent: (stream: string, order: Order) => void;
}

/** Compares what a snapshot and the events after it make of an order with what all its events make of it. */
export class SnapshotChecks {
  readonly #options: SnapshotChecksOptions;
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: SnapshotChecksOptions) {
    this.#options = options;
  }

  /** Perhaps, and later: nobody waits for it. */
  sample(stream: string, loaded: Order): void {
    const { oneIn, random } = this.#options;
    if (oneIn === 0 || random() * oneIn >= 1 || this.#underWay.size >= AT_ONCE) return;
    const check = this.#check(stream, loaded).finally(() => this.#underWay.delete(check));
    this.#underWay.add(check);
  }

  /** Once no comparison is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #check(stream: string, loaded: Order): Promise<void> {
    const { streams, observer, onDifferent } = this.#options;
    try {
      const { order } = await streams.foldOn(stream, { order: null, position: null }, loaded.revision);
      const parts = order === null ? ['order'] : differingParts(loaded, order);
      observer.checked(parts.length === 0 ? 'same' : 'different', stream, {
        revision: loaded.revision,
        parts,
      });
      if (parts.length > 0 && order !== null) onDifferent(stream, order);
    } catch (error) {
      observer.checked('failed', stream, {});
      observer.failed('check', stream, error);
    }
  }
}

/** Names of the parts of the state that two folds of the same events differ in. */
export function differingParts(one: Order, other: Order): readonly string[] {
  const parts = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof Order>;
  return [...parts].filter((part) => !sameContent(one[part], other[part]));
}
