import { describe, expect, it } from '@jest/globals';
import { Freshness } from './freshness.js';

const STORE = '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a11';

/** A projection that stands at a position and moves by one with every wait. */
function projectionAt(start: bigint, last = start) {
  let position = start;
  return {
    storeId: STORE,
    position: () => position,
    reached: async (_projection: string, wanted: bigint) => {
      if (position < wanted && position < last) position++;
      return position >= wanted;
    },
  };
}

const wanted = (position: bigint) => ({
  position,
  store: '018f3f5e7b1c',
  orderId: null,
  revision: null,
});

const lagOf = (seconds: number | null) => ({
  behind: () => Promise.resolve({ projection: 'orders', reached: '5', positions: 1, seconds }),
});

function freshnessOf(
  watched: ConstructorParameters<typeof Freshness>[0],
  seconds: number | null = 0,
): Freshness {
  return new Freshness(watched, lagOf(seconds));
}

describe('a read that must show a write', () => {
  it('goes on at once when nothing is asked for or it is there', async () => {
    const freshness = freshnessOf(projectionAt(5n));
    await freshness.reached(null);
    await freshness.reached(wanted(5n));
  });

  it('is refused at once when its position is of another event store, or does not say of which', async () => {
    const freshness = freshnessOf(projectionAt(5n));
    for (const store of ['0123456789ab', null]) {
      await expect(freshness.reached({ ...wanted(1n), store })).rejects.toMatchObject({
        code: 'position_of_another_store',
      });
    }
  });

  it('waits while it is not known which event store is read', async () => {
    const unknown = { ...projectionAt(5n), storeId: null };
    for (const read of ['reached', 'ofThisStore'] as const)
      await expect(freshnessOf(unknown)[read](wanted(5n))).rejects.toMatchObject({ code: 'not_caught_up' });
    expect(freshnessOf(unknown).tokenOf(5n, null)).toBeNull();
    // A read of another store would be refused, so the store of the position that was asked for can be given back.
    expect(freshnessOf(unknown).tokenOf(5n, wanted(5n))).toBe(
      freshnessOf(projectionAt(5n)).tokenOf(5n, null),
    );
  });

  it('of the event store itself waits for nothing, and is refused a position of another one', async () => {
    const freshness = freshnessOf(projectionAt(5n));
    await freshness.ofThisStore(null);
    await freshness.ofThisStore(wanted(6n));
    await expect(freshness.ofThisStore({ ...wanted(1n), store: '0123456789ab' })).rejects.toMatchObject({
      code: 'position_of_another_store',
    });
  });

  it('is refused when the write does not come in time', async () => {
    await expect(freshnessOf(projectionAt(5n)).reached(wanted(6n))).rejects.toMatchObject({
      code: 'not_caught_up',
      headers: { 'retry-after': '1' },
      extras: { behind: { projection: 'orders', reached: '5', positions: 1, seconds: 0 } },
    });
  });

  it.each([
    [null, '1'],
    [9, '1'],
    [61, '7'],
    [86_400, '30'],
  ])(
    'that is %s seconds behind what is asked for is to be asked again in %s',
    async (seconds, retryAfter) => {
      await expect(freshnessOf(projectionAt(5n), seconds).reached(wanted(6n))).rejects.toMatchObject({
        headers: { 'retry-after': retryAfter },
      });
    },
  );

  it('reads again with every step until the answer will do', async () => {
    let reads = 0;
    const freshness = freshnessOf(projectionAt(0n, 10n));
    expect(
      await freshness.until(
        async () => ++reads,
        (answer) => answer === 4,
      ),
    ).toBe(4);
    const stuck = freshnessOf(projectionAt(0n, 2n));
    await expect(
      stuck.until(
        async () => 0,
        () => false,
      ),
    ).rejects.toMatchObject({ code: 'not_caught_up' });
  });

  it('ends when its time is over, also where the projection moves during every read', async () => {
    const busy = projectionAt(0n, 100n);
    let reads = 0;
    const read = async () => {
      await busy.reached('orders', busy.position() + 1n);
      return ++reads;
    };
    const freshness = new Freshness(busy, lagOf(0), 0);
    await expect(freshness.until(read, () => false)).rejects.toMatchObject({ code: 'not_caught_up' });
    expect(reads).toBe(1);
  });
});
