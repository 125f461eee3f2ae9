import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import type { ExactEventStore } from '#event-store/port.js';
import { storeIdentity } from '#event-store/store-identity.js';
import { startEmbeddedPostgres } from '#platform/embedded-postgres.js';
import { planFiles } from '../../apps/orderctl/src/import/online-retail.import.js';
import { Child } from './child.js';
import { madeUp, OrderLife, shapesOf, type Shapes } from './order-lives.js';
import { IN_FLIGHT } from './system.js';

/** An empty event store, and PostgreSQL for the read models made of its events. No projector runs. */
export interface EventLog {
  readonly store: ExactEventStore;
  readonly eventStoreUrl: string;
  readonly postgresUrl: string;
  stop(): Promise<void>;
}

export interface LogOptions {
  /** File of a real shop, whose orders are repeated as often as needed. */
  readonly file: string | null;
  readonly events: number | null;
}

export const DEFAULT_EVENTS = 1_000_000;

/** An event log that holds the events of a shop. */
export interface FilledLog extends EventLog {
  readonly events: number;
}

/**
 * How many orders are placed between two stages of an order: it is paid and packed within hours and delivered
 * within days. A first return comes weeks later, a second one months later. For a shop with some 400 orders a day.
 */
const ORDERS_BETWEEN_STAGES = [200, 1_500, 6_000, 20_000];

export async function startEventLog(): Promise<EventLog> {
  const dataDir = await mkdtemp(join(tmpdir(), 'orderlog-bench-'));
  const postgres = await startEmbeddedPostgres({ dataDir });
  const server = new Child('../../apps/event-store/src/main.js', {
    environment: { ORDERLOG_POSTGRES_URL: postgres.url, ORDERLOG_PORT: '0', ORDERLOG_LOG_LEVEL: 'warn' },
  });
  const { port } = await server.told<{ port: number }>();
  const eventStoreUrl = `esdb://127.0.0.1:${port}?tls=false`;
  const store = new DbClientEventStore({ connectionString: eventStoreUrl });
  const stop = async () => {
    await store.close();
    await server.stop();
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  await storeIdentity(store);
  return { store, eventStoreUrl, postgresUrl: postgres.url, stop };
}

/** @param file of a real shop, whose orders are repeated as often as needed; null: made-up orders */
export async function fillLog(events: number, file: string | null): Promise<FilledLog> {
  const log = await startEventLog();
  try {
    const shapes = file === null ? madeUp : shapesOf((await planFiles([file])).orders);
    return { ...log, events: await append(log.store, events, shapes) };
  } catch (error) {
    await log.stop();
    throw error;
  }
}

/** Appends in the order of a shop's days: between two stages of an order come stages of other orders. */
async function append(store: ExactEventStore, events: number, shapes: Shapes): Promise<number> {
  const due = new Map<number, { life: OrderLife; stage: number }[]>();
  let written = 0;
  let running: Promise<void>[] = [];
  const next = async (life: OrderLife) => {
    const { stream, events: appended, expected } = await life.next();
    await store.append(stream, appended, expected);
    written += appended.length;
  };
  for (let index = 0; written < events; index++) {
    const now = [{ life: new OrderLife(index, shapes), stage: 0 }, ...(due.get(index) ?? [])];
    due.delete(index);
    for (const { life, stage } of now) {
      running.push(next(life));
      if (stage + 1 === life.stages) continue;
      const after = ORDERS_BETWEEN_STAGES[Math.min(stage, ORDERS_BETWEEN_STAGES.length - 1)]!;
      const then = due.get(index + after) ?? [];
      due.set(index + after, [...then, { life, stage: stage + 1 }]);
    }
    if (running.length < IN_FLIGHT) continue;
    await Promise.all(running);
    running = [];
  }
  await Promise.all(running);
  return written;
}
