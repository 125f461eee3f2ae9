import { setTimeout } from 'node:timers/promises';
import { instantAt } from '#domain/instant.js';
import type { OrderCommand, OrderCommandType } from '#domain/order/order.js';
import type { Order } from '#domain/order/state.js';
import { orderTotals } from '#domain/order/totals.js';
import { allowedCommands } from '#domain/order/transitions.js';
import { anyCommand } from '#domain/testing/any-command.js';
import { addSurcharge, changeTags, editOrder, requestRefund } from '#domain/testing/commands.js';
import type { Random } from '../random.js';
import { anyPlacing } from './any-order.js';
import { CommandSender, type Sender, type Sending } from './command-sender.js';
import { HttpClient } from './http-client.js';
import type { KnownOrder, KnownOrders } from './orders.js';
import { Reader } from './reader.js';
import type { Recorder } from './recorder.js';
import { Session } from './session.js';

export interface ClientOptions {
  readonly sender: Sender;
  readonly commandUrls: readonly string[];
  readonly queryUrls: readonly string[];
  readonly orders: KnownOrders;
  readonly recorder: Recorder;
  readonly random: Random;
  /**
   * Whether the client also records what a payment provider did. For a tenant with a provider, the payment workers
   * do.
   */
  readonly movesMoney: boolean;
  /** Limit for the orders that a run places in all. */
  readonly maxOrders: number;
}

const THINK_MS = 20;
const NEAR_MS = 50_000;
const TAGS_PERCENT = 6;
/** Percentage of changes that are an edit of two things, where the order can be edited. */
const EDITS_PERCENT = 6;
/** Percentage of the changes of tags that are sent without a key. */
const KEYLESS_PERCENT = 60;

/** A client that places orders, sends all kinds of commands to them, and reads the results. */
export class ShopClient {
  readonly #options: ClientOptions;
  readonly #http = new HttpClient();
  readonly #commands: CommandSender;
  readonly #reader: Reader;
  #turn = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    const { sender, recorder, random, commandUrls, queryUrls } = options;
    const via = { http: this.#http, recorder, random, session: new Session() };
    this.#commands = new CommandSender(sender, { ...via, urls: commandUrls });
    this.#reader = new Reader(sender, { ...via, urls: queryUrls });
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#turn += 1;
      await this.#act(signal);
      await setTimeout(this.#options.random.below(THINK_MS));
    }
    await this.#http.close();
  }

