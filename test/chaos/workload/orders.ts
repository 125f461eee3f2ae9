import type { Order } from '#domain/order/state.js';
import type { Random } from '../random.js';

/** An order that the clients know. */
export interface KnownOrder {
  readonly tenantId: string;
  readonly orderId: string;
  readonly reference: string;
  /** null: a guest's order. */
  readonly customerId: string | null;
  /** As a client last saw it. */
  seen: Order | null;
}

interface Shopper {
  readonly tenantId: string;
  readonly customerId: string | null;
}

/** Most commands go to this many of the latest orders, so that clients meet at them. */
const HOT = 12;

/** The orders of a run, shared by all clients. */
export class KnownOrders {
  readonly #orders: KnownOrder[] = [];
  readonly #byId = new Map<string, KnownOrder>();

  get size(): number {
    return this.#orders.length;
  }

  add(order: KnownOrder): void {
    if (this.#byId.has(order.orderId)) return;
    this.#byId.set(order.orderId, order);
    this.#orders.push(order);
  }

  one(random: Random, tenantId: string): KnownOrder | undefined {
    const own = this.#of(tenantId);
    return random.one(random.chance(70) ? own.slice(-HOT) : own);
  }

  ofAnother(random: Random, tenantId: string): KnownOrder | undefined {
    return random.one(this.#orders.filter((order) => order.tenantId !== tenantId));
  }

  ofCustomer(random: Random, { tenantId, customerId }: Shopper): KnownOrder | undefined {
    return random.one(this.#of(tenantId).filter((order) => order.customerId === customerId));
  }

  /** An order of the same tenant that belongs to another customer or to a guest. */
  ofOtherCustomers(random: Random, { tenantId, customerId }: Shopper): KnownOrder | undefined {
    return random.one(this.#of(tenantId).filter((order) => order.customerId !== customerId));
  }

  #of(tenantId: string): readonly KnownOrder[] {
    return this.#orders.filter((order) => order.tenantId === tenantId);
  }
}
