import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent, type EventData } from '@eventstore/db-client';
import { startEmbeddedPostgres } from '#platform/embedded-postgres.js';
import { Child } from '../child.js';
import { interleave, runLane, type Lane, type Row } from '../measure.js';
import { IN_FLIGHT } from '../system.js';

const APPENDS = 12_000;
/** Roughly the number of events of an order. Every stream begins with an append that expects no stream. */
const EVENTS_PER_STREAM = 8;
const READ_EVENTS = 40_000;
const TARGET_RATIO = 0.5;

interface Server {
  readonly client: EventStoreDBClient;
  stop(): Promise<void>;
}

/**
 * The embedded event store against an echo of the protocol that stores nothing (`event-store-echo-server.ts`), through
 * the same client: appends of one event with 64 in flight, then `$all` from its start.
 */
export async function eventStore(): Promise<readonly Row[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'orderlog-bench-'));
  const postgres = await startEmbeddedPostgres({ dataDir });
  const store = await start('../../apps/event-store/src/main.js', {
    ORDERLOG_POSTGRES_URL: postgres.url,
    ORDERLOG_PORT: '0',
    ORDERLOG_LOG_LEVEL: 'warn',
  });
  const echo = await start('./event-store-echo-server.js', {});
  try {
    await Promise.all([appends(store, APPENDS / 4), appends(echo, APPENDS / 4)]);
    const appending = await interleave(
      { name: 'event-store appends', target: TARGET_RATIO },
      { ours: () => appends(store, APPENDS), raw: () => appends(echo, APPENDS) },
    );
    const reading = await interleave(
      { name: 'event-store $all', target: TARGET_RATIO },
      { ours: () => reads(store), raw: () => reads(echo) },
    );
    return [appending, reading];
  } finally {
    await store.stop();
    await echo.stop();
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Starts a server and connects to it. Both servers send their port when they are ready, each in its own form. */
async function start(module: string, environment: Record<string, string>): Promise<Server> {
  const child = new Child(module, { environment });
  const told = await child.told<number | { port: number }>();
  const port = typeof told === 'number' ? told : told.port;
  const client = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${port}?tls=false`);
  return {
    client,
    stop: async () => {
      await client.dispose();
      await child.stop();
    },
  };
}

/** Each of the 64 writers appends to its own stream, at the revision that it has reached. */
async function appends({ client }: Server, count: number): Promise<Lane> {
  const writers = Array.from({ length: IN_FLIGHT }, () => ({ stream: '', next: EVENTS_PER_STREAM }));
  const free = [...writers];
  return runLane(count, IN_FLIGHT, async () => {
    const writer = free.pop()!;
    if (writer.next === EVENTS_PER_STREAM) {
      writer.stream = `bench-${randomUUID()}`;
      writer.next = 0;
    }
    const expectedRevision = writer.next === 0 ? 'no_stream' : BigInt(writer.next - 1);
    await client.appendToStream(writer.stream, someEvent(), { expectedRevision });
    writer.next++;
    free.push(writer);
  });
}

/** About as large as an event of an order: 500 bytes of data, 300 of metadata. */
const TEXT = randomBytes(240).toString('hex');

function someEvent(): EventData {
  return jsonEvent({ type: 'Measured', data: { text: TEXT }, metadata: { trace: TEXT.slice(0, 280) } });
}

/** Reads `$all` from its start; each event is an operation. */
async function reads({ client }: Server): Promise<Lane> {
  const events = client.readAll({ maxCount: READ_EVENTS })[Symbol.asyncIterator]();
  return runLane(READ_EVENTS, 1, async () => {
    if ((await events.next()).done) throw new Error('the log ended too early');
  });
}
