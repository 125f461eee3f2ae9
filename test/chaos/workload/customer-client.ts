import { setTimeout } from 'node:timers/promises';
import { instantAt } from '#domain/instant.js';
import type { OrderCommand } from '#domain/order/order.js';
import type { Order } from '#domain/order/state.js';
import { anyCommand } from '#domain/testing/any-command.js';
import { cancelOrder, requestReturn } from '#domain/testing/commands.js';
import type { Random } from '../random.js';
import { anyPlacing } from './any-order.js';
import { CommandSender, type Sender, type Sending } from './command-sender.js';
import { HttpClient, type OnAnswer } from './http-client.js';
import type { KnownOrder, KnownOrders } from './orders.js';
import { Reader } from './reader.js';
import type { Recorder } from './recorder.js';
import { Session } from './session.js';

/** A customer of one of the tenants. */
export interface Customer extends Sender {
  readonly customerId: string;
}

export interface CustomerClientOptions {
  readonly customer: Customer;
  /** Another customer of the same tenant, with the same program. */
  readonly stranger: Customer;
  /** The shop itself, with the same program. */
  readonly desk: Sender;
  readonly commandUrls: readonly string[];
  readonly queryUrls: readonly string[];
  readonly orders: KnownOrders;
  readonly recorder: Recorder;
  readonly random: Random;
}

const THINK_MS = 60;

/**
 * A customer, who looks at their own orders, cancels them and asks for returns. Now and then, the customer tries what is
 * not allowed: other commands, questions about the whole shop, and orders of others. Sometimes a stranger and the shop
 * send the same command under the same key, through the same program.
 */
export class CustomerClient {
  readonly #options: CustomerClientOptions;
  readonly #https: HttpClient[] = [];
  readonly #commands: CommandSender;
  readonly #strangers: CommandSender;
  readonly #desks: CommandSender;
  readonly #reader: Reader;
  /** The customer's orders as last shown to the customer. */
  readonly #seen = new Map<string, Order>();
  #turn = 0;

  constructor(options: CustomerClientOptions) {
    this.#options = options;
    const { customer, stranger, desk, recorder, random, commandUrls, queryUrls } = options;
    const via = { http: this.#httpOf(customer), session: new Session(), recorder, random };
    this.#commands = new CommandSender(customer, { ...via, urls: commandUrls });
    this.#reader = new Reader(customer, { ...via, urls: queryUrls });
    const [strangers, desks] = [stranger, desk].map((sender) => {
      const http = this.#httpOf(sender);
      return new CommandSender(sender, { ...via, http, session: new Session(), urls: commandUrls });
    });
    this.#strangers = strangers!;
    this.#desks = desks!;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#turn += 1;
      await this.#act(signal);
      await setTimeout(this.#options.random.below(THINK_MS));
    }
    await Promise.all(this.#https.map((http) => http.close()));
  }

  async #act(signal: AbortSignal): Promise<void> {
    const { random, orders, customer } = this.#options;
    const own = orders.ofCustomer(random, customer);
    if (own === undefined || random.chance(20)) {
      const foreign = orders.ofOtherCustomers(random, customer);
      if (foreign !== undefined) await this.#tryForeign(foreign, signal);
    } else if (random.chance(50)) await this.#change(own, signal);
    else await this.#reader.anything(own);
  }

  /** Everything must be as if there was no such order. */
  async #tryForeign(foreign: KnownOrder, signal: AbortSignal): Promise<void> {
    const { random } = this.#options;
    if (foreign.seen === null || random.chance(60)) return this.#reader.anything(foreign);
    const command = random.chance(50) ? cancelOrder() : anyReturn(foreign.seen, random);
    await this.#commands.send(this.#sending(command, foreign.orderId, foreign.seen), signal);
  }

  async #change(own: KnownOrder, signal: AbortSignal): Promise<void> {
    const { random } = this.#options;
    const order = (await this.#reader.order(own)) ?? this.#seen.get(own.orderId);
    if (order === undefined) return;
    this.#seen.set(own.orderId, order);
    const sending = this.#sending(this.#commandFor(order), own.orderId, order);
    const isCustomers = customersMay.has(sending.command.type);
    const others = isCustomers && random.chance(40) ? [this.#desks, this.#strangers] : [];
    await Promise.all([this.#commands.send(sending, signal), ...others.map((other) => other.once(sending))]);
    if (random.chance(15)) await this.#commands.once(sending);
  }

  #sending(command: OrderCommand, orderId: string, { revision }: Order): Sending {
    const { random, customer } = this.#options;
    const key = `${customer.name}-${this.#turn}`;
    const places = command.type === 'PlaceOrder';
    return {
      ...{ key, command },
      orderId: places ? this.#commands.placedOrderId(key) : orderId,
      occurredAt: random.chance(3) ? instantAt(Date.now()) : null,
      ifMatch: random.chance(20) && !places ? revision : null,
    };
  }

  #commandFor(order: Order): OrderCommand {
    const { random } = this.#options;
    if (random.chance(3)) return anyPlacing(random, `refused-${this.#turn}`);
    if (random.chance(12)) return anyCommand(order, random, this.#turn).command;
    return random.chance(order.status === 'placed' ? 25 : 4) ? cancelOrder() : anyReturn(order, random);
  }

  /** Everything that a customer is told is recorded. */
  #httpOf({ name: client, tenantId, customerId }: Sender): HttpClient {
    const { recorder } = this.#options;
    const onAnswer: OnAnswer = (asks, { status, body }) => {
      if (customerId === null) return;
      recorder.customerAnswers.push({ client, tenantId, customerId, asks, status, body });
    };
    const http = new HttpClient({ onAnswer });
    this.#https.push(http);
    return http;
  }
}

const customersMay: ReadonlySet<OrderCommand['type']> = new Set(['CancelOrder', 'RequestReturn']);

/** The return of some units, where possible of dispatched ones. */
function anyReturn({ lines }: Order, random: Random): OrderCommand {
  const line = random.one(lines.filter((each) => each.dispatched > each.inReturns)) ?? random.one(lines)!;
  return requestReturn([{ lineId: line.lineId, quantity: 1 }]);
}
