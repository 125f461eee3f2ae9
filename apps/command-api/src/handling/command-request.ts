import type { Instant } from '#domain/instant.js';
import type { Order } from '#domain/order/state.js';
import type { OrderCommand } from '#domain/order/order.js';
import type { Actor } from '#event-store/port.js';
import type { EventIds } from './event-ids.js';

/**
 * `remembered`: a repetition is recognised, as an Idempotency-Key was given. `unremembered`: a repetition is decided
 * anew. `dry_run`: the command is decided and folded, and nothing is appended.
 */
export type CommandMode = 'remembered' | 'unremembered' | 'dry_run';

/** A command and everything that decides how it is answered. */
export interface CommandRequest {
  readonly tenantId: string;
  readonly orderId: string;
  readonly command: OrderCommand;
  /** A UUID, the same for every repetition of a request. */
  readonly commandId: string;
  /** 128 bits in hex of the canonical body: another body under the same commandId is refused. */
  readonly fingerprint: string;
  readonly mode: CommandMode;
  /** The revision the client has seen; null: any; `missing`: not given, although this deployment requires it. */
  readonly ifMatch: number | null | 'missing';
  readonly occurredAt: Instant | null;
  readonly mayBackdate: boolean;
  /** The customer who asks: for anybody else's order the answer is `order_not_found`. null: staff or a service. */
  readonly ownerCustomerId: string | null;
  readonly actor: Actor;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly traceparent: string | null;
}

export interface HandledEvent {
  readonly type: string;
  readonly revision: number;
  readonly ids: EventIds;
}

export interface CommandResult {
  readonly orderId: string;
  /** The order's revision after the command. */
  readonly revision: number;
  /**
   * Position in `$all` of the command's last event, or of a later event of the same append. null for a dry run,
   * and for a no-op where the position of the order is not known.
   */
  readonly position: bigint | null;
  /** Empty for a no-op. */
  readonly events: readonly HandledEvent[];
  /** Whether this is the answer to an earlier request, given again. */
  readonly replayed: boolean;
  /** The order after the command; for a dry run, as it would be; for a replay, as it is now. */
  readonly order: Order;
}
