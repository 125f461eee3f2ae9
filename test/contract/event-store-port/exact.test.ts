import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventStoreDBClient } from '@eventstore/db-client';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { AppendTooLarge, WrongExpectedRevision } from '#event-store/errors.js';
import type { ExactEvent, StoredExactEvent } from '#event-store/port.js';
import { IDENTITY_STREAM, knownStoreIdentity, storeIdentity } from '#event-store/store-identity.js';
import { APPEND_LIMIT_BYTES, toExactEvent } from '#event-store/wire-event.js';
import { startTestEventStore } from '../../support/event-store.js';
import { collected, someEvent, someStream } from '../../support/stored-events.js';

const TIMEOUT_MS = 60_000;

let server: Awaited<ReturnType<typeof startTestEventStore>>;
let store: DbClientEventStore;

beforeAll(async () => {
  server = await startTestEventStore();
  store = new DbClientEventStore({ connectionString: server.url });
}, TIMEOUT_MS);

afterAll(async () => {
  await store.close();
  await server.close();
}, TIMEOUT_MS);

const bytes = (text: string) => new TextEncoder().encode(text);

function exactEvent(changes: Partial<ExactEvent> = {}): ExactEvent {
  return { ...toExactEvent(someEvent()), ...changes };
}

/** What a subscription gives of one stream, up to where it has caught up. */
async function exactEventsOf(stream: string, after: bigint | null = null): Promise<StoredExactEvent[]> {
  const events: StoredExactEvent[] = [];
  const { signal } = new AbortController();
  for await (const message of store.subscribeToAllExact({ after, streamPrefix: stream, signal })) {
    if (message.kind === 'caught_up') return events;
    if (message.kind === 'event') events.push(message.event);
  }
  throw new Error('the subscription ended');
}

describe('an exact copy', () => {
  it.each<[string, Partial<ExactEvent>]>([
    ['JSON with spaces, lines and keys in any order', { data: bytes('{ "b": 1,\n\t"a": 1.0e2 }') }],
    ['JSON that parsing would change', { data: bytes('{"a":12345678901234567890,"a":0.10,"__proto__":1}') }],
    ['text that is no JSON, said to be JSON', { data: bytes('Zażółć 🫖') }],
    [
      'any bytes',
      { contentType: 'application/octet-stream', data: new Uint8Array([0, 255, 10, 13, 128, 195, 40]) },
    ],
    ['bytes that are no text, said to be JSON', { data: new Uint8Array([0xff, 0xfe, 0x00]) }],
    ['no data and no metadata', { data: new Uint8Array(0), metadata: new Uint8Array(0) }],
    ['metadata that is no JSON', { metadata: new Uint8Array([0, 1, 2, 250]) }],
    ['a Buffer', { data: Buffer.from('{"a": 1}'), metadata: Buffer.from('{"m":  2}') }],
  ])('has every byte of %s', async (_what, changes) => {
    const stream = someStream();
    const event = exactEvent(changes);
    const { position } = await store.appendExact(stream, [event], 'no_stream');
    const [stored] = await exactEventsOf(stream);
    expect({
      ...stored,
      data: Buffer.from(stored!.data).toString('hex'),
      metadata: Buffer.from(stored!.metadata).toString('hex'),
    }).toEqual({
      ...{ eventId: event.eventId, type: event.type, contentType: event.contentType },
      ...{ stream, revision: 0, position },
      data: Buffer.from(event.data).toString('hex'),
      metadata: Buffer.from(event.metadata).toString('hex'),
    });
    expect(await collected(store.readStreamExact(stream))).toEqual([stored]);
  });

  it('is of the content type that other clients see', async () => {
    const stream = someStream();
    const events = [exactEvent(), exactEvent({ contentType: 'application/octet-stream' })];
    await store.appendExact(stream, events, 'no_stream');
    const other = EventStoreDBClient.connectionString(server.url);
    const seen: unknown[] = [];
    for await (const { event } of other.readStream(stream)) seen.push(event?.isJson);
    await other.dispose();
    expect(seen).toEqual([true, false]);
  });

  it('goes on after a position, in order', async () => {
    const stream = someStream();
    const first = await store.appendExact(stream, [exactEvent()], 'no_stream');
    const events = Array.from({ length: 300 }, () => exactEvent());
    await store.appendExact(stream, events, 0);
    const rest = await exactEventsOf(stream, first.position);
    expect(rest.map(({ eventId, revision }) => [eventId, revision])).toEqual(
      events.map(({ eventId }, index) => [eventId, index + 1]),
    );
  });

  it('is appended under the rules of every append', async () => {
    const stream = someStream();
    const event = exactEvent();
    const { position } = await store.appendExact(stream, [event], 'no_stream');
    await store.append(stream, [someEvent()], 0);
    expect(await store.appendExact(stream, [event], 'no_stream')).toEqual({ revision: 0, position });
    await expect(store.appendExact(stream, [exactEvent()], 0)).rejects.toBeInstanceOf(WrongExpectedRevision);
    const large = exactEvent({ data: new Uint8Array(APPEND_LIMIT_BYTES) });
    await expect(store.appendExact(stream, [large], 1)).rejects.toBeInstanceOf(AppendTooLarge);
  });
});

describe('the identity of a store', () => {
  it('is written once, whoever asks first and however many at once', async () => {
    expect(await knownStoreIdentity(store)).toBeNull();
    const ids = await Promise.all(Array.from({ length: 8 }, () => storeIdentity(store)));
    expect(new Set(ids).size).toBe(1);
    expect(await knownStoreIdentity(store)).toBe(ids[0]);
    expect(await collected(store.readStream(IDENTITY_STREAM))).toHaveLength(1);
  });

  it('is not made up where its stream holds something else: that is an error', async () => {
    const readStream = () => store.readStream(stream);
    const stream = someStream();
    await store.append(stream, [someEvent({ storeId: randomUUID() })], 'no_stream');
    await expect(knownStoreIdentity({ readStream })).rejects.toThrow('holds no identity of the event store');
  });
});
