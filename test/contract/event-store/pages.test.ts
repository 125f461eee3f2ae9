import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventStoreDBClient } from '@eventstore/db-client';
import pg from 'pg';
import { createLogger } from '#platform/logging.js';
import { startEventStore, type RunningEventStore } from '../../../apps/event-store/src/server.js';
import {
  allPage,
  FEW_OF_STREAM,
  PLANNING,
  streamPage,
} from '../../../apps/event-store/src/storage/event-pages.js';
import { freshDatabase } from '#test/support/database.js';
import { newStream, numbered, range } from './contract.js';

interface Plan {
  'Node Type': string;
  'Index Name'?: string;
  Plans?: Plan[];
}

const PAGE_EVENTS = 1_000;

describe('a page of a thousand events [embedded]', () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let store: RunningEventStore;
  let client: pg.Client;
  const large = newStream('large');

  beforeAll(async () => {
    database = await freshDatabase();
    store = await startEventStore({
      postgresUrl: database.url,
      port: 0,
      logger: createLogger('event-store', 'silent'),
    });
    const events = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${store.port}?tls=false`);
    await events.appendToStream(large, numbered(3_000));
    await Promise.all(range(1, 40).map(() => events.appendToStream(newStream(), numbered(100))));
    await events.dispose();
    client = new pg.Client({ connectionString: database.url, options: PLANNING });
    await client.connect();
  }, 60_000);

  afterAll(async () => {
    await client.end();
    await store.close();
    await database.drop();
  });

  async function nodesOf(query: string): Promise<Plan[]> {
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`EXPLAIN (FORMAT json) ${query}`);
    const nodes: Plan[] = [];
    const visit = (plan: Plan): void => {
      nodes.push(plan);
      plan.Plans?.forEach(visit);
    };
    visit(rows[0]!['QUERY PLAN'][0].Plan);
    return nodes;
  }

  const text = (statement: { text: string }, revision: number) =>
    statement.text
      .replaceAll('$1', pg.escapeLiteral(large))
      .replaceAll('$2', String(revision))
      .replaceAll('$3', String(PAGE_EVENTS));

  it.each([
    ['$all forwards', allPage('forwards', 1_500, PAGE_EVENTS), 'events_pkey'],
    ['$all backwards', allPage('backwards', 5_000, PAGE_EVENTS), 'events_pkey'],
    ['a stream forwards', streamPage(large, 'forwards', 500, PAGE_EVENTS), 'events_stream_revision'],
    ['a stream backwards', streamPage(large, 'backwards', 2_500, PAGE_EVENTS), 'events_stream_revision'],
    ['a stream forwards, prepared', text(FEW_OF_STREAM.forwards, 500), 'events_stream_revision'],
    ['a stream backwards, prepared', text(FEW_OF_STREAM.backwards, 500), 'events_stream_revision'],
  ])('comes in the order of its index, without a sort: %s', async (_name, query, index) => {
    // Whatever the statistics say: none yet, and those of the whole.
    for (const prepare of ['SELECT 1', 'ANALYZE event_store.events']) {
      await client.query(prepare);
      const nodes = await nodesOf(query);
      expect(nodes.map((node) => node['Node Type'])).not.toContainEqual(expect.stringContaining('Sort'));
      expect(nodes.map((node) => node['Index Name']).filter(Boolean)).toEqual([index]);
    }
    const { rows } = await client.query<{ position: string; revision: string }>(query);
    expect(rows).toHaveLength(PAGE_EVENTS <= rows.length ? PAGE_EVENTS : rows.length);
    expect(rows.length).toBeGreaterThan(400);
  });
});
