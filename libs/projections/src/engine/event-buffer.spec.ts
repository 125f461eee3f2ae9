import { describe, expect, it } from '@jest/globals';
import type { RawEvent } from '#event-store/port.js';
import { EventBuffer } from './event-buffer.js';

const event = (position: number, sizeBytes = 0): { kind: 'event'; event: RawEvent } => ({
  kind: 'event',
  event: {
    eventId: String(position),
    stream: 'order-default.x',
    revision: position,
    position: BigInt(position),
    type: 'TagsChanged',
    data: {},
    metadata: {},
    sizeBytes,
  },
});
const seen = (position: number) => ({ kind: 'checkpoint', position: BigInt(position) }) as const;
const positions = (buffer: EventBuffer) => buffer.take().events.map(({ position }) => Number(position));

describe('EventBuffer', () => {
  const limits = { maxEvents: 3, maxBytes: 10_000 };

  it('gives what is there, in order, and no more than a batch', async () => {
    const buffer = new EventBuffer(limits);
    for (const position of [1, 2, 3, 4]) await buffer.put(event(position));
    expect(positions(buffer)).toEqual([1, 2, 3]);
    expect(positions(buffer)).toEqual([4]);
  });

  it('bounds a batch by its bytes, but gives one event however large', async () => {
    const buffer = new EventBuffer(limits);
    await buffer.put(event(1, 2_500));
    void buffer.put(event(2, 250_000));
    void buffer.put(event(3));
    expect(positions(buffer)).toEqual([1]);
    expect(positions(buffer)).toEqual([2]);
    expect(positions(buffer)).toEqual([3]);
  });

  it('holds the sender back while two batches wait', async () => {
    const buffer = new EventBuffer(limits);
    let sent = 0;
    const sending = (async () => {
      for (; sent < 10; sent++) await buffer.put(event(sent));
    })();
    await new Promise(setImmediate);
    expect(sent).toBe(5); // the sixth is in the buffer, and its sender waits
    for (let taken = 0; taken < 10;) {
      taken += buffer.take().events.length;
      await new Promise(setImmediate);
    }
    await sending;
    expect(sent).toBe(10);
  });

  it('holds the sender back for one event that is as large as two batches, whatever makes it large', async () => {
    const buffer = new EventBuffer(limits);
    let sent = 0;
    const sending = (async () => {
      for (; sent < 3; sent++) await buffer.put(event(sent, 20_000));
    })();
    for (let taken = 0; taken < 3; taken++) {
      await new Promise(setImmediate);
      expect([sent, buffer.size]).toEqual([taken, 1]);
      expect(positions(buffer)).toEqual([taken]);
    }
    await sending;
  });

  it('ends a batch at the last position seen, and keeps only the last of several', async () => {
    const buffer = new EventBuffer(limits);
    await buffer.put(event(1));
    await buffer.put(seen(7));
    await buffer.put(seen(9));
    expect(buffer.size).toBe(2);
    const batch = buffer.take();
    expect(batch.events).toHaveLength(1);
    expect(batch.position).toBe(9n);
  });

  it('wakes whoever waits, for an event, a whole batch, or the end', async () => {
    const buffer = new EventBuffer(limits);
    const some = buffer.some();
    await buffer.put(event(1));
    await some;
    const whole = buffer.wholeBatch(60_000);
    await buffer.put(event(2));
    await buffer.put(event(3));
    await whole;
    buffer.take();
    const more = buffer.some();
    buffer.end(new Error('gone'));
    await expect(more).rejects.toThrow('gone');
    buffer.end(new Error('later'));
    await expect(buffer.some()).rejects.toThrow('gone');
  });

  it('holds no sender back once it has ended, and keeps nothing more', async () => {
    const buffer = new EventBuffer({ ...limits, maxEvents: 1 });
    void buffer.put(event(1));
    const sending = buffer.put(event(2));
    buffer.end(new Error('the store is away'));
    await sending;
    await buffer.put(event(3));
    expect(buffer.size).toBe(2);
  });

  it('wakes who waits for an event only for one, not for a checkpoint', async () => {
    const buffer = new EventBuffer(limits);
    let woken = false;
    const waiting = buffer.event(60_000).then(() => (woken = true));
    await buffer.put(seen(1));
    await new Promise(setImmediate);
    expect(woken).toBe(false);
    await buffer.put(event(2));
    await waiting;
  });

  it('gives what is there at once when it is hurried, until all of it is taken', async () => {
    const buffer = new EventBuffer(limits);
    await buffer.put(event(1));
    const whole = buffer.wholeBatch(60_000);
    buffer.hurry();
    await whole;
    expect(positions(buffer)).toEqual([1]);
    const next = buffer.wholeBatch(60_000);
    await buffer.put(event(2));
    await buffer.put(event(3));
    let isWhole = false;
    const noted = next.then(() => (isWhole = true));
    await new Promise(setImmediate);
    expect(isWhole).toBe(false);
    await buffer.put(event(4));
    await noted;
  });
});
