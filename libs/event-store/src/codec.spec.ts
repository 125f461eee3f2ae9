import { describe, expect, it } from '@jest/globals';
import { ERASED } from '#domain/decider.js';
import type { Instant } from '#domain/instant.js';
import type { OrderEvent } from '#domain/order/order.js';
import { eventCodec } from './codec.js';
import { UnreadableEvent } from './errors.js';
import { plainPersonal, type PersonalCodec } from './personal-codec.js';
import type { EncodedEvent, RawEvent } from './port.js';

const orderId = '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a11';
const at = '2026-11-22T18:00:00.000Z' as Instant;
const metadata = {
  tenantId: 'default',
  commandId: '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a22',
  fingerprint: '0123456789abcdef0123456789abcdef',
  correlationId: 'c-1',
  causationId: null,
  actor: { type: 'service', id: 'shop' },
  recordedAt: at,
  traceparent: null,
} as const;

const noteAdded = (text: string): OrderEvent => ({
  type: 'NoteAdded',
  occurredAt: at,
  data: { noteId: orderId },
  personal: { text },
});
const confirmed: OrderEvent = { type: 'OrderConfirmed', occurredAt: at, data: {}, personal: null };

const stored = ({ eventId, type, data, metadata }: EncodedEvent, revision: number): RawEvent => ({
  eventId,
  stream: `order-default.${orderId}`,
  revision,
  position: BigInt(revision * 100),
  type,
  data: JSON.parse(JSON.stringify(data)),
  metadata: JSON.parse(JSON.stringify(metadata)),
  sizeBytes: 0,
});

/** A personal codec that reverses texts and lists its calls. After `erase` it opens every part as ERASED. */
function sealing() {
  const calls: string[] = [];
  let erased = false;
  const turn = (part: unknown) => [...JSON.stringify(part)].reverse().join('');
  const personal: PersonalCodec = {
    seal: async (owner, parts) => {
      calls.push(`seal ${parts.length} of ${owner.tenantId}`);
      return parts.map(turn);
    },
    open: async (parts) => {
      calls.push(`open ${parts.length}`);
      return parts.map(({ sealed }) =>
        erased ? ERASED : (JSON.parse([...String(sealed)].reverse().join('')) as unknown),
      );
    },
  };
  return { personal, calls, erase: () => (erased = true) };
}

