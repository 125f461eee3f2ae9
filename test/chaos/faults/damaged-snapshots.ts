import { createHash, randomUUID } from 'node:crypto';
import { brotliCompressSync, constants } from 'node:zlib';
import { evolve } from '#domain/order/order.js';
import type { Order } from '#domain/order/state.js';
import { AppendOutcomeUnknown, StoreUnavailable, WrongExpectedRevision } from '#event-store/errors.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import type { ExactEvent, ExactEventStore, RawEvent } from '#event-store/port.js';
import { foldFingerprint } from '#event-store/snapshots/fold-fingerprint.js';
import { UNPACKED_LIMIT_BYTES } from '#event-store/snapshots/packed-state.js';
import { SnapshotCodec } from '#event-store/snapshots/snapshot-codec.js';
import { orderStream, snapshotStream } from '#event-store/streams.js';
import type { Random } from '../random.js';
import type { KnownOrders } from '../workload/orders.js';

type Store = Pick<ExactEventStore, 'readStream' | 'appendExact'>;

/** A stored snapshot that can be used. */
interface Snapshot {
  readonly raw: RawEvent;
  readonly order: Order;
}

/** Many orders have too few events for a snapshot. */
const DRAWS = 20;
const codec = new SnapshotCodec(plainPersonal, foldFingerprint);

/**
 * Writes snapshots that must not be used in the place of the stored ones. They hold wrong states, so that a command
 * decided on one of them shows.
 */
export class DamagedSnapshots {
  /** Ids of all snapshots that it tried to write, whatever came of them. */
  readonly eventIds = new Set<string>();
  readonly #store: Store;
  readonly #orders: KnownOrders;
  readonly #tenants: readonly string[];
  readonly #random: Random;

  constructor(store: Store, of: { orders: KnownOrders; tenants: readonly string[]; random: Random }) {
    this.#store = store;
    this.#orders = of.orders;
    this.#tenants = of.tenants;
    this.#random = of.random;
  }

  /** Damages the snapshot of one order. It may fail, because the store is away or another writer was faster. */
  async damage(): Promise<void> {
    try {
      const own = await this.#any();
      const other = await this.#any();
      if (own === null || other === null || own.raw.stream === other.raw.stream) return;
      const { stream, revision } = own.raw;
      const event = await this.#random.one(damages)!(own, other, this.#random);
      this.eventIds.add(event.eventId);
      await this.#store.appendExact(stream, [event], revision);
    } catch (error) {
      if (!maybe.some((kind) => error instanceof kind)) throw error;
    }
  }

  async #any(): Promise<Snapshot | null> {
    for (let draw = 0; draw < DRAWS; draw++) {
      const snapshot = await this.#drawn();
      if (snapshot !== null) return snapshot;
    }
    return null;
  }

  /** Returns null where the order has no snapshot, or one that is damaged already. */
  async #drawn(): Promise<Snapshot | null> {
    const known = this.#orders.one(this.#random, this.#random.one(this.#tenants)!);
    if (known === undefined) return null;
    const stream = orderStream(known.tenantId, known.orderId);
    let raw: RawEvent | null = null;
    for await (const event of this.#store.readStream(snapshotStream(stream))) raw = event;
    const order = raw && (await codec.decode(stream, raw));
    return raw === null || order === null || typeof order === 'string' ? null : { raw, order };
  }
}

const maybe = [AppendOutcomeUnknown, StoreUnavailable, WrongExpectedRevision];

type Damage = (own: Snapshot, other: Snapshot, random: Random) => Promise<ExactEvent>;

const MOST_EVENTS_BEYOND = 12;

const damages: readonly Damage[] = [
  // One bit is another. In a digit, it leaves what can be parsed.
  async ({ order, raw }, _, random) => {
    const event = await codec.encode(order);
    const digits = [...event.data.keys()].filter((at) => isDigit(event.data[at]!));
    const at = random.one(digits)!;
    return anew(raw, { data: event.data.with(at, event.data[at]! ^ 1) });
  },
  // It was written in part.
  async ({ raw }, _, random) => {
    const data = bytesOf(raw);
    return anew(raw, { data: data.slice(0, random.below(data.length)) });
  },
  // It is of another order,
  async (_, other) => anew(other.raw, {}),
  // or of another order under this order's name.
  async ({ order: { tenantId, orderId } }, other) => anew(other.raw, { said: { tenantId, orderId } }),
  // Another fold made it,
  ({ order }) => new SnapshotCodec(plainPersonal, 'of another fold').encode(wrong(order)),
  // or another release, which stores states in another form.
  async ({ order, raw }) => {
    const { data } = await codec.encode(wrong(order));
    return anew(raw, { data, said: { formatVersion: 1_000, sha256: sha256Of(data) } });
  },
  // It is of events that are not there, or not yet: then others come in their place.
  async ({ order }, _, random) => codec.encode(further(order, random.between(1, MOST_EVENTS_BEYOND))),
  // It is of another history of the order.
  async ({ order }) => {
    const last = { ...order.handled.at(-1)!, commandId: randomUUID() };
    return codec.encode({ ...wrong(order), handled: order.handled.with(-1, last) });
  },
  // It would be unpacked into more than any order has.
  async ({ raw }) => anew(raw, { data: tooMuch, said: { sha256: sha256Of(tooMuch) } }),
];

const tooMuch = Buffer.concat([
  Buffer.of(1),
  brotliCompressSync(Buffer.alloc(UNPACKED_LIMIT_BYTES + 1, 'x'), {
    params: { [constants.BROTLI_PARAM_QUALITY]: 1 },
  }),
]);

/** A state that decides otherwise. */
function wrong(order: Order): Order {
  return {
    ...order,
    status: order.status === 'placed' ? 'confirmed' : 'placed',
    tags: ['nobody asked for it'],
  };
}

/** The order after some events that its stream does not have. */
function further(order: Order, events: number): Order {
  let state = order;
  for (let n = 0; n < events; n++) {
    const recording = {
      ...{ revision: state.revision + 1, recordedAt: state.lastRecordedAt },
      ...{ commandId: randomUUID(), fingerprint: '0'.repeat(32) },
    };
    const happened = {
      type: 'TagsChanged',
      data: { tags: [`${n} nobody asked for`] },
      personal: null,
    } as const;
    state = evolve(state, { ...happened, occurredAt: state.lastOccurredAt, recording });
  }
  return state;
}

/** A snapshot as it is stored, with other bytes or metadata. */
function anew(raw: RawEvent, change: { data?: Uint8Array; said?: object }): ExactEvent {
  const metadata = { ...(raw.metadata as object), ...change.said };
  return {
    ...{ eventId: randomUUID(), type: raw.type, contentType: 'application/octet-stream' },
    data: change.data ?? bytesOf(raw),
    metadata: new TextEncoder().encode(JSON.stringify(metadata)),
  };
}

function bytesOf({ data }: RawEvent): Uint8Array {
  if (!ArrayBuffer.isView(data)) throw new Error('a snapshot that can be used is of bytes');
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
}

function sha256Of(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function isDigit(octet: number): boolean {
  return octet >= 0x30 && octet <= 0x39;
}
