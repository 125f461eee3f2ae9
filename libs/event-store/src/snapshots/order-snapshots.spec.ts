import { describe, expect, it } from '@jest/globals';
import type { Order } from '#domain/order/state.js';
import { isUnusable, OrderSnapshots } from './order-snapshots.js';
import type { Unusable } from './snapshot-codec.js';
import type { SnapshotStore, Written } from './snapshot-store.js';

const STREAM = 'order-default-1';

/** All that is looked at of an order here. */
const orderAt = (revision: number): Order => ({ revision }) as Order;

/** The last snapshot of each order, for all processes; and which writes fail. */
class StoredSnapshots {
  readonly #last = new Map<string, { streamRevision: number; content: Order | Unusable }>();
  /** What each write waits for, or fails with. */
  beforeWrite = async (_stream: string): Promise<void> => {};
  /** An order with more events has a state that is too large. */
  mostEvents = Infinity;
  tooLarge = 0;

  readonly store: Pick<SnapshotStore, 'latest' | 'write'> = {
    latest: async (stream) => this.#last.get(stream) ?? { streamRevision: null, content: null },
    write: async (stream, order, seen): Promise<Written> => {
      await this.beforeWrite(stream);
      if (order.revision >= this.mostEvents && ++this.tooLarge) return { kind: 'too_large' };
      const actualRevision = this.#last.get(stream)?.streamRevision ?? null;
      if (actualRevision !== seen) return { kind: 'conflict', actualRevision };
      return { kind: 'written', streamRevision: this.put(stream, order) };
    },
  };

