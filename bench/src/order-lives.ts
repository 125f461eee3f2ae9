import { v5 as uuidV5 } from 'uuid';
import { recorded, type DecisionContext } from '#domain/decider.js';
import { epochMsOf, instantAt, type Instant } from '#domain/instant.js';
import { decide, evolve, type OrderCommand } from '#domain/order/order.js';
import type { Order, OrderState } from '#domain/order/state.js';
import { encode } from '#event-store/codec.js';
import { orderStream } from '#event-store/streams.js';
import type { PlannedLine, PlannedOrder, PlannedReturn } from '../../apps/orderctl/src/import/import-plan.js';
import { TENANT, type PreparedAppend } from './raw-orders.js';
import { makeOrder } from './workload.js';

const NAMESPACE = 'b06bd5a1-6d38-4a0f-9d0a-5b1a4c2f9a10';
const FIRST_AT_MS = Date.UTC(2025, 0, 1, 8);
const NEXT_AFTER_MS = 60_000;
const DAY_MS = 86_400_000;
/** Of made-up orders, every seventh is returned in part. */
const RETURNED_EVERY = 7;

type Shape = Pick<PlannedOrder, 'customerId' | 'countryName' | 'lines' | 'totalMinor' | 'returns'>;

/** The content of a log's orders: those of a shop's file in turn, or made-up ones. */
export type Shapes = (index: number) => Shape;

export const madeUp: Shapes = (index) => {
  const { lines, customerId, shippingAddress } = makeOrder(index);
  const totalMinor = lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
  const back = { index: 0, quantity: 1 };
  const returned = {
    invoice: `C${index}`,
    at: instantAt(0),
    lines: [back],
    amountMinor: lines[0]!.unitPriceMinor,
  };
  const returns = index % RETURNED_EVERY === 0 ? [returned] : [];
  return { customerId, countryName: shippingAddress.countryName, lines, totalMinor, returns };
};

export function shapesOf(orders: readonly PlannedOrder[]): Shapes {
  return (index) => orders[index % orders.length]!;
}

/**
 * One order's life as it stands in a log, stage by stage: placed; confirmed, paid and packed; dispatched and
 * delivered; each return. Between two stages, time passes and other orders are written.
 */
export class OrderLife {
  readonly #index: number;
  readonly #shape: Shape;
  readonly #orderId: string;
  #state: OrderState = null;
  #stage = 0;

  constructor(index: number, shapes: Shapes) {
    this.#index = index;
    this.#shape = shapes(index);
    this.#orderId = uuidV5(String(index), NAMESPACE);
  }

  get stages(): number {
    return 3 + this.#shape.returns.length;
  }

