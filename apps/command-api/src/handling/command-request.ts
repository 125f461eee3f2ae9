import type { Instant } from '#domain/instant.js';
import type { Order } from '#domain/order/state.js';
import type { OrderCommand } from '#domain/order/order.js';
import type { Actor } from '#event-store/port.js';
import type { EventIds } from './event-ids.js';

/** A command and everything that decides how it is answered. */
export interface CommandRequest {
  readonly tenantId: string;
  readonly orderId: string;
  readonly command: OrderCommand;
  /** A UUID: the same request has the same. */
  readonly commandId: string;
  /** 128 bits in hex of the canonical body: another body under the same commandId is refused. */
  readonly fingerprint: string;
  /** Whether a repetition is to be recognised: an Idempotency-Key was given. */
  readonly remembered: boolean;
  /** The revision the client has seen; null: any; `missing`: it did not say, and this deployment asks for it. */
  readonly ifMatch: number | null | 'missing';
  readonly occurredAt: Instant | null;
  readonly mayBackdate: boolean;
  /** The customer whose token asks: anybody else's order is `order_not_found`. null: staff or a service. */
  readonly ownerCustomerId: string | null;
  readonly actor: Actor;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly traceparent: string | null;
  /** Decide and fold, append nothing. */
  readonly dryRun: boolean;
}

export interface HandledEvent {
  readonly type: string;
  readonly revision: number;
  readonly ids: EventIds;
}

export interface CommandResult {
  readonly orderId: string;
  /** Of the order after it. */
  readonly revision: number;
  /**
   * In `$all`, of its last event or of a later one of the same append; null for a dry run, or where nothing happened
   * and it is not known.
   */
  readonly position: bigint | null;
  /** Empty: the order already was as asked. */
  readonly events: readonly HandledEvent[];
  /** Whether this is the answer to an earlier request, given again. */
  readonly replayed: boolean;
  /** The order after it; of a dry run, as it would be. */
  readonly order: Order;
}
