import { randomUUID } from 'node:crypto';
import { steps } from './lifecycle-steps.js';
import { command, query, type System } from './system.js';
import { makeOrder, seeded, totalMinorOf } from './workload.js';

interface OpenOrder {
  readonly orderId: string;
  readonly totalMinor: number;
  shipmentId: string;
  nextStep: number;
}

interface PlacedOrder {
  readonly orderId: string;
  readonly reference: string;
}

export type Kind = 'command' | 'read';

/** Share of commands among the operations. One command in eight is a new order. */
const COMMAND_SHARE = 0.5;
/**
 * No read may take longer the more orders there are, or a day at one pace would not be possible. So people search
 * for the order that they have in hand. Words that many orders have would be counted in all of these orders (the
 * row `search`).
 */
const READS = [
  { share: 0.7, path: ({ orderId }: PlacedOrder) => `/v1/orders/${orderId}`, body: null },
  { share: 0.85, path: ({ orderId }: PlacedOrder) => `/v1/orders/${orderId}/history`, body: null },
  { share: 0.95, path: () => '/v1/orders?limit=20', body: null },
  {
    share: 1,
    path: () => '/v1/orders/search',
    body: ({ reference }: PlacedOrder) => ({ text: reference, limit: 10 }),
  },
] as const;
const RECENT_ORDERS = 1_000;

/** A shop at work: orders are placed and proceed, each step a command, while people look at them. */
export class ShopDay {
  readonly #system: System;
  readonly #random = seeded(7);
  readonly #open: OpenOrder[] = [];
  readonly #recent: PlacedOrder[] = [];
  #placed = 0;
  #answered = 0;

  constructor(system: System) {
    this.#system = system;
  }

  async operation(): Promise<Kind> {
    const isRead = this.#recent.length > 0 && this.#random() >= COMMAND_SHARE;
    if (isRead) await this.#read();
    else if (this.#open.length === 0 || this.#random() < 1 / (steps.length + 1)) await this.place();
    else await this.#takeStep();
    return isRead ? 'read' : 'command';
  }

  async place(): Promise<void> {
    const index = this.#placed++;
    const order = makeOrder(index);
    const { body } = await command(this.#system, '/v1/orders', randomUUID(), order);
    this.#open.push({ orderId: body.orderId, totalMinor: totalMinorOf(order), shipmentId: '', nextStep: 0 });
    // Indexed by the order of the answers: an earlier order may still be under way, and would leave a hole.
    this.#recent[this.#answered++ % RECENT_ORDERS] = { orderId: body.orderId, reference: order.reference };
  }

  /** The order is out of the list meanwhile, so that no other step touches it: conflicts are not measured here. */
  async #takeStep(): Promise<void> {
    const at = Math.floor(this.#random() * this.#open.length);
    const order = this.#open[at]!;
    this.#open[at] = this.#open.at(-1)!;
    this.#open.pop();
    const step = steps[order.nextStep++]!;
    const path = step.path(order.orderId, order.shipmentId);
    const { body } = await command(this.#system, path, randomUUID(), step.body(order.totalMinor));
    order.shipmentId =
      body.events.find(({ type }) => type === 'ShipmentCreated')?.ids['shipmentId'] ?? order.shipmentId;
    if (order.nextStep < steps.length) this.#open.push(order);
  }

  async #read(): Promise<void> {
    const drawn = this.#random();
    const { path, body } = READS.find(({ share }) => drawn < share)!;
    const order = this.#recent[Math.floor(this.#random() * this.#recent.length)]!;
    // An order that was just placed may not be in the read models yet.
    await query(this.#system, path(order), { body: body?.(order), expected: [200, 404] });
  }
}
