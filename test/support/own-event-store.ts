import { afterAll, beforeAll } from '@jest/globals';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { startTestCommandApi, type TestCommandApi, type TestCommandApiOptions } from './command-api.js';
import { startTestEventStore } from './event-store.js';

export interface OwnEventStore {
  /** Address for clients. */
  readonly url: string;
  readonly store: DbClientEventStore;
  /** Each in a separate process, as asked for. A test may replace one that it ended. */
  readonly apis: TestCommandApi[];
}

const HOOK_LIMIT_MS = 60_000;

/** An event store for all tests of a file, and the processes of command-api that they need on it. */
export function ownEventStore({
  apis: wanted = [],
  limitMs = HOOK_LIMIT_MS,
}: {
  apis?: readonly Omit<TestCommandApiOptions, 'eventStoreUrl' | 'ownProcess'>[];
  limitMs?: number;
} = {}): OwnEventStore {
  let server: Awaited<ReturnType<typeof startTestEventStore>> | undefined;
  let store: DbClientEventStore | undefined;
  const apis: TestCommandApi[] = [];
  beforeAll(async () => {
    const { url } = (server = await startTestEventStore());
    store = new DbClientEventStore({ connectionString: url });
    await Promise.all(
      wanted.map(async (options, index) => {
        apis[index] = await startTestCommandApi({ ...options, eventStoreUrl: url, ownProcess: true });
      }),
    );
  }, limitMs);
  afterAll(async () => {
    await Promise.all(apis.map((api) => api.close()));
    await store?.close();
    await server?.close();
  }, limitMs);
  const started = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('the event store has not started');
    return part;
  };
  return {
    get url() {
      return started(server).url;
    },
    get store() {
      return started(store);
    },
    apis,
  };
}
