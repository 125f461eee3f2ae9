import { sameContent } from '#domain/equality.js';
import type { Order } from '#domain/order/state.js';
import type { OrderStreams } from '../order-streams.js';
import type { SnapshotObserver } from './snapshot-observer.js';

/** One at a time is enough: comparisons are rare, and a fold of ten thousand events takes a while. */
const AT_ONCE = 1;

export interface SnapshotChecksOptions {
  readonly streams: OrderStreams;
  readonly observer: SnapshotObserver;
  /** One in so many loads, chosen at random, is compared; 0: none. */
  readonly oneIn: number;
  /** A number from 0 to less than 1, as `Math.random` gives. */
  readonly random: () => number;
  /** Called when the snapshot gave another state. `order` is the state that all the events give. */
  readonly onDifferent: (stream: string, order: Order) => void;
}

/** Compares an order that was loaded from a snapshot with the fold of all its events. */
export class SnapshotChecks {
  readonly #options: SnapshotChecksOptions;
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: SnapshotChecksOptions) {
    this.#options = options;
  }

  /** Compares this order in the background, if chance picks it and no other comparison is under way. */
  sample(stream: string, loaded: Order): void {
    const { oneIn, random } = this.#options;
    if (oneIn === 0 || random() * oneIn >= 1 || this.#underWay.size >= AT_ONCE) return;
    const check = this.#check(stream, loaded).finally(() => this.#underWay.delete(check));
    this.#underWay.add(check);
  }

  /** Resolves once no comparison is under way. */
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
