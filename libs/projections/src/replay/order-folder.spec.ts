import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { orderStream } from '#event-store/streams.js';
import { OpenOrders } from './open-orders.js';
import { OrderFolder, type FoldStep } from './order-folder.js';

const generation = { id: 1, schema: 'gen_1', fingerprint: 'any', searchIndex: null, rowsOf: 1 };
const someOrder = () => orderStream('default', randomUUID());

/** A step with one large event of each stream, which no codec can read: it is parked. */
function stepOf(streams: readonly string[]): FoldStep {
  const open = new OpenOrders();
  for (const stream of streams) {
    open.add({
      ...{ stream, revision: 0, position: 1n, type: 'Unheard', eventId: randomUUID() },
      ...{ contentType: 'application/json', metadata: new Uint8Array() },
      data: new TextEncoder().encode(JSON.stringify('x'.repeat(70_000))),
    });
  }
  const orders = open.take(Infinity).map(({ stream, fromRevision, events }) => ({
    ...{ stream, fromRevision, packed: [events], skipped: new Set<number>(), unread: null },
  }));
  return { orders, opened: [], firstWriteSeq: 1 };
}

describe('OrderFolder', () => {
  it('gives the event loop a turn before each part of a step, so that the rows before it are sent', async () => {
    let turns = 0;
    let next = setImmediate(function turn() {
      turns += 1;
      next = setImmediate(turn);
    });
    const { parked } = await new OrderFolder(generation).fold(
      stepOf([someOrder(), someOrder(), someOrder()]),
    );
    clearImmediate(next);
    expect(parked).toHaveLength(3);
    expect(turns).toBeGreaterThanOrEqual(3);
  });

  it('folds a step when the one before is done, even if that failed', async () => {
    const folder = new OrderFolder(generation);
    const done: string[] = [];
    const first = folder.fold(stepOf([someOrder(), someOrder(), someOrder(), 'of nobody']));
    const second = folder.fold(stepOf([someOrder()])).then(() => done.push('second'));
    await expect(first.finally(() => done.push('first'))).rejects.toThrow(
      'of nobody is not the stream of an order',
    );
    await second;
    expect(done).toEqual(['first', 'second']);
  });
});
