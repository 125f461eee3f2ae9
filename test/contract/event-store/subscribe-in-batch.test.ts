import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '#platform/logging.js';
import { openStore, type Store } from '../../../apps/event-store/src/streams/store.js';
import { subscribeToStream } from '../../../apps/event-store/src/streams/subscribe.js';
import { ReplyStream } from '../../../apps/event-store/src/wire/reply-stream.js';
import { freshDatabase } from '#test/support/database.js';
import { until } from '#test/support/until.js';
import { newStream } from './contract.js';
import { RecordingCall } from './recording-call.js';
import { submit } from './writes.js';

describe('a stream that is deleted by the batch that appends to it [embedded]', () => {
  let store: Store;
  const cleanUp: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    const { url, drop } = await freshDatabase();
    cleanUp.push(drop);
    const logger = createLogger('event-store', 'silent');
    store = await openStore({ postgresUrl: url, logger, onOutdated: () => {} });
    cleanUp.push(() => store.close());
  }, 30_000);

  afterEach(async () => {
    for (const undo of cleanUp.splice(0).reverse()) await undo();
  });

  it.each([
    ['delete', ['confirmed', '0', 'caught up', '1', '2']],
    ['tombstone', ['confirmed', '0', 'caught up', '1', '2', "Event stream 'S' is deleted."]],
  ] as const)(
    'has its last events delivered to who has caught up: %s',
    async (kind, expected) => {
      const stream = newStream();
      await submit(store, { stream });
      const call = new RecordingCall();
      call.on('error', ({ message }: Error) => call.sent.push(message.replace(stream, 'S')));
      const reply = new ReplyStream(call);
      const request = { stream, from: 'start', direction: 'forwards', maxCount: null, filter: null } as const;
      const subscribed = subscribeToStream(store, { ...request, checkpointIntervalEvents: 1 }, reply);
      await until('it has caught up', () => call.sent.includes('caught up'));
      await Promise.all([
        submit(store, { stream }),
        submit(store, { stream }),
        submit(store, { stream, kind, events: [] }),
      ]);
      await until('it is told', () => call.sent.length === expected.length);
      call.emit('close');
      await subscribed;
      expect(call.sent).toEqual(expected);
    },
    30_000,
  );
});