  put(stream: string, content: Order | Unusable): number {
    const streamRevision = (this.#last.get(stream)?.streamRevision ?? -1) + 1;
    this.#last.set(stream, { streamRevision, content });
    return streamRevision;
  }

  /** The revision of the order in its last snapshot. */
  revisionOf(stream: string): number | null {
    const content = this.#last.get(stream)?.content ?? null;
    return content === null || isUnusable(content) ? null : content.revision;
  }
}

function processOn(stored: StoredSnapshots, everyEvents = 100, dearLoadEvents = 20) {
  const outcomes: string[] = [];
  const errors: unknown[] = [];
  const snapshots = new OrderSnapshots({
    store: stored.store as SnapshotStore,
    ...{ everyEvents, dearLoadEvents },
    observer: {
      read: (outcome) => outcomes.push(`read ${outcome}`),
      wrote: (outcome) => outcomes.push(`wrote ${outcome}`),
      checked: () => {},
      failed: (_what, _stream, error) => errors.push(error),
    },
  });
  return { snapshots, outcomes, errors };
}

describe('a load that folds many events', () => {
  it.each([
    [19, []],
    [20, ['wrote written']],
  ])('leaves a snapshot from the asked number on: %d', async (events, outcomes) => {
    const one = processOn(new StoredSnapshots());
    one.snapshots.loaded(STREAM, orderAt(events - 1), -1);
    await one.snapshots.settled();
    expect(one.outcomes).toEqual(outcomes);
  });

  it('is by default one of a quarter of the events between two snapshots', async () => {
    const stored = new StoredSnapshots();
    const one = new OrderSnapshots({
      store: stored.store as SnapshotStore,
      everyEvents: 10,
      observer: { read: () => {}, wrote: () => {}, checked: () => {}, failed: () => {} },
    });
    one.loaded('two', orderAt(1), -1);
    one.loaded('three', orderAt(2), -1);
    await one.settled();
    expect([stored.revisionOf('two'), stored.revisionOf('three')]).toEqual([null, 2]);
  });

  it('replaces a snapshot that was refused, however new that says it is', async () => {
    const stored = new StoredSnapshots();
    stored.put(STREAM, orderAt(1_000));
    const one = processOn(stored);
    expect(await one.snapshots.find(STREAM)).toEqual(orderAt(1_000));
    expect(one.snapshots.isKnown(STREAM)).toBe(true);
    one.snapshots.refused(STREAM, 'future');
    expect(one.snapshots.isKnown(STREAM)).toBe(false);
    one.snapshots.loaded(STREAM, orderAt(30), -1);
    await one.snapshots.settled();
    expect(one.outcomes).toEqual(['read future', 'wrote written']);
    expect(stored.revisionOf(STREAM)).toBe(30);
  });
});

describe('an append', () => {
  it('leaves alone what another process has written since this one looked', async () => {
    const stored = new StoredSnapshots();
    const one = processOn(stored, 10);
    await one.snapshots.find(STREAM);
    stored.put(STREAM, orderAt(19));
    one.snapshots.appended(STREAM, orderAt(22), 1);
    await one.snapshots.settled();
    expect(one.outcomes).toEqual(['read absent']);
    expect(stored.revisionOf(STREAM)).toBe(19);
  });

  it('writes what was missed', async () => {
    const stored = new StoredSnapshots();
    const one = processOn(stored, 10);
    await one.snapshots.find(STREAM);
    one.snapshots.appended(STREAM, orderAt(18), 1);
    await one.snapshots.settled();
    expect(stored.revisionOf(STREAM)).toBeNull();
    one.snapshots.appended(STREAM, orderAt(20), 1);
    await one.snapshots.settled();
    expect(stored.revisionOf(STREAM)).toBe(20);
  });
});

it('a state that is too large is not made ready again for every append, but after as many events more', async () => {
  const stored = new StoredSnapshots();
  stored.mostEvents = 25;
  const { snapshots } = processOn(stored, 10);
  await snapshots.find(STREAM);
  for (let revision = 20; revision < 60; revision++) {
    snapshots.appended(STREAM, orderAt(revision), 1);
    await snapshots.settled();
  }
  // At 30, 40, 50 and 60 events.
  expect([stored.tooLarge, stored.revisionOf(STREAM)]).toEqual([4, 20]);
});

describe('a snapshot that was found wrong', () => {
  it('is replaced by the next load where so much else was being written that its replacement was not', async () => {
    const stored = new StoredSnapshots();
    stored.put(STREAM, orderAt(29));
    const one = processOn(stored);
    await one.snapshots.find(STREAM);
    let end = () => {};
    const held = new Promise<void>((resolve) => (end = resolve));
    stored.beforeWrite = () => held;
    for (let n = 0; !one.outcomes.includes('wrote busy'); n++)
      one.snapshots.appended(`other-${n}`, orderAt(99), 1);
    one.outcomes.length = 0;
    one.snapshots.replace(STREAM, orderAt(30));
    expect(one.outcomes).toEqual(['wrote busy']);
    end();
    await one.snapshots.settled();
    one.snapshots.loaded(STREAM, orderAt(31), -1);
    await one.snapshots.settled();
    expect(stored.revisionOf(STREAM)).toBe(31);
    expect(await one.snapshots.find(STREAM)).toEqual(orderAt(31));
  });

  it('is not given to a load that was looking for it meanwhile', async () => {
    const stored = new StoredSnapshots();
    stored.put(STREAM, orderAt(29));
    const one = processOn(stored);
    stored.beforeWrite = () => Promise.reject(new Error('away'));
    const looking = one.snapshots.find(STREAM);
    one.snapshots.replace(STREAM, orderAt(29));
    expect(await looking).toBeNull();
    await one.snapshots.settled();
    expect(await one.snapshots.find(STREAM)).toBeNull();
  });

  it('is not what a load wrote that was made from it', async () => {
    const stored = new StoredSnapshots();
    stored.put(STREAM, orderAt(29));
    const one = processOn(stored);
    await one.snapshots.find(STREAM);
    stored.beforeWrite = () => Promise.reject(new Error('away'));
    one.snapshots.replace(STREAM, orderAt(29));
    await one.snapshots.settled();
    stored.beforeWrite = async () => {};
    one.snapshots.loaded(STREAM, orderAt(60), 29);
    await one.snapshots.settled();
    expect(stored.revisionOf(STREAM)).toBe(29);
  });
});

it('the error of a store that cannot be read is told, and the order has no snapshot', async () => {
  const error = new Error('away');
  const stored = new StoredSnapshots();
  stored.store.latest = () => Promise.reject(error);
  const one = processOn(stored);
  expect(await one.snapshots.find(STREAM)).toBeNull();
  expect([one.outcomes, one.errors]).toEqual([['read failed'], [error]]);
});
