import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import {
  EventStoreDBClient,
  jsonEvent,
  type AllStreamResolvedEvent,
  type Credentials,
  type EventData,
  type ResolvedEvent,
} from '@eventstore/db-client';
import { startTestEventStore } from '#test/support/event-store.js';

type Case = (name: string, run: () => Promise<void>) => void;
type Define = (name: string, run: () => Promise<void>, timeoutMs: number) => void;

/** For a machine that is busy with other things; a case takes far less on an idle one. */
const CASE_MAX_MS = 30_000;

export interface Subject {
  readonly client: EventStoreDBClient;
  readonly url: string;
  /** Those of the connection string. A server without access control takes any. */
  readonly credentials: Credentials;
  /** A case that EventStoreDB 23.10 or later passes too. */
  readonly protocol: Case;
  /** A case about this server alone. */
  readonly embedded: Case;
}

/**
 * Defines cases on the embedded store and, when EVENTSTORE_URL names one, on that server. A real server
 * is shared and keeps what it has, so a case uses streams of its own and looks for nothing else.
 */
export function eventStoreContract(title: string, define: (subject: Subject) => void): void {
  describe(`${title}, embedded event store`, () => {
    let close: () => Promise<void>;
    define(subject({ protocol: it, embedded: it }, async () => {
      const store = await startTestEventStore();
      close = store.close;
      return store.url;
    }));
    afterAll(async () => close());
  });
  const url = process.env['EVENTSTORE_URL'];
  const on = url ? describe : describe.skip;
  on(`${title}, server named by EVENTSTORE_URL`, () => {
    define(subject({ protocol: it, embedded: it.skip }, async () => url!));
  });
}

function subject(cases: { protocol: Define; embedded: Define }, open: () => Promise<string>): Subject {
  let client: EventStoreDBClient | null = null;
  let url = '';
  beforeAll(async () => {
    url = await open();
    client = EventStoreDBClient.connectionString(url);
  });
  // Runs before the store is closed: jest takes the hooks that come later first.
  afterAll(async () => client?.dispose());
  return {
    protocol: (name, run) => cases.protocol(`${name} [protocol]`, run, CASE_MAX_MS),
    embedded: (name, run) => cases.embedded(`${name} [embedded]`, run, CASE_MAX_MS),
    get client() {
      return client!;
    },
    get url() {
      return url;
    },
    get credentials() {
      // No `URL`: a cluster's has several hosts.
      const [, username, password] = /^[^:]+:\/\/([^:@/]+):([^@/]+)@/.exec(url) ?? [];
      if (username === undefined || password === undefined)
        return { username: 'admin', password: 'changeit' };
      return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
    },
  };
}

export type StreamState = 'absent' | 'present' | 'truncated' | 'soft-deleted' | 'tombstoned';

/** A stream in the given state. Unless it is absent it has held the revisions 0 to 2. */
export async function streamIn(state: StreamState, client: EventStoreDBClient): Promise<string> {
  const stream = newStream();
  if (state !== 'absent') await client.appendToStream(stream, numbered(3));
  if (state === 'truncated') await client.setStreamMetadata(stream, { truncateBefore: 3 });
  if (state === 'soft-deleted') await client.deleteStream(stream);
  if (state === 'tombstoned') await client.tombstoneStream(stream);
  return stream;
}

export const newStream = (prefix = 'contract'): string => `${prefix}-${randomUUID()}`;

/** `count` events of one type, numbered from `from`. */
export function numbered(count: number, { from = 0, type = 'Counted' } = {}): EventData[] {
  return Array.from({ length: count }, (_, index) => jsonEvent({ type, data: { n: from + index } }));
}

export async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

export const numbersOf = (events: readonly (ResolvedEvent | AllStreamResolvedEvent)[]): number[] =>
  events.map(({ event }) => (event!.data as { n: number }).n);

export const revisionsOf = (events: readonly ResolvedEvent[]): number[] =>
  events.map(({ event }) => Number(event!.revision));

export const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.abs(to - from) + 1 }, (_, index) => (to >= from ? from + index : from - index));

/** What a promise was rejected with; fails when it was not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection');
}
