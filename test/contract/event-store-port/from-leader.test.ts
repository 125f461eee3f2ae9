import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { StoreUnavailable } from '#event-store/errors.js';
import { startTestEventStore } from '#test/support/event-store.js';
import { startFollowingNode, type FollowingNode } from '#test/support/following-node.js';
import { collected, someEvent, someStream } from '#test/support/stored-events.js';

let leader: Awaited<ReturnType<typeof startTestEventStore>>;
let follower: FollowingNode;
let store: DbClientEventStore;

const stream = someStream();

beforeAll(async () => {
  leader = await startTestEventStore();
  const atLeader = new DbClientEventStore({ connectionString: leader.url });
  await atLeader.append(stream, [someEvent(), someEvent()], 'no_stream');
  await atLeader.close();
  follower = await startFollowingNode(leader.url);
});
afterEach(() => store.close());
afterAll(async () => {
  follower.close();
  await leader.close();
});

describe('an event store of several nodes, one of which has not got everything yet', () => {
  it('is read from the leader, which that node names', async () => {
    store = new DbClientEventStore({ connectionString: follower.url });
    expect(await collected(store.readStream(stream))).toHaveLength(2);
    expect(await store.headPosition()).toBeGreaterThan(0n);
    expect(follower.refused()).toBe(1);
  });

  it('is followed from the leader, too: what another node calls caught up may end before that', async () => {
    store = new DbClientEventStore({ connectionString: follower.url });
    const stop = new AbortController();
    const seen: string[] = [];
    const all = store.subscribeToAll({ after: null, streamPrefix: stream, signal: stop.signal });
    for await (const message of all) {
      if (message.kind === 'event') seen.push(message.event.stream);
      if (message.kind === 'caught_up') stop.abort();
    }
    expect(seen).toEqual([stream, stream]);
  });

  it('is not looked for any further where the node that is named leads no more', async () => {
    const other = await startFollowingNode(leader.url);
    const wrong = await startFollowingNode(other.url);
    store = new DbClientEventStore({ connectionString: wrong.url });
    try {
      await expect(collected(store.readStream(stream))).rejects.toThrow(StoreUnavailable);
      expect([wrong.refused(), other.refused()]).toEqual([1, 1]);
      // The next read does.
      expect(await collected(store.readStream(stream))).toHaveLength(2);
    } finally {
      for (const node of [wrong, other]) node.close();
    }
  });
});
