import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { orderStream } from '#event-store/streams.js';
import { commandAt, fullHistory, oneMoreOfEach } from '../../support/full-order.js';
import { ownEventStore } from '../../support/own-event-store.js';
import { changeTags, request } from '../../support/requests.js';
import { fullFold, snapshotProcess } from '../../support/snapshots.js';

const TIMEOUT_MS = 120_000;
const EVENTS_OF_AN_APPEND = 200;

const its = ownEventStore();

/** @returns how many events there are */
async function appended(stream: string, orderId: string): Promise<number> {
  const events = await fullHistory(orderId);
  const [placed, ...others] = events;
  await its.store.append(stream, [placed!], 'no_stream');
  for (let next = 0; next < others.length; next += EVENTS_OF_AN_APPEND) {
    await its.store.append(stream, others.slice(next, next + EVENTS_OF_AN_APPEND), next);
  }
  return events.length;
}

describe('an order that has gathered all that an order may', () => {
  it(
    'has a snapshot, which is read back as it was, gone on from: one more of each is refused, what was done is answered again',
    async () => {
      const orderId = randomUUID();
      const stream = orderStream('default', orderId);
      const events = await appended(stream, orderId);
      const writer = snapshotProcess(its.store);
      const { revision } = await writer.commands.handle(request(orderId, changeTags('full')));
      expect(revision).toBe(events);
      await writer.snapshots.settled();
      expect(writer.observed.outcomes).toEqual(['read absent', 'wrote written']);

      const reader = snapshotProcess(its.store);
      const refusals = Object.entries(oneMoreOfEach).map(async ([field, oneMore]) =>
        expect(reader.commands.handle(request(orderId, oneMore))).rejects.toMatchObject({
          rejection: { code: 'too_many_items', details: { field } },
        }),
      );
      await Promise.all(refusals);
      const again = await reader.commands.handle(
        request(orderId, oneMoreOfEach['notes']!, commandAt(events - 1)),
      );
      expect(again).toMatchObject({ revision: events - 1, replayed: true });
      expect(reader.loader.cached(stream)).toEqual(await fullFold(its.store, stream));
      expect(reader.observed.outcomes).toEqual(['read used']);
    },
    TIMEOUT_MS,
  );
});