  async #act(signal: AbortSignal): Promise<void> {
    const { random, orders, sender, maxOrders } = this.#options;
    const known = orders.one(random, sender.tenantId);
    const dice = random.below(100);
    if (known === undefined || (dice < 14 && orders.size < maxOrders)) return this.#place(signal);
    if (dice < 66) return this.#change(known, signal);
    const foreign = dice < 68 ? orders.ofAnother(random, sender.tenantId) : undefined;
    if (foreign) return this.#reader.ofAnotherTenant(foreign);
    return this.#reader.anything(known);
  }

  async #place(signal: AbortSignal): Promise<void> {
    const { random, sender, orders } = this.#options;
    const { tenantId } = sender;
    const key = this.#key();
    const reference = `ref-${key}`;
    const orderId = this.#commands.placedOrderId(key);
    const command = anyPlacing(random, reference);
    orders.add({ tenantId, orderId, reference, customerId: command.data.customerId, seen: null });
    await this.#sendSomehow({ key, command, orderId, occurredAt: this.#occurredAt(), ifMatch: null }, signal);
  }

  async #change(known: KnownOrder, signal: AbortSignal): Promise<void> {
    const { random } = this.#options;
    if (known.seen === null || random.chance(50))
      known.seen = (await this.#reader.order(known)) ?? known.seen;
    if (known.seen === null) return;
    const command = this.#commandFor(known.seen);
    if (command.type === 'EditOrder' && random.chance(15))
      return this.#commands.tryOut(command, known.orderId);
    const { revision } = known.seen;
    const sending: Sending = {
      key: command.type === 'ChangeTags' && random.chance(KEYLESS_PERCENT) ? null : this.#key(),
      command,
      orderId: known.orderId,
      occurredAt: this.#occurredAt(),
      ifMatch: random.chance(30) ? Math.max(0, revision - (random.chance(20) ? 1 : 0)) : null,
    };
    await this.#sendSomehow(sending, signal);
  }

  /**
   * Sends a command once; sometimes also twice at the same time, again later, or with another body under the same
   * key.
   */
  async #sendSomehow(sending: Sending, signal: AbortSignal): Promise<void> {
    const { random } = this.#options;
    const twice = random.chance(6) ? this.#commands.once(sending) : null;
    await Promise.all([this.#commands.send(sending, signal), twice]);
    if (random.chance(10)) await this.#commands.once(sending);
    if (random.chance(5)) await this.#commands.once({ ...sending, command: changed(sending.command) });
  }

  #commandFor(order: Order): OrderCommand {
    const { random, movesMoney } = this.#options;
    if (!movesMoney && order.payments.captures.length > 0 && random.chance(30)) {
      return inCurrencyOf(order, goodwillOf(order, random));
    }
    // A few more of the only command that may be sent without a key.
    if (random.chance(TAGS_PERCENT)) return changeTags(`tag-${random.below(3)}`);
    // A few more of the only command that makes several events.
    if (random.chance(EDITS_PERCENT) && allowedCommands(order).includes('EditOrder')) {
      return editOrder([addSurcharge(random.between(1, 99)), addSurcharge(random.between(1, 99))]);
    }
    for (;;) {
      const { command } = anyCommand(order, random, this.#turn);
      if (command.type === 'PlaceOrder' || (!movesMoney && MOVES_MONEY.has(command.type))) continue;
      return random.chance(95) ? inCurrencyOf(order, command) : command;
    }
  }

  #key(): string {
    return `${this.#options.sender.name}-${this.#turn}`;
  }

  #occurredAt(): string | null {
    const { random } = this.#options;
    return random.chance(8) ? instantAt(Date.now() + random.between(-NEAR_MS, NEAR_MS)) : null;
  }
}

const MOVES_MONEY: ReadonlySet<OrderCommandType> = new Set([
  'RecordPaymentAuthorized',
  'RecordPaymentCaptured',
  'RecordPaymentFailed',
  'RecordPaymentVoided',
  'RecordPaymentReversed',
  'RecordRefundSucceeded',
  'RecordRefundFailed',
]);

/** A goodwill refund, now and then of more than is left of the captured amount. */
function goodwillOf(order: Order, random: Random): OrderCommand {
  const { capturedMinor, refundedMinor, pendingRefundsMinor } = orderTotals(order);
  const leftMinor = capturedMinor - refundedMinor - pendingRefundsMinor;
  return requestRefund(random.between(1, Math.max(1, leftMinor)) + (random.chance(25) ? leftMinor : 0));
}

/** Commands with an amount are made in one currency, but orders are in several. */
function inCurrencyOf({ currency }: Order, command: OrderCommand): OrderCommand {
  if (!('currency' in command.data)) return command;
  return { ...command, data: { ...command.data, currency } } as OrderCommand;
}

/** The same command with another body at the same address; unchanged where no other body is possible. */
function changed(command: OrderCommand): OrderCommand {
  if (command.type === 'PlaceOrder') return { ...command, data: { ...command.data, tags: ['other'] } };
  if (command.type === 'AddNote') return { ...command, personal: { text: 'another note' } };
  if (command.type === 'ChangeTags') return { ...command, data: { tags: ['other'] } };
  if (command.type !== 'RecordPaymentCaptured') return command;
  return { ...command, data: { ...command.data, amountMinor: command.data.amountMinor + 1 } };
}
