import { randomUUID } from 'node:crypto';
import { v5 as uuidV5 } from 'uuid';
import { recorded, type Command } from '#domain/decider.js';
import { instantAt, type Instant } from '#domain/instant.js';
import { decide, evolve, type OrderCommand } from '#domain/order/order.js';
import type { Order, OrderState } from '#domain/order/state.js';
import { encode } from '#event-store/codec.js';
import type { Appended, EncodedEvent, EventStore } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';

type PlaceOrder = Extract<OrderCommand, { type: 'PlaceOrder' }>;

/**
 * An order whose commands are decided here and appended to a real store, so that its stream is like those of the
 * system.
 */
export class WrittenOrder {
  readonly tenantId: string;
  readonly orderId: string;
  readonly stream: string;
  state: OrderState = null;
  readonly #store: EventStore;

  constructor(store: EventStore, tenantId = 'default', orderId: string = randomUUID()) {
    this.#store = store;
    this.tenantId = tenantId;
    this.orderId = orderId;
    this.stream = orderStream(tenantId, orderId);
  }

  get order(): Order {
    if (this.state === null) throw new Error(`${this.stream} is not placed`);
    return this.state;
  }

  /** Appends each command separately; returns the last append. */
  async does(...commands: readonly OrderCommand[]): Promise<Appended> {
    let appended: Appended | undefined;
    for (const command of commands) appended = await this.doesAt(command, null);
    if (!appended) throw new Error('no command was given');
    return appended;
  }

  async doesAt(command: OrderCommand, occurredAt: Instant | null): Promise<Appended> {
    const commandId = randomUUID();
    const now = instantAt(Date.now());
    const decision = decide(this.state, command, {
      now,
      occurredAt,
      mayBackdate: true,
      newId: (index) => uuidV5(String(index), commandId),
    });
    if (!decision.accepted) throw new Error(`${command.type}: ${JSON.stringify(decision.rejection)}`);
    if (decision.events.length === 0) throw new Error(`${command.type} changes nothing`);
    const recordedAt = this.state && this.state.lastRecordedAt > now ? this.state.lastRecordedAt : now;
    const fingerprint = commandId.replaceAll('-', '');
    const encoded = await encode(this.orderId, decision.events, {
      tenantId: this.tenantId,
      commandId,
      fingerprint,
      correlationId: commandId,
      causationId: null,
      actor: { type: 'service', id: 'tests' },
      recordedAt,
      traceparent: null,
    });
    const before = this.state?.revision ?? -1;
    const expected = this.state === null ? 'no_stream' : before;
    const appended = await this.#store.append(this.stream, encoded, expected);
    decision.events.forEach((event, index) => {
      const recording = { revision: before + 1 + index, recordedAt, commandId, fingerprint };
      this.state = evolve(this.state, recorded(event, recording));
    });
    return appended;
  }

  /** Appends an event without a command: a valid one, except for the changes. The state takes only its revision. */
  async receives(change: Partial<EncodedEvent>): Promise<Appended> {
    const { commandId, fingerprint, recordedAt } = this.order.handled[0]!;
    const data = { tags: ['received'] };
    const [event] = await encode(
      this.orderId,
      [{ type: 'TagsChanged', occurredAt: this.order.lastOccurredAt, data, personal: null }],
      {
        ...{ tenantId: this.tenantId, commandId, fingerprint, recordedAt, correlationId: commandId },
        ...{ causationId: null, actor: { type: 'service', id: 'tests' }, traceparent: null },
      },
    );
    const { revision } = this.order;
    const appended = await this.#store.append(this.stream, [{ ...event!, ...change }], revision);
    this.state = { ...this.order, revision: revision + 1 };
    return appended;
  }

  /** Confirms, pays, ships, delivers and completes the whole order: seven events. */
  async isFulfilled(): Promise<Appended> {
    await this.does(confirm);
    await this.does(payment(this.order));
    return this.isShipped();
  }

  /** Ships, delivers and completes the whole order: four events. */
  async isShipped(): Promise<Appended> {
    await this.does({ type: 'CreateShipment', data: { carrier: 'Royal Mail', lines: [] }, personal: null });
    const { shipmentId } = this.order.shipments.at(-1)!;
    return this.does(
      { type: 'DispatchShipment', data: { shipmentId, carrier: null, trackingNumber: 'T1' }, personal: null },
      { type: 'DeliverShipment', data: { shipmentId }, personal: null },
      { type: 'CompleteOrder', data: {}, personal: null },
    );
  }
}

export const confirm: OrderCommand = { type: 'ConfirmOrder', data: {}, personal: null };

export function payment(order: Order): OrderCommand {
  const amountMinor = order.lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
  const data = { amountMinor, currency: order.currency, providerReference: `INV-${order.number}` };
  return {
    type: 'RecordPaymentCaptured',
    data: { ...data, method: null, authorizationId: null },
    personal: null,
  };
}

export function tags(...names: string[]): OrderCommand {
  return { type: 'ChangeTags', data: { tags: names }, personal: null };
}

export function note(text: string): OrderCommand {
  return { type: 'AddNote', data: {}, personal: { text } } satisfies Command<'AddNote', object, object>;
}

const products = [
  'White hanging heart t-light holder',
  'Crème brûlée dish',
  'Jumbo bag red retrospot',
  'Party bunting',
];

/** An order of `lines` lines of a few products, by Ana García in France. */
export function place(order: WrittenOrder, lines = 2, changes: Partial<PlaceOrder['data']> = {}): PlaceOrder {
  const address = { name: 'Ana García', company: null, line1: '1 rue Haute', line2: null, city: 'Lille' };
  return {
    type: 'PlaceOrder',
    data: {
      orderId: order.orderId,
      tenantId: order.tenantId,
      reference: '536365',
      customerId: '17850',
      currency: 'GBP',
      lines: Array.from({ length: lines }, (_, index) => ({
        sku: `${85_000 + (index % 4_000)}A`,
        name: `${products[index % products.length]!} ${index % 50}`,
        quantity: 1 + (index % 6),
        unitPriceMinor: 255 + index,
        tax: null,
      })),
      discounts: [],
      surcharges: [],
      shipping: null,
      shippingAddress: { country: 'FR', countryName: 'France' },
      billingAddress: null,
      attributes: {},
      tags: [],
      ...changes,
    },
    personal: {
      contact: { name: 'Ana García', email: 'Ana@Example.org', phone: null },
      shippingAddress: { ...address, region: null, postalCode: 'F-59000' },
      billingAddress: null,
    },
  };
}
