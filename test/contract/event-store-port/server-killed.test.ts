import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { AppendOutcomeUnknown, StoreUnavailable } from '#event-store/errors.js';
import { freePort } from '#platform/free-port.js';
import { freshDatabase } from '#test/support/database.js';
import { startEventStoreProcess, type EventStoreProcess } from '#test/support/event-store-process.js';
import { collected, someEvent, someStream } from '#test/support/stored-events.js';
import { until } from '#test/support/until.js';

const WRITERS = 64;
const DEATHS = 3;
const TIMEOUT_MS = 2_000;
/** For a machine that is busy with other things. */
const PATIENCE_MS = 30_000;

let database: Awaited<ReturnType<typeof freshDatabase>>;
let server: EventStoreProcess;
let store: DbClientEventStore;

beforeEach(async () => {
  database = await freshDatabase();
  server = await startEventStoreProcess(database.url, await freePort());
  store = new DbClientEventStore({ connectionString: server.url, timeoutMs: TIMEOUT_MS });
}, 60_000);

afterEach(async () => {
  await store.close();
  await server.stop();
  await database.drop();
});

async function dieAndComeBack(): Promise<void> {
  await server.kill();
  server = await startEventStoreProcess(database.url, server.port);
}

interface Writer {
  readonly stream: string;
  readonly acknowledged: string[];
}

describe('when the server is killed and comes back under load', () => {
  it('what was pending is of unknown outcome, and is there once when it was sent again', async () => {
    const writers: Writer[] = Array.from({ length: WRITERS }, () => ({
      stream: someStream(),
      acknowledged: [],
    }));
    const pending = new Set<Promise<Outcome>>();
    const pendingAtDeath: Promise<Outcome>[] = [];
    let stopping = false;

    const append = async ({ stream, acknowledged }: Writer) => {
      const event = someEvent('x'.repeat(300));
      const expected = acknowledged.length === 0 ? 'no_stream' : acknowledged.length - 1;
      await until(
        `an append to ${stream}`,
        () => {
          const sent = store.append(stream, [event], expected);
          const outcome = outcomeOf(sent);
          pending.add(outcome);
          void outcome.then(() => pending.delete(outcome));
          return sent.catch((error: unknown) => {
            // Anything else, a conflict above all, would mean half an append or one twice.
            if (error instanceof AppendOutcomeUnknown || error instanceof StoreUnavailable) return null;
            throw error;
          });
        },
        PATIENCE_MS,
      );
      acknowledged.push(event.eventId);
    };
    const running = Promise.all(
      writers.map(async (writer) => {
        while (!stopping) await append(writer);
      }),
    );
    const total = () => writers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);

    for (let death = 0; death < DEATHS; death++) {
      const before = total();
      await until('every writer gets on', () => total() > before + 5 * WRITERS, PATIENCE_MS);
      pendingAtDeath.push(...pending);
      await dieAndComeBack();
    }
    const before = total();
    await until('every writer gets on again', () => total() > before + 5 * WRITERS, PATIENCE_MS);
    stopping = true;
    await running;

    const outcomes = await Promise.all(pendingAtDeath);
    expect(outcomes).toContain('unknown');
    for (const { stream, acknowledged } of writers) {
      const stored = await collected(store.readStream(stream));
      expect(stored.map(({ eventId }) => eventId)).toEqual(acknowledged);
    }
  }, 120_000);

  it('a subscription of the port says so, and one from its last position goes on without a gap', async () => {
    const stream = someStream();
    const leaving = new AbortController();
    const seen: number[] = [];
    let position: bigint | null = null;
    const follow = async () => {
      const options = { after: position, streamPrefix: stream, signal: leaving.signal };
      for await (const message of store.subscribeToAll(options)) {
        if (message.kind !== 'event') continue;
        seen.push(message.event.revision);
        position = message.event.position;
      }
    };
    const ends: unknown[] = [];
    const following = (async () => {
      while (!leaving.signal.aborted) await follow().catch((error: unknown) => ends.push(error));
    })();
    let revision = -1;
    const append = async () => {
      const event = someEvent();
      const expected = revision < 0 ? 'no_stream' : revision;
      await until('an append', () => store.append(stream, [event], expected).catch(() => null), PATIENCE_MS);
      revision++;
    };
    for (let death = 0; death < DEATHS; death++) {
      for (let n = 0; n < 20; n++) await append();
      await dieAndComeBack();
    }
    await append();
    await until('the last event is seen', () => seen.at(-1) === revision, PATIENCE_MS);
    leaving.abort();
    await following;
    expect(ends.length).toBeGreaterThanOrEqual(DEATHS);
    for (const end of ends) expect(end).toBeInstanceOf(StoreUnavailable);
    expect(seen).toEqual(Array.from({ length: revision + 1 }, (_, n) => n));
  }, 120_000);
});

type Outcome = 'acknowledged' | 'unknown' | 'refused';

function outcomeOf(sent: Promise<unknown>): Promise<Outcome> {
  return sent.then(
    () => 'acknowledged',
    (error: unknown) => (error instanceof AppendOutcomeUnknown ? 'unknown' : 'refused'),
  );
}
