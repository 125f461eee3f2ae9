import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { evolve } from '#domain/order/order.js';
import type { Order, OrderState } from '#domain/order/state.js';
import { play, same, stories } from '#domain/testing/story.js';
import { plainPersonal } from '../personal-codec.js';
import type { ExactEvent, RawEvent } from '../port.js';
import { orderStream } from '../streams.js';
import { SnapshotCodec } from './snapshot-codec.js';

const story = stories({ minLength: 5, maxLength: 40 });
const codec = new SnapshotCodec(plainPersonal, 'a fold');

async function throughSnapshot(order: Order): Promise<Order> {
  const { eventId, type, data, metadata }: ExactEvent = await codec.encode(order);
  const raw: RawEvent = {
    ...{ eventId, type, stream: 'order_snapshot-', revision: 0, position: 1n, data },
    metadata: JSON.parse(new TextDecoder().decode(metadata)) as unknown,
    sizeBytes: data.length + metadata.length,
  };
  const read = await codec.decode(orderStream(order.tenantId, order.orderId), raw);
  if (typeof read === 'string') throw new Error(`the snapshot is ${read}`);
  return read;
}

describe('I7: a snapshot and the events after it make what all events make', () => {
  it('at every revision of random histories', async () => {
    await fc.assert(
      fc.asyncProperty(story, async (turns) => {
        const events = play(turns).flatMap((turn) => turn.events);
        const states: Order[] = [];
        let state: OrderState = null;
        for (const event of events) states.push((state = evolve(state, event)));
        const last = states.at(-1);
        for (const [index, before] of states.entries()) {
          let order = await throughSnapshot(before);
          same(order, before);
          for (const event of events.slice(index + 1)) order = evolve(order, event);
          same(order, last);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('would see a snapshot that lost something', () => {
    const [first] = play([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]);
    expect(() => same({ ...first!.after!, tags: ['lost'] }, first!.after)).toThrow('expected');
  });
});
