import { randomUUID } from 'node:crypto';
import { recorded, type DecisionContext } from '#domain/decider.js';
import { instantAt } from '#domain/instant.js';
import { decide, evolve, type OrderCommand } from '#domain/order/order.js';
import type { OrderState } from '#domain/order/state.js';
import { encode } from '#event-store/codec.js';
import type { EncodedEvent, ExpectedRevision } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';
import type { BenchOrder } from './workload.js';

export const TENANT = 'default';

/** An append prepared beforehand, so that the raw lane times only the client and the engine. */
export interface PreparedAppend {
  readonly stream: string;
  readonly events: readonly EncodedEvent[];
  readonly expected: ExpectedRevision;
}

/** One order whose commands are decided in memory. It makes the appends that command-api would make. */
export class RawOrder {
  readonly orderId = randomUUID();
  #state: OrderState = null;

  get state(): OrderState {
    return this.#state;
  }

  /** @param now when the command is decided and recorded */
  async prepare(command: OrderCommand, now = instantAt(Date.now())): Promise<PreparedAppend> {
    const commandId = randomUUID();
    const context: DecisionContext = { now, occurredAt: null, mayBackdate: false, newId: () => randomUUID() };
    const decision = decide(this.#state, command, context);
    if (!decision.accepted) throw new Error(`${command.type}: ${decision.rejection.code}`);
    const recording = { recordedAt: now, commandId, fingerprint: commandId.replaceAll('-', '') };
    const expected = this.#state === null ? 'no_stream' : this.#state.revision;
    for (const event of decision.events) {
      const revision = (this.#state?.revision ?? -1) + 1;
      this.#state = evolve(this.#state, recorded(event, { ...recording, revision }));
    }
    const events = await encode(this.orderId, decision.events, {
      ...recording,
      tenantId: TENANT,
      correlationId: randomUUID(),
      causationId: null,
      actor: { type: 'service', id: 'bench' },
      traceparent: null,
    });
    return { stream: orderStream(TENANT, this.orderId), events, expected };
  }

  placed(order: BenchOrder, now = instantAt(Date.now())): Promise<PreparedAppend> {
    return this.prepare(this.#placing(order), now);
  }

  #placing(order: BenchOrder): OrderCommand {
    const { country, countryName } = order.shippingAddress;
    return {
      type: 'PlaceOrder',
      data: {
        orderId: this.orderId,
        tenantId: TENANT,
        reference: order.reference,
        customerId: order.customerId,
        currency: order.currency,
        lines: order.lines.map((line) => ({ ...line, tax: null })),
        discounts: [],
        surcharges: [],
        shipping: null,
        shippingAddress: { country, countryName },
        billingAddress: null,
        attributes: {},
        tags: [],
      },
      personal: {
        contact: null,
        shippingAddress: {
          name: null,
          company: null,
          line1: null,
          line2: null,
          city: null,
          region: null,
          postalCode: null,
        },
        billingAddress: null,
      },
    };
  }
}
