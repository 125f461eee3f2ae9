import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { brotliCompressSync, constants } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { evolve } from '#domain/order/order.js';
import type { Order } from '#domain/order/state.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import type { ExactEvent, ExactEventStore } from '#event-store/port.js';
import { foldFingerprint } from '#event-store/snapshots/fold-fingerprint.js';
import { UNPACKED_LIMIT_BYTES } from '#event-store/snapshots/packed-state.js';
import { SnapshotCodec } from '#event-store/snapshots/snapshot-codec.js';
import { orderStream, snapshotStream } from '#event-store/streams.js';
import { ownEventStore } from '../../support/own-event-store.js';
import { changeTags, placeOrder, request } from '../../support/requests.js';
import { fullFold, plantSnapshot, snapshotProcess } from '../../support/snapshots.js';
import { until } from '../../support/until.js';

const EVENTS = 13;
const codec = new SnapshotCodec(plainPersonal, foldFingerprint);
const quickly = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };

const its = ownEventStore();

/** The store, with some methods in the place of its own. */
function storeWith(methods: Partial<ExactEventStore>): ExactEventStore {
  return new Proxy<ExactEventStore>(its.store, {
    get(target, name) {
      const value = (Reflect.get(methods, name) ?? Reflect.get(target, name, target)) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** An order of thirteen events with a snapshot after ten, and its state after all. */
async function someOrder(tenantId = 'default', orderId: string = randomUUID()) {
  const one = snapshotProcess(its.store);
  const ask = (command: Parameters<typeof request>[1]) =>
    one.commands.handle(request(orderId, command, { tenantId }));
  let { order } = await ask(placeOrder(orderId, { tenantId }));
  for (let n = 1; n < EVENTS; n++) ({ order } = await ask(changeTags(`tag ${n}`)));
  await one.snapshots.settled();
  return { orderId, order, stream: orderStream(tenantId, orderId) };
}

const plant = (stream: string, event: ExactEvent) => plantSnapshot(its.store, stream, event);

const flipped = (data: Uint8Array) => data.with(data.length >> 1, data[data.length >> 1]! ^ 1);
/** With the hash of it. */
function withData(event: ExactEvent, data: Uint8Array): ExactEvent {
  const said = JSON.parse(new TextDecoder().decode(event.metadata)) as Record<string, unknown>;
  const sha256 = createHash('sha256').update(data).digest('hex');
  return { ...event, data, metadata: new TextEncoder().encode(JSON.stringify({ ...said, sha256 })) };
}

const withTag = (order: Order): Order => ({ ...order, tags: ['nobody asked for it'] });

/** The order after an event that its stream does not have. */
function further(order: Order): Order {
  const recording = {
    revision: order.revision + 1,
    recordedAt: order.lastRecordedAt,
    commandId: randomUUID(),
    fingerprint: '0'.repeat(32),
  };
  const happened = { type: 'TagsChanged', data: { tags: ['future'] }, personal: null } as const;
  return evolve(order, { ...happened, occurredAt: order.lastOccurredAt, recording });
}

describe('a snapshot that is not of the order as this release folds it', () => {
  it.each<[string, string, (order: Order) => Promise<ExactEvent>]>([
    [
      'a bit of it is another',
      'corrupt',
      async (order) => {
        const event = await codec.encode(withTag(order));
        return { ...event, data: flipped(event.data) };
      },
    ],
    [
      'it is no snapshot at all',
      'corrupt',
      async (order) => ({
        ...(await codec.encode(order)),
        data: new TextEncoder().encode('{}'),
        contentType: 'application/json',
      }),
    ],
    ['it is of another order', 'foreign', async () => codec.encode((await someOrder()).order)],
    [
      'it is of another tenant',
      'foreign',
      async ({ orderId }) => codec.encode((await someOrder('another', orderId)).order),
    ],
    [
      'it is of another history of the order',
      'foreign',
      async (order) => {
        const { handled } = order;
        const last = { ...handled.at(-1)!, commandId: randomUUID() };
        return codec.encode({ ...withTag(order), handled: handled.with(-1, last) });
      },
    ],
    [
      'another fold made it',
      'stale',
      (order) => new SnapshotCodec(plainPersonal, 'other').encode(withTag(order)),
    ],
    ['it is of events that are not there', 'future', (order) => codec.encode(further(order))],
    [
      'it is larger than any that we write',
      'oversized',
      (order) => codec.encode({ ...order, attributes: { long: randomBytes(1_100_000).toString('base64') } }),
    ],
    [
      'it would be unpacked into more than any order takes',
      'oversized',
      async (order) => {
        const packed = brotliCompressSync(Buffer.alloc(UNPACKED_LIMIT_BYTES + 1, 'x'), quickly);
        return withData(await codec.encode(order), Buffer.concat([Buffer.of(1), packed]));
      },
    ],
  ])('%s: it is counted, and the order is folded from its events', async (_, reason, made) => {
    const { stream, order } = await someOrder();
    const event = await made(order);
    const isLarge = event.data.length > 1_000_000;
    const reading = isLarge ? withLast(stream, event) : its.store;
    if (!isLarge) await plant(stream, event);
    const one = snapshotProcess(reading);
    expect(await one.loader.refresh(stream)).toEqual(await fullFold(its.store, stream));
    expect(one.observed.outcomes).toEqual([`read ${reason}`]);
  });

  it.each([
    ['has more events than the stream', further],
    [
      'is of another history',
      (order: Order) => ({
        ...withTag(order),
        handled: order.handled.with(-1, { ...order.handled.at(-1)!, commandId: randomUUID() }),
      }),
    ],
  ])('and what is cached is not gone on from either when it %s, as after a restore', async (_, known) => {
    const { stream, order } = await someOrder();
    const { loader } = snapshotProcess(its.store);
    expect(await loader.refresh(stream, { order: known(order), position: 1n })).toEqual(
      await fullFold(its.store, stream),
    );
    expect(loader.cached(stream)).toEqual(await fullFold(its.store, stream));
  });

  it('is replaced by a right one before long', async () => {
    const { stream, order, orderId } = await someOrder();
    await plant(stream, await codec.encode(further(order)));
    const one = snapshotProcess(its.store);
    for (let n = 0; n < 10; n++) await one.commands.handle(request(orderId, changeTags(`more ${n}`)));
    await one.snapshots.settled();
    const other = snapshotProcess(its.store);
    expect(await other.loader.refresh(stream)).toEqual(await fullFold(its.store, stream));
    expect(other.observed.outcomes).toEqual(['read used']);
  });

  /** No append of ours takes so much; another server, or another release, may have. */
  function withLast(stream: string, event: ExactEvent) {
    return storeWith({
      readStream: async function* (asked, options) {
        for await (const one of its.store.readStream(asked, options)) {
          if (asked !== snapshotStream(stream)) yield one;
          else
            yield {
              ...one,
              data: event.data,
              metadata: JSON.parse(new TextDecoder().decode(event.metadata)) as unknown,
            };
        }
      },
    });
  }
});

describe('the sampled comparison', () => {
  it('says nothing of a snapshot that is right', async () => {
    const { stream } = await someOrder();
    const one = snapshotProcess(its.store, { checkOneIn: 1 });
    await one.loader.refresh(stream);
    await one.loader.close();
    expect(one.observed.outcomes).toEqual(['read used', 'checked same']);
  });

  it('raises a difference, lets go of the state and puts a right snapshot in its place', async () => {
    const { stream, order } = await someOrder();
    await plant(stream, await codec.encode({ ...order, tags: ['nobody asked for it'], onHold: true }));
    const one = snapshotProcess(its.store, { checkOneIn: 1 });
    const wrong = await one.loader.refresh(stream);
    expect(wrong.order?.onHold).toBe(true);
    await one.loader.settled();
    expect(one.observed.differences).toEqual([{ stream, revision: EVENTS - 1, parts: ['tags', 'onHold'] }]);
    expect(one.observed.outcomes).toEqual(['read used', 'checked different', 'wrote written']);
    expect(one.loader.cached(stream)).toBeNull();
    const other = snapshotProcess(its.store);
    expect(await other.loader.refresh(stream)).toEqual(await fullFold(its.store, stream));
    expect(other.observed.outcomes).toEqual(['read used']);
  });

  it('lets go of the state also where a command that was decided on it is stored meanwhile', async () => {
    const { stream, order, orderId } = await someOrder();
    await plant(stream, await codec.encode({ ...order, onHold: true }));
    const slow = storeWith({
      append: async (...asked) => {
        await one.loader.settled(); // the comparison comes first
        return its.store.append(...asked);
      },
    });
    const one = snapshotProcess(slow, { checkOneIn: 1 });
    await one.commands.handle(request(orderId, changeTags('meanwhile')));
    expect(one.observed.differences).toMatchObject([{ stream, parts: ['onHold'] }]);
    expect(one.loader.cached(stream)).toBeNull();
    await one.loader.close();
    const other = snapshotProcess(its.store);
    expect(await other.loader.refresh(stream)).toEqual(await fullFold(its.store, stream));
  });

  it('has the wrong snapshot used by no later load, although no right one could be stored', async () => {
    const { stream, order } = await someOrder();
    await plant(stream, await codec.encode({ ...order, onHold: true }));
    const full = storeWith({ appendExact: () => Promise.reject(new Error('no space left')) });
    const one = snapshotProcess(full, { checkOneIn: 1 });
    await one.loader.refresh(stream);
    await one.loader.settled();
    expect(one.observed.outcomes).toEqual(['read used', 'checked different', 'wrote failed']);
    expect(await one.loader.refresh(stream)).toEqual(await fullFold(its.store, stream));
    expect(one.loader.cached(stream)).toEqual(await fullFold(its.store, stream));
  });

  it('has the wrong snapshot replaced by the next dear load, where the first replacement failed', async () => {
    const { stream, order } = await someOrder();
    await plant(stream, await codec.encode({ ...order, onHold: true }));
    let fails = true;
    const ill = storeWith({
      appendExact: (asked, ...more) =>
        fails && asked === snapshotStream(stream)
          ? Promise.reject(new Error('away'))
          : its.store.appendExact(asked, ...more),
    });
    const one = snapshotProcess(ill, { checkOneIn: 1, dearLoadEvents: 5 });
    await one.loader.refresh(stream);
    await one.loader.settled();
    fails = false;
    await one.loader.refresh(stream);
    await one.loader.settled();
    expect(one.observed.outcomes).toContain('wrote failed');
    const other = snapshotProcess(its.store);
    expect(await other.loader.refresh(stream)).toEqual(await fullFold(its.store, stream));
  });

  it('does not take the wrong snapshot for another one, which it meets where it writes as if there were none', async () => {
    const { stream, order, orderId } = await someOrder();
    await plant(stream, await codec.encode({ ...order, onHold: true }));
    const ill = storeWith({
      appendExact: (asked, events, expected) =>
        asked === snapshotStream(stream) && expected !== 'no_stream'
          ? Promise.reject(new Error('away'))
          : its.store.appendExact(asked, events, expected),
    });
    const one = snapshotProcess(ill, { checkOneIn: 1 });
    await one.loader.refresh(stream);
    await one.loader.settled();
    for (let events = EVENTS; events < 20; events++)
      await one.commands.handle(request(orderId, changeTags(`more ${events}`)));
    await one.loader.settled();
    await one.snapshots.settled();
    expect(one.observed.outcomes.filter((outcome) => outcome === 'wrote failed')).toHaveLength(2);
    one.loader.forget();
    expect(await one.loader.refresh(stream)).toEqual(await fullFold(its.store, stream));
  });

  it('trusts no snapshot that was made from the wrong one while that was found out', async () => {
    const { stream, order, orderId } = await someOrder();
    await plant(stream, await codec.encode({ ...order, onHold: true }));
    const gate = () => {
      let open = () => {};
      const opened = new Promise<void>((resolve) => (open = resolve));
      return { open, opened };
    };
    const [comparing, writing] = [gate(), gate()];
    let [reads, writes] = [0, 0];
    const ill = storeWith({
      readStream: async function* (...asked) {
        if (++reads > 3) await comparing.opened; // the first page, the snapshot, the tail; then the comparison
        yield* its.store.readStream(...asked);
      },
      appendExact: async (asked, ...more) => {
        if (asked === snapshotStream(stream) && ++writes > 1) throw new Error('away');
        if (asked === snapshotStream(stream)) await writing.opened;
        return its.store.appendExact(asked, ...more);
      },
    });
    const one = snapshotProcess(ill, { checkOneIn: 1 });
    await one.loader.refresh(stream);
    for (let events = EVENTS; events < 20; events++)
      await one.commands.handle(request(orderId, changeTags(`more ${events}`)));
    await until('it is being written', () => writes === 1);
    comparing.open();
    await until('it is found out', () => one.observed.outcomes.includes('checked different'));
    writing.open();
    await one.loader.settled();
    await one.snapshots.settled();
    expect(one.observed.outcomes.slice(-2)).toEqual(['wrote written', 'wrote failed']);
    expect(await one.loader.refresh(stream)).toEqual(await fullFold(its.store, stream));
  });

  it('lets go also of a state that is just being read on', async () => {
    const { stream } = await someOrder();
    const { loader } = snapshotProcess(its.store);
    await loader.refresh(stream);
    const readOn = loader.refresh(stream);
    loader.drop(stream); // as the comparison does
    await readOn;
    expect(loader.cached(stream)).toBeNull();
  });

  it('leaves commands alone when it cannot be made', async () => {
    const { stream } = await someOrder();
    let reads = 0;
    const failing = storeWith({
      readStream: (...asked) => {
        // The first page, the snapshot, the tail; then the comparison.
        if (++reads > 3) throw new Error('cannot be read');
        return its.store.readStream(...asked);
      },
    });
    const one = snapshotProcess(failing, { checkOneIn: 1 });
    expect((await one.loader.refresh(stream)).order?.revision).toBe(EVENTS - 1);
    await one.loader.settled();
    expect(one.observed.outcomes).toEqual(['read used', 'checked failed']);
  });
});
