import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { OrderCommand } from '#domain/order/order.js';
import { etagOf } from '#platform/http/etag.js';
import { encodeOrderPosition } from '#platform/order-position.js';
import { documentOf, forCustomer } from '#read-models/order-document.js';
import { ProblemError } from '#platform/problems/problems.js';
import type { CommandMode, CommandResult } from '../handling/command-request.js';
import type { CommandBody } from '../orders/common.dto.js';
import type { Asked } from '../request/asked.js';
import { fingerprintOf, placedOrderIdOf } from '../request/idempotency.js';
import type { CommandAnswer } from './answer.dto.js';
import { CommandOptions } from './command-options.js';
import { ExecuteOrderCommand } from './execute-order-command.js';

/** What a controller knows about its command. */
export interface Dispatch {
  readonly asked: Asked;
  readonly orderId: string;
  readonly body: CommandBody;
  readonly command: OrderCommand;
}

/** Sends a request's command to the command bus, and turns the result into the answer and its headers. */
@Injectable()
export class OrderDispatcher {
  readonly #bus: CommandBus;
  readonly #options: CommandOptions;

  constructor(bus: CommandBus, options: CommandOptions) {
    this.#bus = bus;
    this.#options = options;
  }

  /** @param commandOf makes the placing command, given the new order's id */
  async place(
    asked: Asked,
    body: CommandBody,
    commandOf: (orderId: string) => OrderCommand,
  ): Promise<CommandAnswer> {
    if (asked.ifMatch !== null) {
      throw new ProblemError('malformed_request', {
        detail: 'If-Match cannot be used here: the order does not exist yet.',
      });
    }
    if (asked.dryRun) {
      const orderId = randomUUID(); // of no order: there is none that could refuse to be placed again
      asked.reply.status(200);
      return this.#dryRun({ asked, body, orderId, command: commandOf(orderId) });
    }
    const commandId = requiredCommandId(asked);
    const orderId = placedOrderIdOf(commandId);
    const store = await this.#options.storeMark();
    const dispatch = { asked, body, orderId, command: commandOf(orderId) };
    const result = await this.#execute(dispatch, commandId, 'remembered');
    asked.reply.header('location', `${this.#options.queryBaseUrl}/v1/orders/${orderId}`);
    return this.#answer(asked, result, store);
  }

  async change(dispatch: Dispatch): Promise<CommandAnswer> {
    const { asked } = dispatch;
    if (asked.dryRun) return this.#dryRun(dispatch);
    // A PUT gives the whole new state, so sending it twice is harmless even without a key.
    const commandId = asked.method === 'PUT' ? asked.commandId : requiredCommandId(asked);
    const mode = commandId === null ? 'unremembered' : 'remembered';
    const store = await this.#options.storeMark();
    const result = await this.#execute(dispatch, commandId ?? randomUUID(), mode);
    return this.#answer(asked, result, store);
  }

  /** What the command would do now. Nothing is written or remembered, so a key has no meaning here. */
  async #dryRun(dispatch: Dispatch): Promise<CommandAnswer> {
    const { principal, reply } = dispatch.asked;
    const result = await this.#execute(dispatch, randomUUID(), 'dry_run');
    const { orderId, revision, events } = result;
    const revisionNow = revision - events.length;
    if (revisionNow >= 0) reply.header('etag', etagOf(revisionNow));
    const answer = { orderId, revision, events, dryRun: true } as const;
    // Who may only write is told the events alone, unless all of the order came with the request.
    const isOwn = dispatch.command.type === 'PlaceOrder';
    if (!isOwn && !principal.scopes.has('orders:read')) return answer;
    const document = documentOf(result.order);
    return { ...answer, order: principal.customerId === null ? document : forCustomer(document) };
  }

  #execute(
    { asked, orderId, body, command }: Dispatch,
    commandId: string,
    mode: CommandMode,
  ): Promise<CommandResult> {
    const { principal } = asked;
    if (principal.customerId !== null && body.occurredAt !== null) {
      throw new ProblemError('forbidden', { detail: "occurredAt cannot be given with a customer's token." });
    }
    return this.#bus.execute(
      new ExecuteOrderCommand({
        tenantId: principal.tenantId,
        orderId,
        command,
        commandId,
        fingerprint: fingerprintOf(body),
        mode,
        ifMatch: this.#ifMatch(asked, command, mode),
        occurredAt: body.occurredAt,
        mayBackdate: principal.scopes.has('orders:admin'),
        ownerCustomerId: principal.customerId,
        actor: asked.actor,
        correlationId: asked.correlationId,
        causationId: asked.causationId,
        traceparent: asked.traceparent,
      }),
    );
  }

  // Whether If-Match is missing is decided where the order is known: a repeated command is answered without it.
  #ifMatch({ ifMatch }: Asked, command: OrderCommand, mode: CommandMode): number | null | 'missing' {
    if (ifMatch === 'any') return null;
    if (ifMatch !== null || mode === 'dry_run' || command.type === 'PlaceOrder') return ifMatch;
    return this.#options.requireIfMatch ? 'missing' : null;
  }

  #answer({ reply }: Asked, result: CommandResult, store: string): CommandAnswer {
    const { orderId, revision, position, events, replayed } = result;
    reply.header('etag', etagOf(revision));
    if (position !== null) {
      reply.header('order-position', encodeOrderPosition({ position, store, orderId, revision }));
    }
    if (replayed) reply.header('idempotent-replayed', 'true');
    return { orderId, revision, events };
  }
}

function requiredCommandId({ commandId }: Asked): string {
  if (commandId === null) throw new ProblemError('idempotency_key_missing');
  return commandId;
}
