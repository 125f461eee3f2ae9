import { v5 as uuidV5 } from 'uuid';
import type { Instant } from '#domain/instant.js';
import { decide, type OrderCommand } from '#domain/order/order.js';
import type { OrderState } from '#domain/order/state.js';
import { fold } from '#event-store/order-streams.js';
import type { StoredOrderEvent } from '#event-store/port.js';
import { problems, type ProblemCode } from '#platform/problems/problems.js';
import { eventIds } from '../../apps/command-api/src/handling/event-ids.js';
import { textOf } from '../chaos/checker/equal.js';
import { isDecision } from '../chaos/checker/streams.check.js';

/** A command that loses against others for so long is refused, and has changed nothing. */
const GIVES_UP_AFTER_MS = 5_000;

/** One request to an order and its answer, as the client saw them. */
export interface Exchange {
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
  /** Derived from its key; null: it had none. */
  readonly commandId: string | null;
  readonly command: OrderCommand;
  readonly occurredAt: Instant | null;
  readonly ifMatch: number | null;
  /** Whether the request came from a customer who has no such order. */
  readonly isStranger: boolean;
  /** null: no answer came, or the outcome is unknown. */
  readonly answer: ExchangeAnswer | null;
}

export interface ExchangeAnswer {
  readonly status: number;
  readonly replayed: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The events of one command, as they stand in the stream. */
interface Block {
  readonly commandId: string;
  readonly first: number;
  readonly events: StoredOrderEvent[];
  readonly askedBy: Exchange[];
}

/** How many events the stream may have had when a command took effect. */
interface Within {
  readonly least: number;
  readonly most: number;
}

/**
 * Whether these answers and events could come from one command after another, each at some moment between its
 * request and its answer (M. Herlihy and J. Wing, "Linearizability: A Correctness Condition for Concurrent
 * Objects", 1990). The stream gives the order of the commands; the domain alone gives the result of each.
 *
 * @returns the contradictions, as sentences; none where such an order exists
 */
export function contradictions(
  exchanges: readonly Exchange[],
  events: readonly StoredOrderEvent[],
): readonly string[] {
  const order = new SerialOrder(exchanges, events);
  return [...order.wrongBlocks(), ...order.wrongAnswers()];
}

class SerialOrder {
  readonly #exchanges: readonly Exchange[];
  readonly #events: readonly StoredOrderEvent[];
  /** By number of events. */
  readonly #states: OrderState[] = [null];
  readonly #blocks: Block[] = [];
  readonly #blockOf = new Map<string, Block>();