  /** The next stage, as one append. */
  async next(): Promise<PreparedAppend> {
    const stage = this.#stage++;
    const before = this.#state?.revision ?? -1;
    const at = instantAt(FIRST_AT_MS + this.#index * NEXT_AFTER_MS + stage * DAY_MS);
    const events = [];
    const commands = this.#commands(stage);
    for (const [number, command] of commands.entries()) {
      events.push(...(await this.#does(command(this.#state!), `${stage}/${number}`, at)));
    }
    return {
      stream: orderStream(TENANT, this.#orderId),
      events,
      expected: before < 0 ? 'no_stream' : before,
    };
  }

  async #does(command: OrderCommand, key: string, at: Instant) {
    const commandId = uuidV5(key, this.#orderId);
    const context: DecisionContext = {
      now: instantAt(epochMsOf(at) + DAY_MS),
      occurredAt: at,
      mayBackdate: true,
      newId: (index) => uuidV5(String(index), commandId),
    };
    const decision = decide(this.#state, command, context);
    if (!decision.accepted) throw new Error(`${command.type}: ${decision.rejection.code}`);
    const recording = { recordedAt: at, commandId, fingerprint: commandId.replaceAll('-', '') };
    for (const event of decision.events) {
      const revision = (this.#state?.revision ?? -1) + 1;
      this.#state = {
        ...evolve(this.#state, recorded(event, { ...recording, revision })),
        handled: [],
      };
    }
    return encode(this.#orderId, decision.events, {
      ...recording,
      tenantId: TENANT,
      correlationId: commandId,
      causationId: null,
      actor: { type: 'service', id: 'bench' },
      traceparent: null,
    });
  }

  #commands(stage: number): ((order: Order) => OrderCommand)[] {
    const { lines, customerId, countryName, totalMinor, returns } = this.#shape;
    const reference = String(500_000 + this.#index);
    if (stage === 0) return [() => placing(this.#orderId, reference, { lines, customerId, countryName })];
    if (stage === 1) return paidAndPacked(totalMinor, reference);
    if (stage === 2) return delivered;
    return cameBack(returns[stage - 3]!);
  }
}

const nothing = { data: {}, personal: null };

function placing(
  orderId: string,
  reference: string,
  { lines, customerId, countryName }: Pick<Shape, 'lines' | 'customerId' | 'countryName'>,
): OrderCommand {
  const line1 = {
    name: null,
    company: null,
    line1: null,
    line2: null,
    city: null,
    region: null,
    postalCode: null,
  };
  return {
    type: 'PlaceOrder',
    data: {
      ...{ orderId, tenantId: TENANT, reference, customerId, currency: 'GBP' },
      lines: lines.map(({ sku, name, quantity, unitPriceMinor }: PlannedLine) => ({
        ...{ sku, name, quantity, unitPriceMinor, tax: null },
      })),
      ...{ discounts: [], surcharges: [], shipping: null, attributes: {}, tags: [] },
      shippingAddress: { country: 'GB', countryName },
      billingAddress: null,
    },
    personal: { contact: null, shippingAddress: line1, billingAddress: null },
  };
}

function paidAndPacked(amountMinor: number, reference: string): (() => OrderCommand)[] {
  const paid = { amountMinor, currency: 'GBP', providerReference: `INV-${reference}` };
  return [
    () => ({ type: 'ConfirmOrder', ...nothing }),
    () => ({
      type: 'RecordPaymentCaptured',
      data: { ...paid, method: null, authorizationId: null },
      personal: null,
    }),
    () => ({ type: 'CreateShipment', data: { carrier: null, lines: [] }, personal: null }),
  ];
}

const shipmentIdOf = (order: Order) => order.shipments.at(-1)!.shipmentId;

const delivered: ((order: Order) => OrderCommand)[] = [
  (order) => ({
    type: 'DispatchShipment',
    data: { shipmentId: shipmentIdOf(order), carrier: null, trackingNumber: null },
    personal: null,
  }),
  (order) => ({ type: 'DeliverShipment', data: { shipmentId: shipmentIdOf(order) }, personal: null }),
  () => ({ type: 'CompleteOrder', ...nothing }),
];

function cameBack({ invoice, lines: planned }: PlannedReturn): ((order: Order) => OrderCommand)[] {
  const returnIdOf = (order: Order) => order.returns.at(-1)!.returnId;
  const refundIdOf = (order: Order) => order.refunds.at(-1)!.refundId;
  const linesOf = (order: Order) =>
    planned.map(({ index, quantity }) => ({ lineId: order.lines[index]!.lineId, quantity }));
  return [
    (order) => ({ type: 'RequestReturn', data: { lines: linesOf(order), reason: null }, personal: null }),
    (order) => ({ type: 'ApproveReturn', data: { returnId: returnIdOf(order) }, personal: null }),
    (order) => ({ type: 'ReceiveReturn', data: { returnId: returnIdOf(order), lines: [] }, personal: null }),
    (order) => ({
      type: 'RequestRefund',
      data: {
        reason: 'return',
        currency: 'GBP',
        returnId: returnIdOf(order),
        of: { kind: 'lines', lines: linesOf(order) },
      },
      personal: null,
    }),
    (order) => ({
      type: 'RecordRefundSucceeded',
      data: { refundId: refundIdOf(order), providerReference: `REF-${invoice}` },
      personal: null,
    }),
    (order) => ({ type: 'CloseReturn', data: { returnId: returnIdOf(order) }, personal: null }),
  ];
}
