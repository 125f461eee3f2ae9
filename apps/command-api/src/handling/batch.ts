import type { Instant } from '#domain/instant.js';
import type { EvolveOrder, OrderEvent } from '#domain/order/order.js';
import type { HandledCommand, Order, OrderState } from '#domain/order/state.js';
import type { EventCodec } from '#event-store/codec.js';
import type { EncodedEvent } from '#event-store/port.js';
import type { LoadedOrder } from '#event-store/order-streams.js';
import type { CommandRequest } from './command-request.js';
import { decideRequest, foldedWith, metadataOf } from './decide-request.js';

/** A batch with this many events takes no further command. One command alone may have more. */
const MOST_EVENTS = 256;

/** A command with events to store; `order` is the order after them. */
interface Storing {
  readonly kind: 'storing';
  readonly commandId: string;
  readonly events: readonly OrderEvent[];
  readonly order: Order;
}

/** What becomes of a command of a batch, provided that the order is as it was known. */
export type Verdict =
  | Storing
  /** An idempotent replay of a command whose events are stored. */
  | { readonly kind: 'replay_of_stored'; readonly handled: HandledCommand; readonly order: Order }
  /** An idempotent replay of an earlier command of the same batch. */
  | { readonly kind: 'replay_of_batch'; readonly first: Storing; readonly order: Order }
  /** A no-op. `of`: whether it was decided on the stored order, or on the order with events of the batch. */
  | { readonly kind: 'nothing'; readonly order: Order; readonly of: 'stored' | 'batch' }
  /** `isFinal`: every later state would refuse it too. */
  | { readonly kind: 'refused'; readonly error: Error; readonly isFinal: boolean }
  /** A bug of ours, met by this command alone. */
  | { readonly kind: 'failed'; readonly error: unknown };

/** Commands decided one after another, each on the order as the earlier ones leave it. */
export interface Batch {
  /** One for each of the first commands given, in order. Commands beyond these did not fit. */
  readonly verdicts: readonly Verdict[];
  /** The events of all commands in the batch, each with the metadata of its command. */
  readonly events: readonly EncodedEvent[];
  /** The order once all events are stored. */
  readonly order: OrderState;
}

/** What deciding and folding needs beside the order and the commands. */
export interface BatchContext {
  readonly now: Instant;
  readonly codec: EventCodec;
  readonly evolve: EvolveOrder;
}

/** Decides as many commands as may share an append, at least one. */
export async function decideTogether(
  known: LoadedOrder,
  requests: readonly CommandRequest[],
  context: BatchContext,
): Promise<Batch> {
  const batch = new BatchInTheMaking(known.order, context);
  for (const request of requests) {
    if (batch.events.length >= MOST_EVENTS) break;
    await batch.add(request);
  }
  return batch;
}

class BatchInTheMaking implements Batch {
  readonly verdicts: Verdict[] = [];
  readonly events: EncodedEvent[] = [];
  order: OrderState;
  readonly #stored: OrderState;
  readonly #context: BatchContext;

  constructor(stored: OrderState, context: BatchContext) {
    this.order = stored;
    this.#stored = stored;
    this.#context = context;
  }

  async add(request: CommandRequest): Promise<void> {
    try {
      this.verdicts.push(await this.#verdictOn(request));
    } catch (error) {
      this.verdicts.push({ kind: 'failed', error });
    }
  }

  async #verdictOn(request: CommandRequest): Promise<Verdict> {
    const { now, codec, evolve } = this.#context;
    const decision = decideRequest(this.order, request, now);
    switch (decision.kind) {
      case 'accepted': {
        const { events, recordedAt } = decision;
        // Folded first: events that cannot be folded must not be stored.
        const order = foldedWith(this.order, events, request, recordedAt, evolve);
        const encoded = await codec.encode(request.orderId, events, metadataOf(request, recordedAt));
        this.events.push(...encoded);
        this.order = order;
        return { kind: 'storing', commandId: request.commandId, events, order };
      }
      case 'replay':
        return this.#replay(decision.handled);
      case 'nothing':
        return {
          kind: 'nothing',
          order: decision.order,
          of: this.order === this.#stored ? 'stored' : 'batch',
        };
      case 'refused':
        return {
          kind: 'refused',
          error: decision.error,
          // Not where it was decided on events of this batch: they may never be stored.
          isFinal: decision.isFinal && this.order === this.#stored,
        };
    }
  }

  #replay(handled: HandledCommand): Verdict {
    const { commandId, firstRevision } = handled;
    const order = this.order!;
    if (firstRevision <= (this.#stored?.revision ?? -1)) return { kind: 'replay_of_stored', handled, order };
    const first = this.verdicts.find(
      (verdict): verdict is Storing => verdict.kind === 'storing' && verdict.commandId === commandId,
    );
    if (!first) throw new Error(`command ${commandId} is in no stream and in no batch`);
    return { kind: 'replay_of_batch', first, order };
  }
}
