import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { orderCommandTypes } from '#domain/order/order.js';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import type { StoredOrderEvent } from '#event-store/port.js';
import { startTestCommandApi, type TestCommandApi } from '../../support/command-api.js';
import { tellStories, type Told } from '../../support/command-stories.js';
import { startTestEventStore } from '../../support/event-store.js';
import { countOf } from '../../support/metrics.js';
import { expectOtherBodiesRefused, expectReplay } from '../../support/replays-of-commands.js';
import { orderEvents } from '../../support/stored-events.js';

jest.setTimeout(60_000);

const cleanups: (() => Promise<void>)[] = [];
let eventStoreUrl: string;
let store: DbClientEventStore;
let api: TestCommandApi;
let stories: readonly Told[];
let storedThen: Map<string, readonly StoredOrderEvent[]>;

/** Often enough that the stories have snapshots. */
const EVERY_EVENTS = 5;

/** Another instance of the service, which knows nothing; with no room for orders it loads them for each command. */
const process = ({ stateCacheMb = 16 } = {}) => {
  const loading = { snapshotEveryEvents: EVERY_EVENTS, snapshotCheckOneIn: 1, stateCacheMb };
  return startTestCommandApi({ eventStoreUrl, ownProcess: true, loading });
};

const orderIdOf = ({ answer }: Told) => String(answer.body['orderId']);

async function stored(): Promise<Map<string, readonly StoredOrderEvent[]>> {
  const streams = new Map<string, readonly StoredOrderEvent[]>();
  for (const orderId of new Set(stories.map(orderIdOf))) {
    streams.set(orderId, await orderEvents(store, orderId));
  }
  return streams;
}

beforeAll(async () => {
  const server = await startTestEventStore();
  cleanups.push(() => server.close());
  eventStoreUrl = server.url;
  store = new DbClientEventStore({ connectionString: server.url });
  cleanups.push(() => store.close());
  api = await process();
  // Each is sent again as soon as it is done, when nothing else has happened to its order.
  stories = await tellStories(api, (told) => expectReplay(api, told));
  storedThen = await stored();
}, 60_000);

afterAll(async () => {
  await api.close();
  for (const cleanup of cleanups.reverse()) await cleanup();
}, 60_000);

const every = async (check: (told: Told) => Promise<void>) => {
  for (const told of stories) await check(told);
};

describe('every command, sent again under its key', () => {
  it('is every command there is', () => {
    expect([...new Set(stories.map(({ type }) => type))].sort()).toEqual([...orderCommandTypes].sort());
  });

  it('is answered the same after later commands on the same order', async () => {
    await every((told) => expectReplay(api, told));
  });

  it('is answered the same by another instance, which has never seen the order, and then by its memory', async () => {
    const other = await process();
    try {
      await every((told) => expectReplay(other, told));
      await every((told) => expectReplay(other, told));
    } finally {
      await other.close();
    }
  });

  it('is answered the same after a restart', async () => {
    await api.close();
    api = await process();
    // From the last to the first, so that each of the orders is loaded by another command than before.
    for (const told of [...stories].reverse()) await expectReplay(api, told);
  });

  it('is answered the same from a snapshot', async () => {
    const forgetful = await process({ stateCacheMb: 0 });
    try {
      await every((told) => expectReplay(forgetful, told));
      const used = await countOf(forgetful.url, 'orderlog_snapshot_reads_total', 'used');
      // All but a few are commands to orders that are long enough to have one.
      expect(used).toBeGreaterThan(stories.length / 2);
    } finally {
      await forgetful.close();
    }
  });

  it('is refused with another body, by who knows the order and by who has to load it', async () => {
    await every((told) => expectOtherBodiesRefused(api, told));
    const other = await process();
    try {
      for (const told of [...stories].reverse()) await expectOtherBodiesRefused(other, told);
    } finally {
      await other.close();
    }
  });

  it('has the ids by which earlier releases know it', async () => {
    const golden = new URL('known-commands.json', import.meta.url);
    const known = Object.entries(JSON.parse(readFileSync(golden, 'utf8')) as Record<string, unknown>);
    const streams = await stored();
    const ids = stories.map((told) => {
      const event = streams.get(orderIdOf(told))![Number(told.answer.body['revision'])]!;
      const { commandId, fingerprint } = event.metadata;
      return [told.sent.key, { commandId, fingerprint }];
    });
    expect(ids).toEqual(known);
  });

  it('has left nothing more in the streams', async () => {
    expect(await stored()).toEqual(storedThen);
    const revisions = [...storedThen.values()].reduce((sum, events) => sum + events.length, 0);
    const done = stories.reduce((sum, { answer }) => sum + (answer.body['events'] as unknown[]).length, 0);
    expect(revisions).toBe(done);
  });
});
