import { expect, it } from '@jest/globals';
import { ownEventStore } from '../../support/own-event-store.js';
import { collected, someEvent, someStream } from '../../support/stored-events.js';

/** Of calls broken off within 15 s, a server takes fewer (Node: 1,000, and 33 a second): it ends the connection. */
const READS = 1_500;
const AT_ONCE = 32;

const own = ownEventStore();

async function readOften(read: () => Promise<unknown>): Promise<void> {
  const reader = async () => {
    for (let count = 0; count < READS / AT_ONCE; count++) await read();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, reader));
}

it.each<[string, (stream: string) => Promise<unknown>]>([
  ['of streams that are not there', () => collected(own.store.readStream(someStream()))],
  ['of the last position', () => own.store.headPosition()],
  [
    'that are left with the last event that they asked for',
    async (stream) => {
      for await (const event of own.store.readStream(stream, { maxCount: 2 }))
        if (event.revision === 1) return;
    },
  ],
])(
  'a flood of reads %s disturbs no other',
  async (_, read) => {
    const stream = someStream();
    await own.store.append(
      stream,
      Array.from({ length: 20 }, () => someEvent()),
      'no_stream',
    );
    await readOften(() => read(stream));
    expect(await collected(own.store.readStream(stream))).toHaveLength(20);
  },
  180_000,
);

it('a read whose last event is the first that its reader has to wait for comes to its end', async () => {
  const stream = someStream();
  const count = 1 + 256; // what is taken ahead, and one
  await own.store.append(
    stream,
    Array.from({ length: count }, () => someEvent()),
    'no_stream',
  );
  const read: number[] = [];
  for await (const { revision } of own.store.readStream(stream, { maxCount: count })) {
    read.push(revision);
    await new Promise((later) => setImmediate(later)); // as one that fetches keys
  }
  expect(read).toHaveLength(count);
});