  constructor(exchanges: readonly Exchange[], events: readonly StoredOrderEvent[]) {
    this.#exchanges = exchanges;
    this.#events = events;
    events.forEach((event, first) => {
      const { commandId } = event.metadata;
      this.#states.push(fold(this.#states.at(-1)!, [event]));
      const last = this.#blocks.at(-1);
      if (last?.commandId === commandId) return void last.events.push(event);
      const block = { commandId, first, events: [event], askedBy: [] };
      this.#blocks.push(block);
      this.#blockOf.set(commandId, block);
    });
    for (const exchange of exchanges) this.#blockFor(exchange)?.askedBy.push(exchange);
    // A killed process may have stored events without answering. A command without a key is not sent again, so nothing
    // but its content tells that the events are its own.
    const untold = exchanges.filter(({ commandId, answer }) => commandId === null && answer === null);
    for (const block of this.#blocks.filter(({ askedBy }) => askedBy.length === 0)) {
      block.askedBy.push(...untold.filter((exchange) => this.#mayHaveLeft(block, exchange)));
    }
  }

  /** Each block must equal the decision, at its place, for a command that was asked for and not refused. */
  *wrongBlocks(): Generator<string> {
    for (const block of this.#blocks) {
      const { commandId, first, events, askedBy } = block;
      const about = `events ${first} to ${first + events.length - 1}`;
      if (this.#blockOf.get(commandId) !== block) yield `${about}: of a command that has others elsewhere`;
      if (askedBy.length === 0) yield `${about}: nobody asked for them`;
      else if (!askedBy.some((each) => this.#isOf(block, each))) {
        yield `${about}: not what is decided for ${askedBy[0]!.command.type}`;
      } else if (askedBy.every(({ answer }) => answer !== null && answer.status >= 400)) {
        yield `${about}: left by ${askedBy[0]!.command.type}, which was refused`;
      }
    }
  }

  *wrongAnswers(): Generator<string> {
    for (const exchange of this.#exchanges) {
      const { command, answer } = exchange;
      const why = answer && this.#whyNot(exchange, answer);
      if (why !== null) yield `${command.type}: ${why}, but the answer is ${JSON.stringify(answer)}`;
    }
  }

  #whyNot(exchange: Exchange, answer: ExchangeAnswer): string | null {
    if (answer.status === 400) return null; // it could not even be parsed
    if (answer.status > 400) return this.#whyNotRefused(exchange, answer);
    const events = answer.body['events'] as readonly unknown[];
    const count = (answer.body['revision'] as number) + 1;
    const { least, most } = this.#within(exchange);
    if (events.length === 0) {
      if (count < least || count > most) return `there were ${least} to ${most} events`;
      const decision = this.#decided(count, exchange);
      return decision.accepted && decision.events.length === 0 ? null : 'there was something to do';
    }
    const block = this.#blockFor(exchange);
    if (!block || !this.#isOf(block, exchange)) return 'there are no events of it';
    const expected = { count: block.first + block.events.length, events: answeredEvents(block) };
    if (textOf({ count, events }) !== textOf(expected)) return `it left ${textOf(expected)}`;
    if (count > most) return `there were ${most} events at most`;
    if (answer.replayed) return null;
    const { ifMatch } = exchange;
    if (block.first < least) return `there were ${least} events when it was sent`;
    return ifMatch === null || ifMatch === block.first - 1 ? null : `it was done on ${block.first - 1}`;
  }

  #whyNotRefused(exchange: Exchange, { status, body }: ExchangeAnswer): string | null {
    if (body['code'] === 'conflict_retry_exhausted') {
      const tookMs = exchange.answeredAtMs - exchange.sentAtMs;
      return tookMs >= GIVES_UP_AFTER_MS ? null : `it had only been tried for ${tookMs} ms`;
    }
    const told = textOf({ status, code: body['code'], details: detailsIn(body) });
    const { least, most } = this.#within(exchange);
    const others = new Set<string>();
    for (let count = least; count <= most; count++) {
      const refusal = this.#refusal(count, exchange);
      const expected = refusal && textOf({ status: problems[refusal.code].status, ...refusal });
      if (expected === told) return null;
      others.add(expected ?? 'done');
    }
    return `with ${least} to ${most} events it is ${[...others].join(' or ')}`;
  }

  /** Checked in this order: ownership, a repetition, If-Match, the decision. null: the command is done. */
  #refusal(count: number, exchange: Exchange): { code: ProblemCode; details: object } | null {
    const { isStranger, ifMatch } = exchange;
    if (count > 0) {
      if (isStranger) return { code: 'order_not_found', details: {} };
      const block = this.#blockFor(exchange);
      if (block && block.first < count) {
        return this.#isOf(block, exchange) ? null : { code: 'idempotency_key_reused', details: {} };
      }
      if (ifMatch !== null && ifMatch !== count - 1) {
        return { code: 'precondition_failed', details: { revision: count - 1 } };
      }
    }
    const decision = this.#decided(count, exchange);
    return decision.accepted ? null : decision.rejection;
  }

  #decided(count: number, { command, commandId, occurredAt }: Exchange) {
    const order = this.#states[count]!;
    return decide(order, command, {
      now: order?.lastOccurredAt ?? this.#events[0]!.occurredAt,
      occurredAt,
      mayBackdate: true,
      newId: (index) => uuidV5(String(index), commandId ?? NO_COMMAND),
    });
  }

  #isOf({ commandId, first, events }: Block, { command, occurredAt, isStranger }: Exchange): boolean {
    return !isStranger && isDecision(this.#states[first]!, { command, commandId, occurredAt }, events);
  }

  #mayHaveLeft(block: Block, exchange: Exchange): boolean {
    const { ifMatch } = exchange;
    return (ifMatch === null || ifMatch === block.first - 1) && this.#isOf(block, exchange);
  }

  /** For a command without a key, only the answer tells which events it made. */
  #blockFor({ commandId, answer }: Exchange): Block | undefined {
    if (commandId !== null) return this.#blockOf.get(commandId);
    const told = answer?.body as { revision?: number; events?: readonly unknown[] } | undefined;
    if (!told?.events?.length) return undefined;
    return this.#blocks.find(({ first, events }) => first + events.length - 1 === told.revision);
  }

  /**
   * At least as many events as an earlier answer had told of when the request was sent; at most those before the
   * first event that was asked for after the answer.
   */
  #within({ sentAtMs, answeredAtMs }: Exchange): Within {
    const told = this.#exchanges.filter(
      ({ answer, answeredAtMs: at }) => answer !== null && answer.status < 300 && at <= sentAtMs,
    );
    const later = this.#blocks.find(({ askedBy }) => askedBy.every(({ sentAtMs: at }) => at > answeredAtMs));
    return {
      least: Math.max(0, ...told.map(({ answer }) => (answer!.body['revision'] as number) + 1)),
      most: later?.first ?? this.#events.length,
    };
  }
}

/** The name of no command that creates anything. */
const NO_COMMAND = '00000000-0000-0000-0000-000000000000';

function answeredEvents({ first, events }: Block): readonly object[] {
  return events.map((event, index) => ({
    type: event.type,
    revision: first + index,
    ids: eventIds(event),
  }));
}

function detailsIn({ details, allowedCommands }: Readonly<Record<string, unknown>>): object {
  return {
    ...(details as object | undefined),
    ...(allowedCommands === undefined ? {} : { allowedCommands }),
  };
}
