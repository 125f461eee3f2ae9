import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { ERASED } from '#domain/decider.js';
import type { Instant } from '#domain/instant.js';
import type { Order } from '#domain/order/state.js';
import { plainPersonal, type PersonalCodec } from '../personal-codec.js';
import type { ExactEvent, RawEvent } from '../port.js';
import { orderStream } from '../streams.js';
import { SnapshotCodec } from './snapshot-codec.js';

const folded = JSON.parse(
  readFileSync(new URL('../../golden/folded.json', import.meta.url), 'utf8'),
) as Record<string, Order>;
const order = folded['fulfilled']!;
const stream = orderStream(order.tenantId, order.orderId);
const codec = new SnapshotCodec(plainPersonal, 'fold 1');
const quickly = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };

/** The event as a server returns it. */
function stored({ eventId, type, data, metadata }: ExactEvent, changes: Partial<RawEvent> = {}): RawEvent {
  const text = new TextDecoder().decode(metadata);
  return {
    ...{ eventId, type, stream: 'order_snapshot-', revision: 0, position: 1n, data },
    metadata: JSON.parse(text) as unknown,
    sizeBytes: data.length + metadata.length,
    ...changes,
  };
}

const metadataOf = (event: ExactEvent) =>
  JSON.parse(new TextDecoder().decode(event.metadata)) as Record<string, unknown>;

describe('a snapshot', () => {
  it.each(Object.entries(folded))('gives %s back as it was', async (_, one) => {
    const event = await codec.encode(one);
    expect(await codec.decode(orderStream(one.tenantId, one.orderId), stored(event))).toEqual(one);
  });

  it.each([
    ['of another length', { commandId: 'short' }],
    ['in capitals', { commandId: order.handled[0]!.commandId.toUpperCase().replace(/[0-9]/, 'A') }],
    ['that are none', { commandId: 'x'.repeat(36) }],
    ['with another fingerprint', { fingerprint: 'z'.repeat(32) }],
    ['at another kind of instant', { recordedAt: '２'.repeat(24) as Instant }],
  ])('gives back commands with ids %s', async (_, unlike) => {
    const handled = [...order.handled, { ...order.handled[0]!, ...unlike }];
    const one: Order = { ...order, handled };
    expect(await codec.decode(stream, stored(await codec.encode(one)))).toEqual(one);
  });

  it('takes 64 octets for a command', async () => {
    const [first] = order.handled;
    const sizeOf = async (commands: number) => {
      const handled = Array.from({ length: commands }, () => first!);
      return (await codec.encode({ ...order, handled })).data.length;
    };
    expect((await sizeOf(2_000)) - (await sizeOf(1_000))).toBe(64_000);
  });

  it('of a large order is packed, and given back as it was', async () => {
    const notes = Object.fromEntries(
      Array.from({ length: 200 }, (_, n) => [`note ${n}`, `note ${n} `.repeat(400)]),
    );
    const { personal } = order;
    if (personal === ERASED) throw new Error('an order with personal data is wanted');
    const large: Order = { ...order, personal: { ...personal, notes } };
    const event = await codec.encode(large);
    expect(event.data.length).toBeLessThan(JSON.stringify(large).length / 10);
    expect(await codec.decode(stream, stored(event))).toEqual(large);
  });

  it('gives back whatever else is remembered of a command', async () => {
    const handled = order.handled.map((each, index) => (index === 1 ? { ...each, kept: true } : each));
    const one: Order = { ...order, handled };
    expect(await codec.decode(stream, stored(await codec.encode(one)))).toEqual(one);
  });

  it('holds personal data as the codec of events seals it, and nothing of it in its metadata', async () => {
    const sealing: PersonalCodec = {
      seal: async (_, parts) =>
        parts.map((part) => ({ sealed: Buffer.from(JSON.stringify(part)).toString('hex') })),
      open: async (parts) =>
        parts.map(
          ({ sealed }) =>
            JSON.parse(Buffer.from((sealed as { sealed: string }).sealed, 'hex').toString('utf8')) as unknown,
        ),
    };
    const sealed = new SnapshotCodec(sealing, 'fold 1');
    const event = await sealed.encode(order);
    const { contact } = order.personal as Exclude<Order['personal'], typeof ERASED>;
    expect(contact?.name).toBeTruthy();
    const text = new TextDecoder().decode(event.data) + new TextDecoder().decode(event.metadata);
    expect(text).not.toContain(contact!.name);
    expect(await sealed.decode(stream, stored(event))).toEqual(order);
  });

  it('has no personal data once its key is destroyed, and is written without it then', async () => {
    const destroyed: PersonalCodec = { ...plainPersonal, open: async (parts) => parts.map(() => ERASED) };
    const erased = await new SnapshotCodec(destroyed, 'fold 1').decode(
      stream,
      stored(await codec.encode(order)),
    );
    expect(erased).toEqual({ ...order, personal: ERASED });
    const again = await codec.encode(erased as Order);
    expect(await codec.decode(stream, stored(again))).toEqual(erased);
  });
});

