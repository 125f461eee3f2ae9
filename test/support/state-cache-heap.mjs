/**
 * Fills a state cache with orders of one kind, and prints the cache's estimate of its size beside the size of the
 * heap. Runs with --expose-gc on the built dist/: `node --expose-gc test/support/state-cache-heap.mjs KIND`.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { instantAt } from '#domain/instant.js';
import { evolve } from '#domain/order/order.js';
import { decode } from '#event-store/codec.js';
import { fold } from '#event-store/order-streams.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import { SnapshotCodec } from '#event-store/snapshots/snapshot-codec.js';
import { StateCache } from '#event-store/state-cache.js';
import { orderStream } from '#event-store/streams.js';

const HISTORIES = new URL('../../libs/read-models/golden/histories.ndjson.gz', import.meta.url);
const lines = gunzipSync(readFileSync(HISTORIES))
  .toString()
  .trimEnd()
  .split('\n')
  .filter((line) => line !== '[]');

/** Parsed anew each time, so that no two orders share a string. */
function history(index) {
  const events = JSON.parse(lines[index % lines.length]);
  return decode(events.map((event) => ({ ...event, position: BigInt(event.position) })));
}

const text = (length) => randomBytes(length / 2).toString('hex');
/** As read from a store: a string joined from others takes many times the memory until it is first compared. */
const recording = (revision) =>
  JSON.parse(
    JSON.stringify({
      ...{ revision, recordedAt: instantAt(Date.UTC(2026, 10, 22) + revision) },
      ...{ commandId: randomUUID(), fingerprint: text(32) },
    }),
  );

async function placed(index, change = (data) => data) {
  const [first] = await history(index);
  return evolve(null, { ...first, data: change(first.data) });
}

async function long(index, events = 1_200) {
  let order = await placed(index);
  for (let revision = 1; revision < events; revision++) {
    const data = { tags: [text(16)] };
    const happened = { type: 'TagsChanged', occurredAt: order.lastOccurredAt, data, personal: null };
    order = evolve(order, { ...happened, recording: recording(revision) });
  }
  return order;
}

const codec = new SnapshotCodec(plainPersonal, 'of this test');

const kinds = {
  histories: { orders: 4_000, make: async (index) => fold(null, await history(index)) },
  wide: {
    orders: 200,
    make: (index) =>
      placed(index, (data) => ({
        ...data,
        lines: Array.from({ length: 300 }, () => ({
          ...{ lineId: text(36), sku: text(12), name: text(40), quantity: 1, unitPriceMinor: 100 },
          tax: { rateBasisPoints: 2_000, amountMinor: 20, inclusive: false },
        })),
      })),
  },
  long: { orders: 60, make: (index) => long(index) },
  'from snapshots': {
    orders: 60,
    make: async (index) => {
      const order = await long(index);
      const { metadata, ...event } = await codec.encode(order);
      const raw = {
        ...event,
        metadata: JSON.parse(Buffer.from(metadata).toString()),
        revision: 0,
        position: 0n,
      };
      return codec.decode(orderStream(order.tenantId, order.orderId), { ...raw, stream: 'snapshots' });
    },
  },
  notes: {
    orders: 200,
    make: async (index) => {
      let order = await placed(index);
      for (let revision = 1; revision <= 50; revision++) {
        const noteId = text(36);
        const happened = { type: 'NoteAdded', occurredAt: order.lastOccurredAt, data: { noteId } };
        order = evolve(order, { ...happened, personal: { text: text(800) }, recording: recording(revision) });
      }
      return order;
    },
  },
};

kinds.listed = {
  orders: 30,
  make: async (index) => {
    const units = (amountMinor) =>
      Array.from({ length: 1_000 }, () => ({ lineId: text(36), quantity: 1, ...amountMinor }));
    const refund = () => ({
      ...{ refundId: text(36), reason: 'goodwill', returnId: null, amountMinor: 1_000, status: 'pending' },
      of: { kind: 'lines', lines: units({ amountMinor: 1 }) },
      ...{ providerReference: null, failureReason: null, requestedAt: instantAt(Date.UTC(2026, 10, 22)) },
    });
    const order = await placed(index);
    return {
      ...order,
      refunds: Array.from({ length: 10 }, refund),
      stock: { status: 'reserved', reference: null, reason: null, lines: units() },
    };
  },
};

/** Texts of the greatest length, with two bytes a character. */
const greek = (length) =>
  Array.from(randomBytes(length), (byte) => String.fromCharCode(0x3b1 + (byte % 24))).join('');

kinds.texts = {
  orders: 200,
  make: async (index) => {
    const addressed = (region) => ({ ...region, country: 'GR', countryName: greek(100) });
    const lines = Array.from({ length: 5 }, () => ({
      ...{ lineId: text(36), sku: greek(100), name: greek(200), quantity: 1, unitPriceMinor: 100 },
      tax: { rateBasisPoints: 2_000, amountMinor: 20, inclusive: false },
    }));
    const attributes = Object.fromEntries(Array.from({ length: 20 }, () => [greek(50), greek(500)]));
    const tags = Array.from({ length: 50 }, () => greek(50));
    const order = await placed(index, (data) => ({ ...data, lines, attributes, tags }));
    const cancellation = () => ({
      cancellationId: text(36),
      lines: [],
      reason: greek(500),
      at: order.placedAt,
    });
    const address = Object.fromEntries(
      ['name', 'line1', 'line2', 'city', 'postalCode'].map((field) => [field, greek(200)]),
    );
    return {
      ...order,
      ...{ shippingAddress: addressed({}), statusReason: greek(500), holdReason: greek(500) },
      cancellations: Array.from({ length: 20 }, cancellation),
      personal: {
        contact: { name: greek(200), email: greek(200), phone: null },
        shippingAddress: address,
        billingAddress: { ...address },
        notes: {},
      },
    };
  },
};

// So small a cache that it keeps nearly all of them as text.
kinds.older = { ...kinds.histories, maxSizeBytes: 16_000_000 };
kinds['older texts'] = { ...kinds.texts, maxSizeBytes: 16_000_000 };

function heapBytes() {
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

const { orders, make, maxSizeBytes = 4_000_000_000 } = kinds[process.argv[2]];
await make(0); // warms up the code, so that its memory does not count
const cache = new StateCache({ maxSizeBytes });
const before = heapBytes();
for (let index = 0; index < orders; index++) {
  cache.set(`order-default.${randomUUID()}`, { order: await make(index), position: BigInt(index) });
}
const heap = heapBytes() - before;
console.log(
  JSON.stringify({ orders: cache.count, estimatedBytes: cache.estimatedSizeBytes, heapBytes: heap }),
);
