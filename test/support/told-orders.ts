import type { OrderCommand } from '#domain/order/order.js';
import type { EventStore } from '#event-store/port.js';
import { place, WrittenOrder } from './order-streams.js';

export interface Buyer {
  /** null: a guest. */
  readonly customerId: string | null;
  readonly name?: string | null;
  readonly email: string | null;
  readonly phone?: string | null;
}

/** Places an order of the buyer. */
export async function placedBy(store: EventStore, buyer: Buyer): Promise<WrittenOrder> {
  const order = new WrittenOrder(store);
  await order.does(placedCommand(order, buyer));
  return order;
}

export function placedCommand(order: WrittenOrder, { customerId, name, email, phone }: Buyer): OrderCommand {
  const command = place(order, 2, { customerId });
  const contact = { name: name ?? null, email, phone: phone ?? null };
  return { ...command, personal: { ...command.personal, contact } };
}