describe('the codec', () => {
  it('brings events back as they were, with what was recorded about them', async () => {
    const codec = eventCodec(plainPersonal);
    const encoded = await codec.encode(orderId, [confirmed, noteAdded('hello')], metadata);
    expect(encoded[1]!.data).toEqual({
      occurredAt: at,
      data: { noteId: orderId },
      personal: { text: 'hello' },
    });
    const decoded = await codec.decode(encoded.map(stored));
    expect(decoded[1]).toEqual({
      ...noteAdded('hello'),
      eventId: encoded[1]!.eventId,
      orderId,
      position: 100n,
      recording: {
        revision: 1,
        recordedAt: at,
        commandId: metadata.commandId,
        fingerprint: metadata.fingerprint,
      },
      metadata: { ...metadata, schemaVersion: 1 },
    });
  });

  it('gives every event of every decision a version 7 id of its own', async () => {
    const codec = eventCodec(plainPersonal);
    const twice = [
      ...(await codec.encode(orderId, [confirmed, confirmed], metadata)),
      ...(await codec.encode(orderId, [confirmed, confirmed], metadata)),
    ];
    const ids = twice.map(({ eventId }) => eventId);
    expect(new Set(ids).size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });

  it('seals the personal part and nothing else, once for all events together', async () => {
    const { personal, calls } = sealing();
    const codec = eventCodec(personal);
    const events = [noteAdded('Ada'), confirmed, noteAdded('Bob')];
    const encoded = await codec.encode(orderId, events, metadata);
    expect(JSON.stringify(encoded)).not.toMatch(/Ada|Bob/);
    expect(encoded[1]!.data).toMatchObject({ personal: null });
    const decoded = await codec.decode(encoded.map(stored));
    expect(decoded.map((event) => event.personal)).toEqual([{ text: 'Ada' }, null, { text: 'Bob' }]);
    expect(calls).toEqual(['seal 2 of default', 'open 2']);
  });

  it('decodes to erased what cannot be opened any more', async () => {
    const { personal, erase } = sealing();
    const codec = eventCodec(personal);
    const encoded = await codec.encode(orderId, [noteAdded('Ada'), confirmed], metadata);
    erase();
    const decoded = await codec.decode(encoded.map(stored));
    expect(decoded.map((event) => event.personal)).toEqual([ERASED, null]);
  });

  it('reads older versions as today', async () => {
    const codec = eventCodec(plainPersonal);
    const cancelled: OrderEvent = {
      type: 'ShipmentCancelled',
      occurredAt: at,
      data: { shipmentId: orderId, reason: null },
      personal: null,
    };
    const [today] = await codec.encode(orderId, [cancelled], metadata);
    const old: RawEvent = {
      ...stored(today!, 0),
      data: { occurredAt: at, data: { shipmentId: orderId }, personal: null },
      metadata: { ...metadata, schemaVersion: 1 },
    };
    const [read, readOld] = await codec.decode([stored(today!, 0), old]);
    expect(today!.metadata.schemaVersion).toBe(2);
    expect(readOld!.data).toEqual(read!.data);
  });
});

describe('what cannot be read', () => {
  const good: RawEvent = {
    eventId: orderId,
    stream: `order-default.${orderId}`,
    revision: 7,
    position: 700n,
    type: 'OrderConfirmed',
    data: { occurredAt: at, data: {}, personal: null },
    metadata: { ...metadata, schemaVersion: 1 },
    sizeBytes: 0,
  };
  const without = (name: string) => ({ ...(good.metadata as object), [name]: undefined });

  it.each<[string, Partial<RawEvent>, RegExp]>([
    ['an unknown type', { type: 'OrderPainted' }, /does not know the type/],
    ['a name of Object.prototype', { type: 'toString' }, /does not know the type/],
    ['a newer version', { metadata: { ...metadata, schemaVersion: 2 } }, /version is 2, .* at most 1/],
    ['no metadata', { metadata: undefined }, /no metadata/],
    ['bytes for metadata', { metadata: new Uint8Array([1]) }, /tenantId/],
    [
      'another tenant',
      { metadata: { ...metadata, tenantId: 'demo', schemaVersion: 1 } },
      /another tenant \(demo\)/,
    ],
    ['no version', { metadata: metadata }, /schemaVersion/],
    ['version 0', { metadata: { ...metadata, schemaVersion: 0 } }, /schemaVersion/],
    ['no command', { metadata: without('commandId') }, /commandId/],
    ['a fingerprint of another kind', { metadata: { ...without('x'), fingerprint: 'abc' } }, /fingerprint/],
    ['a time that is none', { metadata: { ...without('x'), recordedAt: 'yesterday' } }, /recordedAt/],
    ['an actor that is none', { metadata: { ...without('x'), actor: { type: 'cat', id: 'x' } } }, /actor/],
    ['another stream', { stream: 'process-default.1' }, /not that of an order/],
    ['text for data', { data: '{' }, /content/],
    ['data without a time', { data: { data: {}, personal: null } }, /content/],
  ])('names stream, revision and type: %s', async (_what, change, why) => {
    const reading = eventCodec(plainPersonal).decode([good, { ...good, ...change }]);
    await expect(reading).rejects.toBeInstanceOf(UnreadableEvent);
    await expect(reading).rejects.toThrow(why);
    await expect(reading).rejects.toThrow(change.stream ?? good.stream);
    await expect(reading).rejects.toThrow(`event 7 of`);
    await expect(reading).rejects.toThrow(change.type ?? good.type);
  });

  it('does not include the event that the bad ones were made from', async () => {
    await expect(eventCodec(plainPersonal).decode([good])).resolves.toHaveLength(1);
  });

  it('says for each event by itself why it cannot be read, and reads the others', async () => {
    const odd = { ...good, type: 'OrderTeleported', revision: 7 };
    const [first, unreadable, last] = await eventCodec(plainPersonal).decodeEach([good, odd, good]);
    expect(unreadable).toBeInstanceOf(UnreadableEvent);
    expect(unreadable).toMatchObject({ event: odd, message: expect.stringMatching(/^event 7 of order-/) });
    expect([first, last]).toEqual(await eventCodec(plainPersonal).decode([good, good]));
  });
});