describe('a snapshot that is not to be used', () => {
  const other = '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a99';
  const flipped = (data: Uint8Array) => data.with(data.length >> 1, data[data.length >> 1]! ^ 1);
  const said = async (changes: Record<string, unknown>) => {
    const event = await codec.encode(order);
    return stored(event, { metadata: { ...metadataOf(event), ...changes } });
  };

  it('is corrupt when a bit of it is another, or when it is something else', async () => {
    const event = await codec.encode(order);
    expect(await codec.decode(stream, stored({ ...event, data: flipped(event.data) }))).toBe('corrupt');
    expect(await codec.decode(stream, stored({ ...event, data: event.data.slice(1) }))).toBe('corrupt');
    expect(await codec.decode(stream, stored(event, { type: 'TagsChanged' }))).toBe('corrupt');
    expect(await codec.decode(stream, stored(event, { metadata: 'nothing' }))).toBe('corrupt');
    expect(await codec.decode(stream, stored(event, { data: { orderId: order.orderId } }))).toBe('corrupt');
    expect(await codec.decode(stream, await said({ revision: order.revision + 1 }))).toBe('corrupt');
  });

  it('is corrupt when its content is no state, though the hash is of it', async () => {
    const nothing = await codec.encode({ ...order, handled: [] });
    expect(await codec.decode(stream, stored(nothing))).toBe('corrupt');
  });

  it('is corrupt when its columns end early, though the hash is of what there is', async () => {
    const event = await codec.encode(order);
    const data = event.data.slice(0, -1);
    const sha256 = createHash('sha256').update(data).digest('hex');
    const cut = stored({ ...event, data }, { metadata: { ...metadataOf(event), sha256 } });
    expect(await codec.decode(stream, cut)).toBe('corrupt');
  });

  it('is foreign when it is of another order or another tenant, whoever says so', async () => {
    const event = await codec.encode(order);
    expect(await codec.decode(orderStream(order.tenantId, other), stored(event))).toBe('foreign');
    expect(await codec.decode(orderStream('another', order.orderId), stored(event))).toBe('foreign');
    expect(await codec.decode(stream, await said({ tenantId: 'another' }))).toBe('foreign');
    // Only the metadata was made to fit: the state is still of the first order.
    const fits = orderStream(order.tenantId, other);
    expect(await codec.decode(fits, await said({ orderId: other }))).toBe('foreign');
  });

  it('is stale when another fold made it, or when it is written down in another way', async () => {
    const event = await new SnapshotCodec(plainPersonal, 'fold 0').encode(order);
    expect(await codec.decode(stream, stored(event))).toBe('stale');
    expect(await codec.decode(stream, await said({ formatVersion: 2 }))).toBe('stale');
  });

  it('is oversized when it is larger than an append may be', async () => {
    const long = randomBytes(1_100_000).toString('base64');
    const large = await codec.encode({ ...order, attributes: { long } });
    expect(await codec.decode(stream, stored(large))).toBe('oversized');
  });

  it.each([
    ['oversized', 'would be unpacked into more than any order takes', Buffer.alloc(40_000_000, 'x')],
    ['corrupt', 'is unpacked into what is no state', Buffer.alloc(1_000, 'x')],
  ])('is %s when it %s, though the hash is of it', async (verdict, _, unpacked) => {
    expect(await codec.decode(stream, await packedAs(brotliCompressSync(unpacked, quickly)))).toBe(verdict);
  });

  it('is corrupt when it cannot be unpacked, though the hash is of it', async () => {
    const half = brotliCompressSync(randomBytes(1_000), quickly).subarray(0, 500);
    expect(await codec.decode(stream, await packedAs(half))).toBe('corrupt');
    expect(await codec.decode(stream, await packedAs(Buffer.from('nothing packed')))).toBe('corrupt');
    expect(await codec.decode(stream, await packedAs(Buffer.of(), 7))).toBe('corrupt');
  });

  /** A snapshot with valid metadata whose content another writer may have stored. */
  async function packedAs(content: Uint8Array, how = 1): Promise<RawEvent> {
    const data = Buffer.concat([Buffer.of(how), content]);
    return { ...(await said({ sha256: createHash('sha256').update(data).digest('hex') })), data };
  }
});
