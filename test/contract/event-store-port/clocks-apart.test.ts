import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { freshDatabase } from '#test/support/database.js';
import { startEventStoreProcess } from '#test/support/event-store-process.js';
import { someEvent, someStream } from '#test/support/stored-events.js';

const MINUTE_MS = 60_000;

describe("a process whose clock is not the event store's", () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each([-10, 10])(
    'appends all the same, being %d minutes off',
    async (minutes) => {
      const database = await freshDatabase();
      const server = await startEventStoreProcess(database.url);
      const store = new DbClientEventStore({ connectionString: server.url });
      const realNow = Date.now.bind(Date);
      jest.spyOn(Date, 'now').mockImplementation(() => realNow() + minutes * MINUTE_MS);
      try {
        const appended = await store.append(someStream(), [someEvent(), someEvent()], 'no_stream');
        expect(appended.revision).toBe(1);
      } finally {
        await store.close();
        await server.stop();
        await database.drop();
      }
    },
    60_000,
  );
});
