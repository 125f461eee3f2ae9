import { randomUUID } from 'node:crypto';
import { decide, type OrderCommand } from '#domain/order/order.js';
import type { Order } from '#domain/order/state.js';
import { instantAt, type Instant } from '#domain/instant.js';
import { anyCommand } from '#domain/testing/any-command.js';
import { fold } from '#event-store/order-streams.js';
import type { StoredOrderEvent } from '#event-store/port.js';
import { commandIdOf, placedOrderIdOf } from '../../apps/command-api/src/request/idempotency.js';
import type { Random } from '../chaos/random.js';
import { asRead, requestOf } from '../chaos/workload/command-requests.js';
import type { TestCommandApi } from './command-api.js';
import type { Exchange, ExchangeAnswer } from './serial-order.js';

const TENANT = 'default';
const STRANGER = 'nobody-s-customer';
const CLIENT = 'orderctl';
const HOUR_MS = 60 * 60 * 1_000;

export interface ConcurrencyOptions {
  readonly clients: number;
  /** Whether a client has sent enough commands. @param commands how many it has sent */
  readonly isEnough: (commands: number) => boolean;
  readonly random: Random;
  /** The events of an order in the store at the time of the call. */
  readonly eventsOf: (orderId: string) => Promise<readonly StoredOrderEvent[]>;
}

/** A request that can be sent again. */
interface Asking {
  readonly key: string | null;
  readonly command: OrderCommand;
  readonly occurredAt: Instant | null;
  readonly ifMatch: number | null;
  readonly isStranger: boolean;
}

/**
 * Clients that send all kinds of requests to one order at the same time, each request to any process. Most of them
 * can be done and some are refused; some are repeated by another client, and some use another request's key. All
 * clients first place the order, which is placed once.
 */
export class ConcurrentCommands {
  readonly exchanges: Exchange[] = [];
  readonly orderId: string;
  /** May change while the clients run. */
  readonly #apis: readonly TestCommandApi[];
  readonly #options: ConcurrencyOptions;
  readonly #placingKey: string;
  readonly #asked: Asking[] = [];
  /** One for each request that is not answered yet. */
  readonly #underWay = new Map<symbol, TestCommandApi>();

  constructor(apis: readonly TestCommandApi[], options: ConcurrencyOptions) {
    this.#apis = apis;
    this.#options = options;
    this.#placingKey = randomUUID();
    this.orderId = placedOrderIdOf(commandIdFor('POST', '/v1/orders', this.#placingKey, false));
  }

  async run(): Promise<void> {
    const { clients, random } = this.#options;
    const command = anyPlacing(random.fork('placing'));
    const placing = { key: this.#placingKey, command, occurredAt: null, ifMatch: null, isStranger: false };
    const all = Array.from({ length: clients }, (_, n) => this.#client(random.fork(`client ${n}`), placing));
    await Promise.all(all);
  }

  /** Whether it was sent something that it has not answered yet. */
  isAsking(api: TestCommandApi): boolean {
    return [...this.#underWay.values()].includes(api);
  }

  async #client(random: Random, placing: Asking): Promise<void> {
    await this.#send(placing, random);
    for (let turn = 0; !this.#options.isEnough(turn); turn++) {
      const again = random.chance(12) ? random.one(this.#asked) : undefined;
      const asking = again ? repeated(again, random) : await this.#anything(random, turn);
      this.#asked.push(asking);
      await this.#send(asking, random);
    }
  }

  /**
   * A request made for the order as it was just now. By the time it is decided, the other clients have changed the
   * order.
   */
  async #anything(random: Random, turn: number): Promise<Asking> {
    const order = fold(null, await this.#options.eventsOf(this.orderId));
    if (order === null) throw new Error(`order ${this.orderId} was placed, and is not there`);
    const command = anyChange(order, random, turn);
    const isStranger = random.chance(5);
    if (isStranger) {
      const cancelling: OrderCommand = { type: 'CancelOrder', data: { reason: null }, personal: null };
      return { key: randomUUID(), command: cancelling, occurredAt: null, ifMatch: null, isStranger };
    }
    return {
      key: command.type === 'ChangeTags' && random.chance(50) ? null : randomUUID(),
      command,
      occurredAt: anyTime(random),
      ifMatch: random.chance(20) ? anyRevision(order, random) : null,
      isStranger,
    };
  }

  /**
   * Sends a request until its outcome is known. Without a key, the outcome of a failed attempt cannot be found
   * out.
   */
  async #send(asking: Asking, random: Random): Promise<void> {
    while ((await this.#sendOnce(asking, random)) === null && asking.key !== null);
  }

  async #sendOnce(
    { key, command, occurredAt, ifMatch, isStranger }: Asking,
    random: Random,
  ): Promise<ExchangeAnswer | null> {
    const { orderId } = this;
    const api = random.one(this.#apis)!;
    const { method, path, body } = requestOf(command, orderId);
    const sentAtMs = performance.now();
    const sending = {
      method,
      key,
      body: { ...body, ...(occurredAt === null ? {} : { occurredAt }) },
      headers: ifMatch === null ? {} : { 'if-match': `"${ifMatch}"` },
      ...(isStranger ? { token: await api.token({ customer: STRANGER, scopes: ['orders:write'] }) } : {}),
    };
    const request = Symbol();
    this.#underWay.set(request, api);
    const answer = await answerOf(api.send(path, sending));
    this.#underWay.delete(request);
    this.exchanges.push({
      ...{ sentAtMs, answeredAtMs: performance.now(), occurredAt, ifMatch, isStranger, answer },
      commandId: key === null ? null : commandIdFor(method, path, key, isStranger),
      command: asRead(command, { tenantId: TENANT, orderId }),
    });
    return answer;
  }
}

/** A placing that is accepted: the other requests need an order. */
function anyPlacing(random: Random): OrderCommand {
  for (;;) {
    const { command, context } = anyCommand(null, random, 0);
    if (decide(null, command, context).accepted) return command;
  }
}

/** Any command but PlaceOrder, which would place another order under its new key. */
function anyChange(order: Order, random: Random, turn: number): OrderCommand {
  for (;;) {
    const { command } = anyCommand(order, random, turn);
    if (command.type !== 'PlaceOrder') return command;
  }
}

/** The same request, or another one under the same key. */
function repeated(asking: Asking, random: Random): Asking {
  const { command } = asking;
  if (command.type !== 'AddNote' || random.chance(70)) return asking;
  return { ...asking, command: { ...command, personal: { text: `${command.personal.text}, or not` } } };
}

function anyTime(random: Random): Instant | null {
  if (!random.chance(15)) return null;
  return instantAt(Date.now() - (random.chance(30) ? HOUR_MS : random.below(2_000)));
}

function anyRevision(order: Order, random: Random): number {
  return Math.max(0, order.revision - (random.chance(20) ? 1 : 0));
}

function commandIdFor(method: string, path: string, key: string, isStranger: boolean): string {
  const sender = { tenantId: TENANT, customerId: isStranger ? STRANGER : null, clientId: CLIENT };
  return commandIdOf(sender, method, path, key);
}

/** Returns null when the outcome is not known. */
async function answerOf(sent: ReturnType<TestCommandApi['send']>): Promise<ExchangeAnswer | null> {
  try {
    const { status, headers, body } = await sent;
    if (status === 503) return null;
    return { status, body, replayed: headers.get('idempotent-replayed') === 'true' };
  } catch {
    return null; // the connection broke
  }
}
